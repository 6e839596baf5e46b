// A VM and its snapshots, of one moment.
import { readSnapshotMark, type SnapshotReading } from '#claim/snapshot-mark';
import { Fault } from '#domain/fault';
import type { Upid } from '#pve/ids';
import { activeTasks } from '#pve/nodes/tasks';
import { readSnapshotTree, type Snapshot } from '#pve/qemu/snapshots';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { requireQuorum } from '../view/absence.ts';
import type { ClaimedVm } from './claimed-vm.ts';

export interface KnownSnapshot extends Snapshot, SnapshotReading {}

export interface SnapshottedVm extends ClaimedVm {
  readonly snapshots: readonly KnownSnapshot[];
}

/**
 * Reads the snapshots of a VM that has just been observed. The list is read last, and fits the configuration before it:
 * whoever writes now writes to that VM. A `busy` Fault where it changes meanwhile.
 * @param isDestructive quorum is asked for too: PVE stops a guest before it finds that it may not write (pve-behaviour 26).
 */
export async function observeSnapshots(
  ctx: Context,
  vm: ClaimedVm,
  doing: { readonly wanted: string; readonly isDestructive: boolean },
  call: Deadline,
): Promise<SnapshottedVm> {
  const { wanted, isDestructive } = doing;
  if (isDestructive) await requireQuorum(ctx, vm.subject, wanted, call);
  const tree = await readSnapshotTree(ctx.pve, vm.guest, call);
  if (tree.digest === vm.config.digest) return { ...vm, snapshots: tree.snapshots.map(known) };
  const why = 'it is being changed';
  throw new Fault('busy', { subject: vm.subject, wanted, why, remedy: 'The next try looks again' });
}

function known(snapshot: Snapshot): KnownSnapshot {
  return { ...snapshot, ...readSnapshotMark(snapshot.description) };
}

/** What PVE does to snapshots, as its tasks are called. */
export type SnapshotTask = 'qmsnapshot' | 'qmdelsnapshot' | 'qmrollback';

/** The task of this type that works on the VM now: an earlier call has started it, or somebody else. */
export async function activeSnapshotTask(
  ctx: Context,
  { guest }: ClaimedVm,
  type: SnapshotTask,
  call: Deadline,
): Promise<Upid | undefined> {
  const active = await activeTasks(ctx.pve, guest.node, call);
  return active.find((task) => task.type === type && task.id === String(guest.vmid))?.upid;
}
