// What can be left behind, as facts. How it is shown is decided elsewhere.
import type { NodeName, Vmid } from '#pve/ids';
import type { Unseen } from '../unseen.ts';

export type OrphanKind =
  /** A configuration that PVE was making, locked, and that nobody makes any more. */
  | 'stub'
  /** A configuration that a delete has emptied and not removed. */
  | 'destroyed'
  /** A VM of ours that nobody goes on making. */
  | 'unfinished'
  /** A VM of ours that nobody goes on taking away. */
  | 'void'
  /** A cloud-init ISO of a provider's that no VM names. */
  | 'iso'
  /** A disk that no VM names. */
  | 'volume'
  /** A disk image that was fetched from the web, and that nothing needs any more. */
  | 'download';

export interface Orphan {
  readonly kind: OrphanKind;
  /** Undefined for an image that was fetched for no VM of its own. */
  readonly vmid?: Vmid;
  /** Of an ISO, a disk and a disk image. */
  readonly volume?: string;
  readonly node: NodeName;
  readonly why: string;
  /** What to make sure of before the commands. */
  readonly caution?: string;
  /** What there is instead of the commands. */
  readonly instead?: string;
  /** What removes it: lines for a shell of root's on `node`. */
  readonly commands: readonly string[];
  /** Volumes that go with it, by these commands. */
  readonly volumes: readonly string[];
}

/** A VM that is not finished, and that somebody works on. */
export interface WorkedOn {
  readonly vmid: Vmid;
  readonly node: NodeName;
  readonly why: string;
}

export interface OrphanReport {
  readonly instance: string;
  readonly orphans: readonly Orphan[];
  readonly workedOn: readonly WorkedOn[];
  /** As long as this is not empty, what is not listed may be there all the same. */
  readonly unseen: readonly Unseen[];
  readonly looked: {
    readonly nodes: readonly NodeName[];
    readonly storages: readonly string[];
    /** Whether there may be storages that the token may not know of. */
    readonly storagesMayBeHidden: boolean;
    /** VMs whose configuration was read. */
    readonly vms: number;
    readonly vmids: string;
    /** Other instances with claims on them, and how many: none of our business. */
    readonly otherInstances: Readonly<Record<string, number>>;
  };
}
