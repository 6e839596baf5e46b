import { Fault, invalidSpec } from '#domain/fault';
import { formatMachine, isQ35, type Machine, parseMachine } from '#pve/codec/machine';
import { isAtLeast } from '#pve/rules/versions';
import { type Facet, optionChanges } from '../facet.ts';
import { isOlderMachine } from '../machine-version.ts';
import type { Have, Wish } from '../wish.ts';

const VTD = 'class_json.SecurityProfile.VTDEnabled';

/**
 * The machine type of the class. A versioned type of the template stays where the class names its family only. An IOMMU
 * for the guest is part of the option, and of a q35 alone.
 */
export const machine: Facet = {
  name: 'machine',
  live: [
    { change: 'the version of the machine type', live: 'restart', note: 'only where the class names one' },
    { change: 'an older version of it', live: 'kept', note: 'a guest may not know the older one' },
    { change: 'a q35 instead of a pc, or a pc instead of a q35', live: 'refused' },
    { change: 'an IOMMU (`VTDEnabled`)', live: 'restart' },
  ],
  diff: (wish, have) => {
    const present = presentMachine(have);
    const type = machineType(wish, have);
    if (wish.spec.size.security.vtd !== true) {
      return type === present.type ? {} : optionChanges(have, { machine: formatMachine({ ...present, type }) });
    }
    requireVtd(wish, type);
    if (type === present.type && present.rest?.['viommu'] === 'intel') return {};
    return optionChanges(have, { machine: formatMachine({ type, rest: { ...present.rest, viommu: 'intel' } }) });
  },
};

/** The type the VM is to have. */
function machineType({ spec }: Wish, have: Have): string {
  const present = presentMachine(have);
  const wanted = spec.size.machine;
  if (wanted === undefined) return present.type;
  const parsed = parseMachine(wanted);
  if (parsed === undefined) {
    throw invalidSpec(
      'class_json.Machine',
      `"${wanted}" is not a machine type of PVE`,
      'Use "q35", "pc" or a versioned one such as "pc-q35-9.0"',
    );
  }
  if (have.inUse !== undefined && isQ35(present) !== isQ35(parsed)) {
    throw invalidSpec(
      'class_json.Machine',
      `the VM is a ${present.type}, and its guest would find other hardware in a ${wanted}`,
      'Leave it out, or create the VM anew',
    );
  }
  if (isFamily(wanted) && isQ35(present) === isQ35(parsed)) return present.type;
  return have.inUse !== undefined && isOlderMachine(wanted, present.type) ? present.type : wanted;
}

function requireVtd({ site }: Wish, type: string): void {
  if (!isQ35({ type })) {
    throw invalidSpec(VTD, `an IOMMU needs a q35, and the VM is a ${type}`, 'Set Machine to q35, or leave it out');
  }
  if (isAtLeast(site.version, 8, 1)) return;
  throw new Fault('unsupported', {
    subject: VTD,
    why: `PVE ${site.version.text} has no IOMMU for guests`,
    remedy: 'Leave it out, or upgrade PVE to 8.1 or later',
  });
}

function isFamily(type: string): boolean {
  return type === 'q35' || type === 'pc';
}

/** A VM without the option is a `pc`. */
export function presentMachine(have: Have): Machine {
  return parseMachine(have.values['machine'] ?? 'pc') ?? { type: 'pc' };
}
