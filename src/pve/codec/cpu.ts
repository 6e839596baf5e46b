import { formatProperties, parseProperties, type Properties, restOf } from './property-string.ts';

/** The `cpu` option. */
export interface Cpu {
  /** `host`, `x86-64-v2-AES`, `custom-mine`; undefined is PVE's default. */
  readonly model: string | undefined;
  /** `flags`, `hidden`, ..., as stored. */
  readonly rest?: Properties | undefined;
}

/** Undefined where PVE could not read it. */
export function parseCpu(text: string): Cpu | undefined {
  const properties = parseProperties(text, 'cputype');
  if (properties === undefined) return undefined;
  return { model: properties['cputype'], rest: restOf(properties, ['cputype']) };
}

export function formatCpu(cpu: Cpu): string {
  return formatProperties({ ...cpu.rest, cputype: cpu.model }, 'cputype');
}
