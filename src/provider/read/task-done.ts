import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { invalidSpec } from '#domain/fault';
import { asUpid, type Upid, type Vmid } from '#pve/ids';
import { readTaskStatus } from '#pve/nodes/tasks';
import { readConfig } from '#pve/qemu/config';
import { parseTaskId, type TaskId } from '#rpc/task-id';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateRuns } from '../run/create-runs.ts';
import { proveAbsent } from '../view/absence.ts';
import { locate } from '../view/cluster-view.ts';

/**
 * Whether a task the manager keeps has reached its goal, judged from PVE alone. The manager never forgets a task that
 * failed, so nothing of PVE's or ours makes this an error: what cannot be asked now is not done.
 * Throws `invalid-spec` for an id that is none.
 */
export async function isTaskDone(ctx: Context, runs: CreateRuns, id: string, call: Deadline): Promise<boolean> {
  const task = parseTaskId(id);
  const upid = task === undefined ? asUpid(id) : undefined;
  if (task === undefined && upid === undefined) {
    throw invalidSpec('task.id', `"${id}" is not a task id of this provider`, 'Use the id that the call answered with');
  }
  try {
    return task === undefined ? await hasEnded(ctx, upid, call) : await hasReachedGoal(ctx, runs, task, call);
  } catch (error) {
    ctx.log.debug('A task cannot be judged now', { task: id, error });
    return false;
  }
}

async function hasEnded(ctx: Context, upid: Upid | undefined, call: Deadline): Promise<boolean> {
  return upid !== undefined && !(await readTaskStatus(ctx.pve, upid, call)).running;
}

/** The goal is `ready`; a VM that is proven gone can never reach it, and Describe will say so. */
async function hasReachedGoal(ctx: Context, runs: CreateRuns, task: TaskId, call: Deadline): Promise<boolean> {
  const vmid = task.vmid as Vmid;
  if (runs.isRunning(vmid)) return false;
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest === undefined) {
    await proveAbsent(ctx, vmid, 'judge its task', call);
    return true;
  }
  const config = await readConfig(ctx.pve, guest, call);
  const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vmid);
  return (
    ownership.kind === 'ours' && ownership.claim.incarnation === task.incarnation && ownership.claim.state === task.goal
  );
}
