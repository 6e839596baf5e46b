// What a plan is made from: the wish, what PVE has, and what is known of the place. All data, no I/O.
import type { VmSpec } from '#domain/vm-spec';
import type { NodeName, Vmid } from '#pve/ids';
import type { NetworkMap } from './network-map.ts';

/** What PVE has: a VM, or the template it is going to be copied from (then with the VMID it will get). */
export interface Have {
  readonly vmid: Vmid;
  readonly node: NodeName;
  /** Options in force, by PVE's names. */
  readonly values: Readonly<Record<string, string>>;
}

/** What the place gives: settings, and facts of the node. */
export interface Site {
  /** The datacenter's prefix for MACs, `BC:24:11`. */
  readonly macPrefix: string;
  readonly networkMap: NetworkMap;
  /** Bridges and vnets of the node. */
  readonly bridges: readonly string[];
  readonly cloudInit: 'auto' | 'native' | 'iso';
  /** Major version of PVE. */
  readonly pveMajor: number;
  /** Where cloud-init ISOs go; undefined where no storage of the node takes them. */
  readonly isoStorage: string | undefined;
}

export interface Wish {
  readonly spec: VmSpec;
  /** Drawn once per VM, written in its claim. */
  readonly incarnation: string;
  readonly site: Site;
}
