// SnapshotDelete: finished when it returns, since the manager forgets the snapshot whatever the answer is.
import { snapshotName } from '#claim/snapshot-name';
import { shorten } from '#claim/record';
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { Upid, Vmid } from '#pve/ids';
import { deleteSnapshot as sendDelete } from '#pve/qemu/snapshots';
import { saidBy } from '#pve/said';
import { TaskFailed } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import { activeSnapshotTask, type KnownSnapshot, type SnapshottedVm } from '../../observe/snapshotted-vm.ts';
import { refuseUnclaimed } from '../../refusals.ts';
import { claimOnSight } from '../claim-on-sight.ts';
import { refuseLocked } from './refusals.ts';
import { finished, inRounds, outcome, type SnapshotOutcome } from './rounds.ts';

export interface SnapshotReference {
  readonly vmid: Vmid;
  /** PVE's name, or what the caller called it when it was made. */
  readonly id: string;
  /** Of the object whose snapshot is meant. */
  readonly uid?: string | undefined;
}

const WANTED = 'delete a snapshot';

/** Returns when the snapshot is gone, with its VM or without, or being removed by a task that outlives the call. */
export async function removeSnapshot(
  ctx: Context,
  { vmid, id, uid }: SnapshotReference,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<SnapshotOutcome> {
  const name = snapshotName(id);
  const change = { vmid, asker, wanted: WANTED, isDestructive: true };
  return await inRounds(ctx, change, call, async (vm) => {
    const known = vm?.snapshots.find((one) => one.name === name);
    if (vm === undefined || known === undefined || isOfAnother(known, uid)) return { vmid, name };
    const earlier = known.state === 'delete' ? await activeSnapshotTask(ctx, vm, 'qmdelsnapshot', call) : undefined;
    if (earlier !== undefined) return outcome(vm, name, await removed(ctx, vm, name, earlier, call));
    refuseLocked(vm, WANTED);
    refuseByHand(ctx, vm, known);
    if (known.mark?.instance !== shorten(ctx.instance)) {
      if (await claimOnSight(ctx, vm.guest, vm.config, asker, call)) throw lookAgain(vm, WANTED);
      refuseUnclaimed(ctx, vm.ownership, vm.guest, WANTED);
    }
    return outcome(vm, name, await dropSnapshot(ctx, vm, known, call));
  });
}

/**
 * Of a snapshot its name alone is known to whoever asks, and a person may have taken another one under the name of ours.
 * That one is nobody's to delete but that person's, also on a VM of ours.
 */
function refuseByHand(ctx: Context, vm: SnapshottedVm, { name, mark, state }: KnownSnapshot): void {
  // What is incomplete can be gone back to by nobody.
  if (mark !== undefined || state !== undefined || vm.ownership.kind === 'unclaimed') return;
  if (ctx.settings.unclaimed === 'accept') return;
  throw new Fault('precondition', {
    subject: vm.subject,
    wanted: WANTED,
    why: `${name} was not taken through us, so it may be another one than is meant`,
    remedy: 'Delete it in PVE',
  });
}

/** Under the name that is meant, but taken for another object: the one that is meant is not there. */
export function isOfAnother({ mark }: KnownSnapshot, uid: string | undefined): boolean {
  return mark?.uid !== undefined && uid !== undefined && mark.uid !== shorten(uid);
}

/** What was seen of the VM is old: we have changed it, or have waited for somebody who does. */
export function lookAgain(vm: SnapshottedVm, wanted: string): Fault {
  return new Fault('busy', { subject: vm.subject, wanted, why: 'it has changed meanwhile' });
}

/**
 * Removes it, by force where it is incomplete: a removal that has failed once fails again on the disks that no longer have
 * it, and each failure leaves a lock that only root can remove.
 * @returns the task, where it outlives the call
 */
export async function dropSnapshot(
  ctx: Context,
  vm: SnapshottedVm,
  { name, state }: KnownSnapshot,
  call: Deadline,
): Promise<Upid | undefined> {
  const { vmid, node } = vm.guest;
  const isForced = state !== undefined;
  const upid = await sendDelete(ctx.pve, vm.guest, name, isForced, call);
  ctx.log.info('Snapshot removal', { vmid, node, snapshot: name, force: isForced, upid });
  return await removed(ctx, vm, name, upid, call);
}

async function removed(
  ctx: Context,
  vm: SnapshottedVm,
  name: string,
  upid: Upid,
  call: Deadline,
): Promise<Upid | undefined> {
  try {
    return await finished(ctx, vm, upid, call);
  } catch (error) {
    const said = saidBy(error)?.kind;
    // Somebody was faster.
    if (said === 'snapshot-missing') return undefined;
    if (!(error instanceof TaskFailed) || said !== undefined) throw error;
    const { vmid } = vm.guest;
    throw new Fault(
      'precondition',
      {
        subject: vm.subject,
        wanted: WANTED,
        why: `PVE says "${error.exitStatus}" of ${name}`,
        remedy: `Mend its storage, remove the lock as root ("qm unlock ${vmid}"), and delete the snapshot again: what is left of it then goes by force`,
      },
      { cause: error },
    );
  }
}
