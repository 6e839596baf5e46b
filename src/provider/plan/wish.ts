// What a plan is made from: the wish, what PVE has, and what is known of the place. All data, no I/O.
import type { VmSpec } from '#domain/vm-spec';
import type { NodeName, Vmid } from '#pve/ids';
import type { PveVersion } from '#pve/rules/versions';
import type { NetworkMap } from './network-map.ts';

/** Options by PVE's names. */
export type Values = Readonly<Record<string, string>>;

/** What PVE has: a VM, or what it will be when it has been made (with the VMID it will get). */
export interface Have {
  readonly vmid: Vmid;
  readonly node: NodeName;
  /** Options in force; of a VM in use those it will have after its next start. */
  readonly values: Values;
  /** Of a VM in use: options in force that go away with its next start. */
  readonly leaving?: Values;
  /**
   * That of a VM in use: then nothing is taken away from it that the wish does not name. `made-here` where its disks bear
   * the names they were asked for by. Absent for what is still being made.
   */
  readonly inUse?: 'made-here' | 'made-elsewhere';
}

/** What the place gives: settings, and facts of the node. */
export interface Site {
  /** The datacenter's prefix for MACs, `BC:24:11`. */
  readonly macPrefix: string;
  readonly networkMap: NetworkMap;
  /** Bridges and vnets of the node. */
  readonly bridges: readonly string[];
  readonly cloudInit: 'auto' | 'native' | 'iso';
  readonly version: PveVersion;
  /** Where cloud-init ISOs go; undefined where no storage of the node takes them. */
  readonly isoStorage: IsoStorage | undefined;
  /** Where disks go for which nobody names a storage (PVE_DEFAULT_STORAGE). */
  readonly defaultStorage: string | undefined;
  readonly cpuHotplug: 'auto' | 'off';
  readonly host: HostFacts;
}

/** What is known of the machines and storages. Only what the wish needs is asked for. */
export interface HostFacts {
  /** CPUs of the smallest node of the cluster; undefined where PVE does not tell them of each. */
  readonly leastCpus: number | undefined;
  /** CPUs of the VM's own node; undefined where PVE does not tell them. */
  readonly nodeCpus: number | undefined;
  /** MiB of memory of the VM's own node; undefined where PVE does not tell it. */
  readonly nodeMemoryMib: number | undefined;
  /** `lvmthin`, `dir`, ... by the name of the storage, of those we may see. */
  readonly storageTypes: Readonly<Record<string, string>>;
  /** Storages of the node that take VM disks now; undefined where the wish names none. */
  readonly diskStorages: readonly string[] | undefined;
  /** MHz of a CPU of the node; undefined where the wish has no CPU limit. */
  readonly cpuMhz: number | undefined;
  /** CPU models of the node; undefined where the wish names none. */
  readonly cpuModels: readonly string[] | undefined;
  /** Whether we hold Sys.Modify on `/`. */
  readonly mayModify: boolean;
}

export interface IsoStorage {
  readonly storage: string;
  /** What is on it can be reached from every node that has it. */
  readonly shared: boolean;
}

export interface Wish {
  readonly spec: VmSpec;
  /** Drawn once per VM, written in its claim. */
  readonly incarnation: string;
  /** No class was named for a VM in use: what one alone can ask for is not compared. */
  readonly keepsSize?: boolean;
  readonly site: Site;
}
