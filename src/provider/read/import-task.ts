// What became of an image that was still being fetched when its call ended. A failure is told: nothing else would tell
// it, and the VM to be made of the image could only be refused.
import type { Upid } from '#pve/ids';
import { parseUpid } from '#pve/ids';
import { readTaskStatus } from '#pve/nodes/tasks';
import { saidBy } from '#pve/said';
import { importVolid } from '#pve/storage/download';
import { listVolumes } from '#pve/storage/volumes';
import type { ImportTask } from '#rpc/task-id';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { NO_DISK_REMEDY, whyNoDisk } from '../run/imports/raw-image.ts';
import type { TaskVerdict } from './snapshot-task.ts';

/** Throws where PVE cannot be asked now. */
export async function judgeImport(ctx: Context, task: ImportTask, call: Deadline): Promise<TaskVerdict> {
  const upid = task.upid as Upid;
  const status = await statusOf(ctx, upid, call);
  if (status?.running === true) return { done: false, error: '' };
  const { node, id: fileName = '' } = parseUpid(upid) ?? {};
  if (node === undefined) return { done: true, error: `${upid} is no task of PVE` };
  const isOk = /^(OK|WARNINGS: \d+)$/.test(status?.exitStatus ?? '');
  // Into a raw image PVE does not look.
  if (isOk && !fileName.endsWith('.raw')) return { done: true, error: '' };
  const volid = importVolid(task.storage, fileName);
  const volumes = await listVolumes(ctx.pve, { node, storage: task.storage }, call, { content: 'import' });
  const file = volumes.find((volume) => volume.volid === volid);
  const failed = (why: string): TaskVerdict => ({ done: true, error: `image ${volid}: import: ${why}.` });
  const whyNot = file === undefined ? undefined : whyNoDisk(file);
  if (whyNot !== undefined) return failed(`${whyNot}. ${NO_DISK_REMEDY}`);
  if (isOk || file !== undefined) return { done: true, error: '' };
  const why = status === undefined ? 'PVE no longer knows its task' : `PVE says "${status.exitStatus ?? ''}"`;
  return failed(`it is not there, and ${why}. Import it again`);
}

/** Undefined where PVE does not know the task any more. */
async function statusOf(ctx: Context, upid: Upid, call: Deadline) {
  try {
    return await readTaskStatus(ctx.pve, upid, call);
  } catch (error) {
    if (saidBy(error)?.kind === 'task-unknown') return undefined;
    throw error;
  }
}
