// What the cluster's view does not show of a VM. Read when the VM is first asked for, and again when something changed.
import { judgeOwnership, type Ownership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import type { NodeName } from '#pve/ids';
import { readConfig } from '#pve/qemu/config';
import { type PendingChange, readPending } from '#pve/qemu/pending';
import { listSnapshots, type Snapshot } from '#pve/qemu/snapshots';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';

export interface VmDetails {
  readonly node: NodeName;
  readonly ownership: Ownership;
  /** Options in force. */
  readonly values: Readonly<Record<string, string>>;
  readonly pending: readonly PendingChange[];
  readonly snapshots: readonly Snapshot[];
}

export async function readDetails(ctx: Context, vm: VmAt, call: Deadline): Promise<VmDetails> {
  const [config, pending, snapshots] = await Promise.all([
    readConfig(ctx.pve, vm, call),
    readPending(ctx.pve, vm, call),
    listSnapshots(ctx.pve, vm, call),
  ]);
  const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vm.vmid);
  return { node: vm.node, ownership, values: config.values, pending, snapshots };
}
