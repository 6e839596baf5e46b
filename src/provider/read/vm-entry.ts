// A VM as ListVMs tells of it, from its configuration.
import type { PowerState } from '#domain/power';
import { GIB } from '#domain/quantity';
import { parseNet } from '#pve/codec/net';
import { slotsOf } from '#pve/codec/slot';
import { dataDisks } from './vm-disks.ts';

type Values = Readonly<Record<string, string>>;

export interface VmHardware {
  readonly name: string;
  readonly cpus: number;
  readonly memoryMib: number;
  /** The disk the guest boots from first. */
  readonly disks: readonly ListedDisk[];
  readonly nics: readonly ListedNic[];
}

export interface ListedDisk {
  readonly id: string;
  readonly path: string;
  /** Rounded up; 0 where PVE does not say. */
  readonly sizeGib: number;
  readonly format: string;
}

export interface ListedNic {
  /** `net0`. */
  readonly name: string;
  readonly mac: string;
}

export interface VmEntry extends VmHardware {
  readonly vmid: number;
  readonly powerState: PowerState;
  readonly ips: readonly string[];
  /** By the name of the NIC, the first address of each. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly raw: Readonly<Record<string, string>>;
}

/** PVE's own where the option is not set. */
const DEFAULT_MEMORY_MIB = 512;

export function vmHardware(values: Values): VmHardware {
  return {
    name: values['name'] ?? '',
    cpus: cpusOf(values),
    memoryMib: Number(/^(?:current=)?(\d+)/.exec(values['memory'] ?? '')?.[1] ?? DEFAULT_MEMORY_MIB),
    disks: dataDisks(values).map(({ slot, volid, drive, format }) => ({
      id: slot,
      path: volid,
      sizeGib: Math.ceil((drive.sizeBytes ?? 0) / GIB),
      format,
    })),
    nics: slotsOf(values, 'net').map(({ key, value }) => ({
      name: key,
      mac: parseNet(value)?.mac?.toUpperCase() ?? '',
    })),
  };
}

/** Those the guest starts with: less than its sockets and cores come to where some are kept for later. */
function cpusOf(values: Values): number {
  return Number(values['vcpus'] ?? Number(values['sockets'] ?? 1) * Number(values['cores'] ?? 1));
}
