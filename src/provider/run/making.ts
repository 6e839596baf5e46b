// How a VM comes into being, decided and not yet begun: the one call of PVE that makes it, and what it will have then.
import type { NodeName, Upid, Vmid } from '#pve/ids';
import type { Deadline } from '#runtime/deadline';
import type { WarningCode } from '../plan/facet.ts';
import type { Values } from '../plan/wish.ts';
import type { Snapshot } from '../view/cluster-view.ts';

/** What every new VM gets with the call that makes it. */
export interface NewVm {
  readonly vmid: Vmid;
  readonly name: string;
  /** With our claim. */
  readonly description: string;
  /** Where it has to be made in its pool. */
  readonly pool?: string;
}

/** Where a VM is to be made. */
export interface Place {
  readonly view: Snapshot;
  readonly node: NodeName;
  /** The field that has led there. */
  readonly asked: string;
  /** Where the VM has to be made in it. */
  readonly pool: string | undefined;
}

export interface Making {
  /** Where its task runs. */
  readonly node: NodeName;
  /** Where the VM is when its task has ended. */
  readonly target: NodeName;
  /** What it is made from, for the log and for the queue before it: `template:9000`. */
  readonly from: string;
  /** What it will have before anything of the request is set. */
  readonly values: Values;
  /** The text its description inherits. */
  readonly text: string;
  /** What its owner has to know for as long as it lives. */
  readonly warnings?: readonly WarningCode[];
  /** The line that its description keeps until it is finished. */
  readonly keeps?: (incarnation: string) => string;
  begin(vm: NewVm, call: Deadline): Promise<Upid>;
}
