// What became of a snapshot that was still being worked on when its call ended. Of other tasks the manager forgets no
// failure, of these it does: a snapshot that has failed is told so, since nothing else would tell it.
import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { asUpid, type Upid, type Vmid } from '#pve/ids';
import { activeTasks, readTaskStatus, type TaskStatus } from '#pve/nodes/tasks';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import { listSnapshots } from '#pve/qemu/snapshots';
import type { VmAt } from '#pve/qemu/vm';
import { saidBy } from '#pve/said';
import type { TaskId } from '#rpc/task-id';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { proveAbsent } from '../view/absence.ts';
import { locate } from '../view/cluster-view.ts';

/** The goal in the id of such a task is PVE's name of the snapshot. */
const KINDS = ['snapshot', 'snapdelete', 'revert'] as const;
export type SnapshotTaskKind = (typeof KINDS)[number];

export interface TaskVerdict {
  readonly done: boolean;
  /** Why it has failed; '' where it has not. */
  readonly error: string;
}

const RUNNING: TaskVerdict = { done: false, error: '' };
const DONE: TaskVerdict = { done: true, error: '' };

export function isSnapshotTask(task: TaskId): task is TaskId & { kind: SnapshotTaskKind } {
  return KINDS.some((kind) => kind === task.kind);
}

/** Throws where PVE cannot be asked now. */
export async function judgeSnapshotTask(
  ctx: Context,
  task: TaskId & { kind: SnapshotTaskKind },
  call: Deadline,
): Promise<TaskVerdict> {
  const upid = asUpid(task.upid ?? '');
  const status = upid === undefined ? undefined : await statusOf(ctx, upid, call);
  if (status?.running === true) return RUNNING;
  const exit = status?.exitStatus ?? '';
  if (/^(OK|WARNINGS: \d+)$/.test(exit)) return DONE;
  const why = exit === '' ? 'PVE no longer knows its task' : `PVE says "${exit}"`;
  // A VM stands on a snapshot also where a later way back to it has failed: of one that is known its task alone tells.
  if (task.kind === 'revert' && exit !== '') return failed(task, why);
  return await judgeByVm(ctx, task, why, call);
}

/** Undefined where PVE does not know the task, or its node, any more. */
async function statusOf(ctx: Context, upid: Upid, call: Deadline): Promise<TaskStatus | undefined> {
  try {
    return await readTaskStatus(ctx.pve, upid, call);
  } catch (error) {
    const kind = saidBy(error)?.kind;
    if (kind === 'task-unknown' || kind === 'node-missing') return undefined;
    throw error;
  }
}

/** Whoever has reached the goal: a repeated call does, where the first one's task has failed. */
async function judgeByVm(ctx: Context, task: TaskId, why: string, call: Deadline): Promise<TaskVerdict> {
  const vmid = task.vmid as Vmid;
  const isRemoval = task.kind === 'snapdelete';
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest === undefined) {
    await proveAbsent(ctx, vmid, 'judge its task', call);
    return isRemoval ? DONE : failed(task, 'the VM is gone');
  }
  const config = await readConfig(ctx.pve, guest, call);
  const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vmid);
  const incarnation = ownership.kind === 'ours' ? ownership.claim.incarnation : undefined;
  if (task.incarnation !== undefined && incarnation !== task.incarnation) {
    return isRemoval ? DONE : failed(task, 'another VM has got its id');
  }
  if (await isReached(ctx, task, guest, config, call)) return DONE;
  const active = await activeTasks(ctx.pve, guest.node, call);
  return active.some(({ id }) => id === String(vmid)) ? RUNNING : failed(task, why);
}

async function isReached(
  ctx: Context,
  { kind, goal }: TaskId,
  guest: VmAt,
  { values, lock }: VmConfig,
  call: Deadline,
): Promise<boolean> {
  if (kind === 'revert') return values['parent'] === goal && lock === undefined;
  const found = (await listSnapshots(ctx.pve, guest, call)).find(({ name }) => name === goal);
  return kind === 'snapdelete' ? found === undefined : found !== undefined && found.state === undefined;
}

function failed({ kind, vmid, goal }: TaskId, why: string): TaskVerdict {
  return { done: true, error: `VM ${vmid}: ${kind} ${goal}: ${why}.` };
}
