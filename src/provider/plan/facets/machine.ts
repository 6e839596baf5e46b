import { invalidSpec } from '#domain/fault';
import { formatMachine, isQ35, type Machine, parseMachine } from '#pve/codec/machine';
import { type Facet, optionChanges } from '../facet.ts';
import type { Have } from '../wish.ts';

/** The machine type of the class. A versioned type of the template stays where the class names its family only. */
export const machine: Facet = {
  name: 'machine',
  diff: ({ spec }, have) => {
    const wanted = spec.size.machine;
    if (wanted === undefined) return {};
    const parsed = parseMachine(wanted);
    if (parsed === undefined) {
      throw invalidSpec(
        'class_json.Machine',
        `"${wanted}" is not a machine type of PVE`,
        'Use "q35", "pc" or a versioned one such as "pc-q35-9.0"',
      );
    }
    const present = presentMachine(have);
    if (wanted === present.type || (isFamily(wanted) && isQ35(present) === isQ35(parsed))) return {};
    return optionChanges(have, { machine: formatMachine({ ...present, type: wanted }) });
  },
};

function isFamily(type: string): boolean {
  return type === 'q35' || type === 'pc';
}

/** A VM without the option is a `pc`. */
export function presentMachine(have: Have): Machine {
  return parseMachine(have.values['machine'] ?? 'pc') ?? { type: 'pc' };
}
