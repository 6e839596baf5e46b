// SnapshotCreate: the snapshot that this very request asks for, once.
import {
  describeWithMark,
  isSameRequest,
  type SnapshotMark,
  snapshotMark,
  type SnapshotWish,
} from '#claim/snapshot-mark';
import { snapshotName } from '#claim/snapshot-name';
import { Fault, invalidSpec } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import { listStorages } from '#pve/nodes/storage';
import { canSnapshot } from '#pve/qemu/feature';
import { describeSnapshot, type NewSnapshot, takeSnapshot } from '#pve/qemu/snapshots';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import { activeSnapshotTask, type KnownSnapshot, type SnapshottedVm } from '../../observe/snapshotted-vm.ts';
import { diskObstacle, memoryObstacle, type Obstacle } from '../../plan/snapshot-obstacles.ts';
import { vmSubject } from '../../subject.ts';
import { dropSnapshot } from './delete.ts';
import { finished, inRounds, outcome, type SnapshotOutcome } from './rounds.ts';
import { refuseLocked } from './refusals.ts';

export interface SnapshotOrder extends SnapshotWish {
  readonly vmid: Vmid;
}

const WANTED = 'snapshot';

/** Returns when the snapshot is there, or being taken by a task that outlives the call. */
export async function createSnapshot(
  ctx: Context,
  order: SnapshotOrder,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<SnapshotOutcome> {
  const mark = snapshotMark(order, ctx.instance);
  const description = describeWithMark(order.description, mark);
  if (description === undefined) throw invalidSpec('description', 'is too long', 'Use at most 8,000 characters');
  const wanted = { order, name: snapshotName(order.hint), mark, description };
  const change = { vmid: order.vmid, asker, wanted: WANTED, isDestructive: false };
  return await inRounds(ctx, change, call, async (vm) => {
    if (vm === undefined) {
      throw new Fault('not-found', { subject: vmSubject(order), wanted: WANTED, why: 'there is no such VM' });
    }
    const known = vm.snapshots.find((one) => one.name === wanted.name);
    if (known !== undefined) return await goOnWith(ctx, vm, known, wanted, call);
    refuseLocked(vm, WANTED);
    await refuseImpossible(ctx, vm, order, call);
    const vmstate = order.memory && vm.status.status === 'running';
    const upid = await begin(ctx, vm, { snapname: wanted.name, description, vmstate }, call);
    return outcome(vm, wanted.name, await finished(ctx, vm, upid, call));
  });
}

async function begin(ctx: Context, vm: SnapshottedVm, snapshot: NewSnapshot, call: Deadline) {
  const upid = await takeSnapshot(ctx.pve, vm.guest, snapshot, call);
  const { vmid, node } = vm.guest;
  ctx.log.info('Snapshot', { vmid, node, snapshot: snapshot.snapname, memory: snapshot.vmstate, upid });
  return upid;
}

interface Wanted {
  readonly order: SnapshotOrder;
  readonly name: string;
  readonly mark: SnapshotMark;
  /** With the mark. */
  readonly description: string;
}

/** There is one of this name: an earlier call's, perhaps unfinished, or another one, which is nobody's to replace. */
async function goOnWith(
  ctx: Context,
  vm: SnapshottedVm,
  known: KnownSnapshot,
  wanted: Wanted,
  call: Deadline,
): Promise<SnapshotOutcome> {
  const { order, name, mark } = wanted;
  if (!isSameRequest(known.mark, mark)) throw otherSnapshot(vm, known, order);
  if (known.mark?.wantsMemory !== mark.wantsMemory) throw otherMemory(vm, known);
  if (known.state === undefined) {
    await describeAnew(ctx, vm, known, wanted, call);
    return outcome(vm, name, undefined);
  }
  const upid = await activeSnapshotTask(ctx, vm, 'qmsnapshot', call);
  const running = upid === undefined ? undefined : await finished(ctx, vm, upid, call);
  if (running !== undefined) return outcome(vm, name, running);
  if (upid === undefined) {
    refuseLocked(vm, WANTED);
    await dropSnapshot(ctx, vm, known, call);
  }
  throw new Fault('busy', { subject: vm.subject, wanted: WANTED, why: `${name} was not finished` });
}

/** The object that has asked for it says something else of it now; what people have written stays until then. */
async function describeAnew(
  ctx: Context,
  vm: SnapshottedVm,
  known: KnownSnapshot,
  { name, mark, description }: Wanted,
  call: Deadline,
): Promise<void> {
  if (known.mark?.digest === mark.digest) return;
  refuseLocked(vm, WANTED);
  await describeSnapshot(ctx.pve, vm.guest, name, description, call);
}

function otherMemory(vm: SnapshottedVm, { name, mark }: KnownSnapshot): Fault {
  const how = mark?.wantsMemory === true ? 'with' : 'without';
  return new Fault('precondition', {
    subject: vm.subject,
    wanted: WANTED,
    why: `${name} was taken ${how} memory, which cannot be changed`,
    remedy: 'Take another snapshot',
  });
}

function otherSnapshot(vm: SnapshottedVm, { name, mark }: KnownSnapshot, { hint }: SnapshotOrder): Fault {
  const called = name === hint ? name : `${name} (made of "${hint}")`;
  const whose =
    mark === undefined ? 'that was not taken through us' : 'from another request (text, memory or instance)';
  return new Fault('already-exists', {
    subject: vm.subject,
    wanted: WANTED,
    why: `it has a snapshot ${called} ${whose}`,
    remedy: 'Use another name, or delete that one first',
  });
}

/** Told before anything is written, and by name: PVE would only say that it cannot. */
async function refuseImpossible(ctx: Context, vm: SnapshottedVm, order: SnapshotOrder, call: Deadline): Promise<void> {
  const { values } = vm.config;
  const refuse = ({ why, remedy }: Obstacle): void => {
    throw new Fault('precondition', { subject: vm.subject, wanted: WANTED, why, remedy });
  };
  if (vm.status.template) refuse({ why: 'it is a template', remedy: 'Make a VM from the template' });
  if (!(await canSnapshot(ctx.pve, vm.guest, call))) {
    // Read now: an old list does not know the storage that a disk has just been moved to.
    const storages = await listStorages(ctx.pve, vm.guest.node, call);
    refuse(diskObstacle(values, new Map(storages.map(({ storage, type }) => [storage, type]))));
  }
  const obstacle = order.memory && vm.status.status === 'running' ? memoryObstacle(values) : undefined;
  if (obstacle !== undefined) refuse(obstacle);
}
