// SnapshotRevert: the VM as it was. Its description, and with it its claim, stays as it is: PVE takes neither back.
import { snapshotName } from '#claim/snapshot-name';
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import { isUnknownOutcome } from '#pve/errors';
import type { Upid } from '#pve/ids';
import { rollBack } from '#pve/qemu/snapshots';
import { saidBy } from '#pve/said';
import { TaskFailed } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import { hasSucceeded, taskWithin } from '../../observe/recent-task.ts';
import { activeSnapshotTask, type KnownSnapshot, type SnapshottedVm } from '../../observe/snapshotted-vm.ts';
import { refuseUnclaimed } from '../../refusals.ts';
import { vmSubject } from '../../subject.ts';
import { claimOnSight } from '../claim-on-sight.ts';
import { isOfAnother, lookAgain, type SnapshotReference } from './delete.ts';
import { namesOf, refuseLocked } from './refusals.ts';
import { finished, inRounds, outcome, type SnapshotOutcome } from './rounds.ts';

const WANTED = 'revert to a snapshot';

export interface RevertOrder extends SnapshotReference {
  /** How long ago the same was first asked for; undefined where nobody tells. */
  readonly askedSecondsAgo?: number | undefined;
}

/** Returns when the VM is back there, or on its way by a task that outlives the call. */
export async function revertToSnapshot(
  ctx: Context,
  { vmid, id, uid, askedSecondsAgo }: RevertOrder,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<SnapshotOutcome> {
  const name = snapshotName(id);
  const change = { vmid, asker, wanted: WANTED, isDestructive: true };
  /** Whether a rollback has ended well that may be this one: of an earlier call, or ours whose answer was lost. */
  let hasJoined: boolean | undefined;
  return await inRounds(ctx, change, call, async (vm) => {
    if (vm === undefined) {
      throw new Fault('not-found', { subject: vmSubject({ vmid }), wanted: WANTED, why: 'there is no such VM' });
    }
    const known = required(vm, name, id);
    if (isOfAnother(known, uid)) throw anotherOnes(vm, known);
    hasJoined ??= askedSecondsAgo !== undefined && (await isBackSince(ctx, vm, askedSecondsAgo, call));
    // Another way back to the same snapshot would lose what the guest has written since.
    if (hasJoined && vm.config.values['parent'] === name) return outcome(vm, name, undefined);
    const rollback = (await joined(ctx, vm, call)) ?? (await sent(ctx, vm, known, asker, call));
    const running = await backAt(ctx, vm, known, rollback, call);
    if (running !== undefined || rollback.isOurs) return outcome(vm, name, running);
    hasJoined = true;
    throw lookAgain(vm, WANTED);
  });
}

async function isBackSince(ctx: Context, vm: SnapshottedVm, seconds: number, call: Deadline): Promise<boolean> {
  const latest = await taskWithin(ctx, vm, 'qmrollback', seconds, call);
  return latest !== undefined && hasSucceeded(latest);
}

function anotherOnes(vm: SnapshottedVm, { name }: KnownSnapshot): Fault {
  const why = `${name} was taken for another object; the one that is meant is not there`;
  return new Fault('precondition', { subject: vm.subject, wanted: WANTED, why, remedy: 'Go back to another one' });
}

interface Rollback {
  readonly upid: Upid;
  /** Whether it is certain that it goes to the snapshot we want. */
  readonly isOurs: boolean;
}

async function joined(ctx: Context, vm: SnapshottedVm, call: Deadline): Promise<Rollback | undefined> {
  if (vm.config.lock !== 'rollback') return undefined;
  const upid = await activeSnapshotTask(ctx, vm, 'qmrollback', call);
  return upid === undefined ? undefined : { upid, isOurs: false };
}

async function sent(
  ctx: Context,
  vm: SnapshottedVm,
  known: KnownSnapshot,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<Rollback> {
  refuseLocked(vm, WANTED);
  refuseIncomplete(vm, known);
  if (await claimOnSight(ctx, vm.guest, vm.config, asker, call)) throw lookAgain(vm, WANTED);
  refuseUnclaimed(ctx, vm.ownership, vm.guest, WANTED);
  const rollback = await sendOnce(ctx, vm, known.name, call);
  const { vmid, node } = vm.guest;
  ctx.log.info('Revert', { vmid, node, snapshot: known.name, upid: rollback.upid });
  return rollback;
}

function required(vm: SnapshottedVm, name: string, id: string): KnownSnapshot {
  const known = vm.snapshots.find((one) => one.name === name);
  if (known !== undefined) return known;
  const has = vm.snapshots.length === 0 ? 'it has none' : `it has ${namesOf(vm.snapshots)}`;
  const why = `there is no snapshot ${id === name ? name : `${name} (made of "${id}")`}`;
  throw new Fault('not-found', { subject: vm.subject, wanted: WANTED, why, remedy: `Name one that is there: ${has}` });
}

function refuseIncomplete(vm: SnapshottedVm, { name, state }: KnownSnapshot): void {
  if (state === undefined) return;
  const why = `${name} is incomplete (${state === 'delete' ? 'its removal' : 'it'} was interrupted)`;
  throw new Fault('precondition', { subject: vm.subject, wanted: WANTED, why, remedy: 'Delete it, and name another' });
}

/** @returns the task, where it outlives the call */
async function backAt(
  ctx: Context,
  vm: SnapshottedVm,
  known: KnownSnapshot,
  { upid, isOurs }: Rollback,
  call: Deadline,
): Promise<Upid | undefined> {
  try {
    return await finished(ctx, vm, upid, call);
  } catch (error) {
    // Somebody else's may have had another goal: ours tells for itself.
    if (!isOurs && error instanceof TaskFailed) throw lookAgain(vm, WANTED);
    throw saidBy(error)?.kind === 'not-newest' ? notNewest(vm, known, error) : error;
  }
}

/** One whose answer was lost is looked for among the tasks: a second one would take away what the guest has done since. */
async function sendOnce(ctx: Context, vm: SnapshottedVm, name: string, call: Deadline): Promise<Rollback> {
  try {
    return { upid: await rollBack(ctx.pve, vm.guest, name, call), isOurs: true };
  } catch (error) {
    if (!isUnknownOutcome(error)) throw error;
    const latest = await taskWithin(ctx, vm, 'qmrollback', 0, call);
    if (latest === undefined) throw error;
    return { upid: latest.upid, isOurs: false };
  }
}

/** Before anything was touched: PVE asks its storages first (pve-behaviour 14.4). */
function notNewest(vm: SnapshottedVm, { name, takenSeconds = 0 }: KnownSnapshot, cause: unknown): Fault {
  const volume = saidBy(cause)?.details['volume'] ?? 'one of its disks';
  const newer = vm.snapshots.filter((one) => one.name !== name && (one.takenSeconds ?? 0) >= takenSeconds);
  const why = `the storage of ${volume} goes back to the newest snapshot alone, and newer than ${name} are ${namesOf(newer)}`;
  return new Fault(
    'precondition',
    { subject: vm.subject, wanted: WANTED, why, remedy: 'Delete those first, or clone the VM' },
    { cause },
  );
}
