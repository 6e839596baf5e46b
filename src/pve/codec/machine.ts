import { formatProperties, parseProperties, type Properties, restOf } from './property-string.ts';

/** The `machine` option. */
export interface Machine {
  /** `pc`, `q35`, `virt`, or one of a version: `pc-i440fx-9.0`, `pc-q35-9.0+pve1`. */
  readonly type: string;
  /** `viommu`, `aw-bits`, ..., as stored. */
  readonly rest?: Properties | undefined;
}

const TYPE =
  /^(pc|pc(-i440fx)?-\d+(\.\d+)+(\+pve\d+)?|q35|pc-q35-\d+(\.\d+)+(\+pve\d+)?|virt(-\d+(\.\d+)+)?(\+pve\d+)?)$/;

/** Undefined where PVE would refuse it. */
export function parseMachine(text: string): Machine | undefined {
  const properties = parseProperties(text, 'type');
  const type = properties?.['type'];
  if (properties === undefined || type === undefined || !TYPE.test(type)) return undefined;
  return { type, rest: restOf(properties, ['type']) };
}

export function formatMachine(machine: Machine): string {
  return formatProperties({ ...machine.rest, type: machine.type }, 'type');
}

/** PCIe instead of the old chipset; a VM without the option is a `pc`. */
export function isQ35(machine: Machine): boolean {
  return machine.type === 'q35' || machine.type.startsWith('pc-q35-');
}
