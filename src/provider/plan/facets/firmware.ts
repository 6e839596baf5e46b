import { invalidSpec } from '#domain/fault';
import { bootStorage } from '../drives.ts';
import { type Change, type Facet, optionChanges } from '../facet.ts';
import type { Have } from '../wish.ts';

/**
 * UEFI where the class asks for it. A class that says BIOS may have said nothing at all (the manager's default), so a
 * UEFI template keeps its firmware. A guest that was installed for BIOS may not boot under UEFI: that is told.
 */
export const firmware: Facet = {
  name: 'firmware',
  diff: ({ spec }, have) => {
    if (spec.size.firmware !== 'uefi') return {};
    const wasBios = have.values['bios'] !== 'ovmf';
    const change = optionChanges(have, { bios: 'ovmf', ...efiDisk(have) });
    const warnings: Change = wasBios ? { warnings: ['bios-to-uefi'] } : {};
    return { ...change, ...warnings };
  },
};

/**
 * Where UEFI keeps its variables, beside the boot disk. Without Microsoft's keys: with them Secure Boot would be on,
 * which is a wish of its own. The number is ignored by PVE (pve-behaviour 9.2).
 */
function efiDisk(have: Have): Record<string, string> {
  if (have.values['efidisk0'] !== undefined) return {};
  const storage = bootStorage(have.values);
  if (storage === undefined)
    throw invalidSpec(
      'class_json.Firmware',
      'the template has no disk beside which UEFI could keep its variables',
      'Use another template',
    );
  return { efidisk0: `${storage}:1,efitype=4m,pre-enrolled-keys=0` };
}
