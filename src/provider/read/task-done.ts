import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { invalidSpec } from '#domain/fault';
import { asUpid, type Vmid } from '#pve/ids';
import { readTaskStatus } from '#pve/nodes/tasks';
import { readConfig } from '#pve/qemu/config';
import { saidBy } from '#pve/said';
import { parseImagesTask, parseImportTask, parseTaskId, type TaskId } from '#rpc/task-id';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { auditRemedy, observeLife } from '../observe/quiet.ts';
import { isInTheMaking } from '../observe/window.ts';
import { proveAbsent } from '../view/absence.ts';
import { locate } from '../view/cluster-view.ts';
import type { CreateRuns } from '../run/create-runs.ts';
import { judgeCloneTask } from './clone-task.ts';
import { judgeImagesTask, judgeImageTask } from './image-task.ts';
import { judgeImport } from './import-task.ts';
import { isSnapshotTask, judgeSnapshotTask, type TaskVerdict } from './snapshot-task.ts';

/**
 * What became of a task the manager keeps, judged from PVE alone. The manager never forgets a task that failed, so
 * nothing of PVE's or ours makes this an error: what cannot be asked now is not done, and what can never be asked again
 * is done, since Describe then tells what became of the VM. Only of snapshots, clones and images a failure is told.
 * Throws `invalid-spec` for an id that is missing.
 */
export async function judgeTask(ctx: Context, runs: CreateRuns, id: string, call: Deadline): Promise<TaskVerdict> {
  if (id === '') throw invalidSpec('task.id', 'is missing', 'Use the id that the call answered with');
  const image = parseImportTask(id);
  const task = parseTaskId(id);
  const upid = asUpid(id);
  const templates = parseImagesTask(id);
  if (image === undefined && task === undefined && upid === undefined && templates === undefined) {
    ctx.log.warn('A task id of another version or provider is taken for done', { task: id });
    return verdict(true);
  }
  try {
    if (image !== undefined) return await judgeImport(ctx, image, call);
    if (templates !== undefined) return await judgeImagesTask(ctx, runs, templates, call);
    if (task !== undefined && isSnapshotTask(task)) return await judgeSnapshotTask(ctx, task, call);
    if (task?.kind === 'clone') return await judgeCloneTask(ctx, runs, task, call);
    if (task?.kind === 'image') return await judgeImageTask(ctx, runs, task, call);
    if (task !== undefined) return verdict(await hasReachedGoal(ctx, task, call));
    return verdict(upid === undefined || !(await readTaskStatus(ctx.pve, upid, call)).running);
  } catch (error) {
    const kind = saidBy(error)?.kind;
    if (kind === 'task-unknown' || kind === 'node-missing') return verdict(true);
    ctx.log.debug('A task cannot be judged now', { task: id, error });
    return verdict(false);
  }
}

function verdict(done: boolean): TaskVerdict {
  return { done, error: '' };
}

/**
 * The goal is `ready`. A VM that is proven gone, or has become another one, can never reach it, and one that nobody
 * works on any more reaches it only by another create: then Describe says what there is.
 */
async function hasReachedGoal(ctx: Context, task: TaskId, call: Deadline): Promise<boolean> {
  const vmid = task.vmid as Vmid;
  const record = ctx.vms.of(vmid);
  if (record.isBeingMade) return false;
  if (record.createHasFailed) return true;
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest === undefined) {
    await proveAbsent(ctx, vmid, 'judge its task', call);
    return true;
  }
  const config = await readConfig(ctx.pve, guest, call);
  const reading = readClaim(config.values['description']);
  const ownership = judgeOwnership(reading, ctx.instance, vmid);
  const claim = ownership.kind === 'ours' ? ownership.claim : undefined;
  const isUnfinished = claim?.incarnation === task.incarnation && claim?.state === 'creating';
  // Under its lock a copy may not show its claim yet.
  const isStub = isInTheMaking(config) && reading.kind === 'none';
  if (!isUnfinished && !isStub) return true;
  const life = await observeLife(ctx, guest, config.digest, claim, call);
  if (life === 'unknown')
    ctx.log.warn('Whether a create has ended cannot be judged', { vmid, hint: auditRemedy(guest) });
  return life === 'dead';
}
