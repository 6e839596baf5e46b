import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { invalidSpec } from '#domain/fault';
import { asUpid, type Vmid } from '#pve/ids';
import { readTaskStatus } from '#pve/nodes/tasks';
import { readConfig } from '#pve/qemu/config';
import { saidBy } from '#pve/said';
import { parseTaskId, type TaskId } from '#rpc/task-id';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateRuns } from '../run/create-runs.ts';
import { proveAbsent } from '../view/absence.ts';
import { locate } from '../view/cluster-view.ts';

/**
 * Whether a task the manager keeps is over, judged from PVE alone. The manager never forgets a task that failed, so
 * nothing of PVE's or ours makes this an error: what cannot be asked now is not done, and what can never be asked again
 * is done, since Describe then tells what became of the VM.
 * Throws `invalid-spec` for an id that is missing.
 */
export async function isTaskDone(ctx: Context, runs: CreateRuns, id: string, call: Deadline): Promise<boolean> {
  if (id === '') throw invalidSpec('task.id', 'is missing', 'Use the id that the call answered with');
  const task = parseTaskId(id);
  const upid = asUpid(id);
  if (task === undefined && upid === undefined) {
    ctx.log.warn('A task id of another version or provider is taken for done', { task: id });
    return true;
  }
  try {
    if (task !== undefined) return await hasReachedGoal(ctx, runs, task, call);
    return upid === undefined || !(await readTaskStatus(ctx.pve, upid, call)).running;
  } catch (error) {
    const kind = saidBy(error)?.kind;
    if (kind === 'task-unknown' || kind === 'node-missing') return true;
    ctx.log.debug('A task cannot be judged now', { task: id, error });
    return false;
  }
}

/** The goal is `ready`. A VM that is proven gone, or has become another one, can never reach it. */
async function hasReachedGoal(ctx: Context, runs: CreateRuns, task: TaskId, call: Deadline): Promise<boolean> {
  const vmid = task.vmid as Vmid;
  if (runs.isRunning(vmid)) return false;
  if (ctx.vms.of(vmid).createHasFailed) return true;
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest === undefined) {
    await proveAbsent(ctx, vmid, 'judge its task', call);
    return true;
  }
  const config = await readConfig(ctx.pve, guest, call);
  const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vmid);
  // Under a lock a copy may not show its claim yet.
  if (ownership.kind !== 'ours') return config.lock === undefined;
  return ownership.claim.incarnation !== task.incarnation || ownership.claim.state === task.goal;
}
