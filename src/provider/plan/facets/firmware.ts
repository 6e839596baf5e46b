import { Fault, invalidSpec } from '#domain/fault';
import { parseDrive } from '#pve/codec/drive';
import { isAtLeast } from '#pve/rules/versions';
import { bootStorage, imageSuffix } from '../drives.ts';
import { type Change, type Facet, optionChanges } from '../facet.ts';
import type { Have, Wish } from '../wish.ts';

const SECURE_BOOT = 'class_json.SecurityProfile.SecureBoot';

/**
 * UEFI where the class asks for it. A class that says BIOS may have said nothing at all (the manager's default), so a
 * UEFI template keeps its firmware. A guest that was installed for BIOS may not boot under UEFI: that is told.
 */
export const firmware: Facet = {
  name: 'firmware',
  live: [{ change: 'UEFI instead of BIOS, Secure Boot', live: 'refused', note: 'the other way round it is kept' }],
  diff: (wish, have) => {
    const isUefi = have.values['bios'] === 'ovmf';
    if (have.inUse !== undefined) {
      refuseOtherFirmware(wish, have, isUefi);
      return {};
    }
    if (wish.spec.size.firmware !== 'uefi' && !isUefi) {
      if (isSecure(wish)) throw needsUefi();
      return {};
    }
    if (wish.spec.size.firmware !== 'uefi' && !isSecure(wish)) return {};
    const told: Change = isUefi || wish.spec.image.kind !== 'template' ? {} : { warnings: ['bios-to-uefi'] };
    return merged(optionChanges(have, { bios: 'ovmf' }), efiDisk(wish, have), told);
  },
};

const isSecure = ({ spec }: Wish): boolean => spec.size.security.secureBoot === true;

/** What is installed boots by the firmware it was installed under. */
function refuseOtherFirmware(wish: Wish, have: Have, isUefi: boolean): void {
  if (wish.spec.size.firmware === 'uefi' && !isUefi) {
    const why = 'the VM has BIOS, under which its system was installed';
    throw invalidSpec('class_json.Firmware', why, 'Set it to BIOS, or create the VM anew');
  }
  if (!isSecure(wish) || hasKeys(have.values['efidisk0'] ?? '')) return;
  const why = 'the UEFI variables of the VM have no keys for it, and with new ones its boot entries would be lost';
  throw invalidSpec(SECURE_BOOT, why, 'Leave it out, or create the VM anew');
}

function needsUefi(): Fault {
  const why = 'it is done by UEFI, and class and template have BIOS';
  return invalidSpec(SECURE_BOOT, why, 'Set Firmware to UEFI, or leave it out');
}

/** Where UEFI keeps its variables, the keys of Secure Boot among them. */
function efiDisk(wish: Wish, have: Have): Change {
  const present = have.values['efidisk0'];
  if (isSecure(wish)) requireKeys(wish);
  if (present === undefined) return { set: { efidisk0: newEfiDisk(wish, have) } };
  if (!isSecure(wish) || hasKeys(present)) return {};
  // Keys cannot be put into one that is there. What is lost with it are boot entries: the copy has never run.
  return { destroy: ['efidisk0'], set: { efidisk0: newEfiDisk(wish, have) }, warnings: ['efi-renewed'] };
}

function hasKeys(efiDisk: string): boolean {
  return parseDrive(efiDisk)?.rest?.['pre-enrolled-keys'] === '1';
}

/** `efitype` and the keys came with 7.1. */
const KEYS_SINCE = [7, 1] as const;

function requireKeys({ site }: Wish): void {
  if (isAtLeast(site.version, ...KEYS_SINCE)) return;
  throw new Fault('unsupported', {
    subject: SECURE_BOOT,
    why: `PVE ${site.version.text} has no Secure Boot`,
    remedy: 'Leave it out, or upgrade PVE to 7.1 or later',
  });
}

/**
 * Beside the boot disk, and in its format: a raw file beside a qcow2 would keep the VM from snapshots. Microsoft's keys
 * are in it only for Secure Boot, which is on with them; PVE takes the current ones by itself (recording one-node/41).
 * The size is PVE's own, whatever the number (pve-behaviour 9.2).
 */
function newEfiDisk(wish: Wish, have: Have): string {
  const storage = bootStorage(have.values);
  if (storage === undefined)
    throw invalidSpec(
      'class_json.Firmware',
      'the template has no disk beside which UEFI could keep its variables',
      'Use another template',
    );
  const format = imageSuffix(have.values) === 'qcow2' ? ',format=qcow2' : '';
  const keys = isAtLeast(wish.site.version, ...KEYS_SINCE)
    ? `,efitype=4m${format},pre-enrolled-keys=${isSecure(wish) ? 1 : 0}`
    : format;
  return `${storage}:1${keys}`;
}

function merged(...changes: readonly Change[]): Change {
  return {
    set: Object.assign({}, ...changes.map((change) => change.set ?? {})) as Record<string, string>,
    destroy: changes.flatMap((change) => change.destroy ?? []),
    warnings: changes.flatMap((change) => change.warnings ?? []),
  };
}
