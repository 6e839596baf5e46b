import { Fault, invalidSpec } from '#domain/fault';
import { parseDrive } from '#pve/codec/drive';
import { isAtLeast } from '#pve/rules/versions';
import { bootStorage, imageSuffix } from '../drives.ts';
import { type Facet, optionChanges } from '../facet.ts';
import type { Have, Wish } from '../wish.ts';

const GUARD = 'class_json.SecurityProfile';
const VERSIONS: Readonly<Record<string, string>> = { '2': 'v2.0', '2.0': 'v2.0', '1.2': 'v1.2' };

/** A TPM with its state beside the boot disk. One that is there keeps its state, and with it its version. */
export const tpm: Facet = {
  name: 'tpm',
  live: [
    { change: 'a TPM that was not there', live: 'restart' },
    { change: 'the version of a TPM', live: 'refused' },
  ],
  diff: (wish, have) => {
    if (wish.spec.size.security.tpm !== true) return {};
    requireTpm(wish);
    const version = tpmVersion(wish);
    const present = have.values['tpmstate0'];
    if (present !== undefined) {
      const has = parseDrive(present)?.rest?.['version'] ?? 'v1.2';
      if (wish.spec.size.security.tpmVersion === undefined || has === version) return {};
      const why = `${have.inUse === undefined ? 'the template' : 'the VM'} has a TPM ${has}, whose state cannot become ${version}`;
      throw invalidSpec(`${GUARD}.TPMVersion`, why, 'Leave it out, or use another template');
    }
    return optionChanges(have, { tpmstate0: newState(wish, have, version) });
  },
};

function requireTpm({ site }: Wish): void {
  if (isAtLeast(site.version, 7, 1)) return;
  throw new Fault('unsupported', {
    subject: `${GUARD}.TPMEnabled`,
    why: `PVE ${site.version.text} has no TPM`,
    remedy: 'Leave it out, or upgrade PVE to 7.1 or later',
  });
}

function tpmVersion({ spec }: Wish): string {
  const said = (spec.size.security.tpmVersion ?? '2').replace(/^v/i, '');
  const version = VERSIONS[said];
  if (version !== undefined) return version;
  throw invalidSpec(`${GUARD}.TPMVersion`, `"${said}" is not a version of a TPM`, 'Use 2 or 1.2');
}

/** In the format of the boot disk where PVE takes one: a raw file beside a qcow2 would keep the VM from snapshots. */
function newState({ site }: Wish, have: Have, version: string): string {
  const storage = bootStorage(have.values);
  if (storage === undefined) {
    const why = 'the VM has no disk beside which its TPM could keep its state';
    throw invalidSpec(`${GUARD}.TPMEnabled`, why, 'Use another template');
  }
  const format = imageSuffix(have.values) === 'qcow2' && isAtLeast(site.version, 9, 1) ? ',format=qcow2' : '';
  return `${storage}:1${format},version=${version}`;
}
