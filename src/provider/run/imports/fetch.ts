// A node fetches a file as import content. Its name follows from who wants it, so that PVE's own refusal to replace a file,
// and a look at the downloads that run, make of two requests one.
import { Fault } from '#domain/fault';
import { isUnknownOutcome } from '#pve/errors';
import type { Upid } from '#pve/ids';
import { activeTasks } from '#pve/nodes/tasks';
import { saidBy } from '#pve/said';
import { type Checksum, downloadImage, importVolid } from '#pve/storage/download';
import { listVolumes, type StorageAt, type Volume } from '#pve/storage/volumes';
import { requireSuccess, type TaskResult } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import { type Doing, toFault } from '../../faults.ts';
import { patience } from '../patience.ts';

export interface WantedFile {
  readonly at: StorageAt;
  readonly fileName: string;
  /** Asked for when it is used: one that is signed has a time. May hold a secret. */
  readonly url: () => string;
  readonly checksum: Checksum | undefined;
  /** For errors. */
  readonly doing: Doing;
}

/** The file, once it is there. Throws `PveError` and `TaskFailed` for what keeps it from getting there, and what `wait` throws. */
export async function fetchFile(
  ctx: Context,
  wish: WantedFile,
  wait: (upid: Upid) => Promise<TaskResult>,
  call: Deadline,
): Promise<Volume> {
  const { at, fileName, doing } = wish;
  const retry = patience(ctx.clock, call);
  for (;;) {
    const there = await findFile(ctx, at, fileName, call);
    if (there !== undefined) return there;
    try {
      const upid = (await runningDownload(ctx, at, fileName, call)) ?? (await startDownload(ctx, wish, call));
      requireSuccess(await wait(upid));
    } catch (error) {
      // Somebody else was first, or nobody knows whether PVE has begun: the next look tells.
      if (saidBy(error)?.kind !== 'file-exists' && !isUnknownOutcome(error)) throw explained(error, wish);
      await retry.pause(toFault(error, doing));
    }
  }
}

/** Undefined where it is not there, or not yet whole. */
export async function findFile(
  ctx: Context,
  at: StorageAt,
  fileName: string,
  call: Deadline,
): Promise<Volume | undefined> {
  const volumes = await listVolumes(ctx.pve, at, call, { content: 'import' });
  return volumes.find(({ volid }) => volid === importVolid(at.storage, fileName));
}

/** The same download that another call has begun, or this one before its answer was lost. */
export async function runningDownload(
  ctx: Context,
  { node }: StorageAt,
  fileName: string,
  call: Deadline,
): Promise<Upid | undefined> {
  const tasks = await activeTasks(ctx.pve, node, call);
  return tasks.find(({ type, id }) => type === 'download' && id === fileName)?.upid;
}

async function startDownload(ctx: Context, wish: WantedFile, call: Deadline): Promise<Upid> {
  const { at, fileName, url, checksum } = wish;
  call.check();
  return await downloadImage(ctx.pve, at, { url: url(), fileName, checksum }, call);
}

/** PVE's refusal of a download does not say what is missing (pve-behaviour 28.8). */
function explained(error: unknown, { doing, at }: WantedFile): unknown {
  return saidBy(error)?.kind === 'forbidden' ? mayNotFetch(doing, at, error) : error;
}

export function mayNotFetch(doing: Doing, { node, storage }: StorageAt, cause?: unknown): Fault {
  return new Fault(
    'forbidden',
    {
      ...doing,
      why: `we may not fetch files from the web with node ${node} to storage ${storage}`,
      remedy: `Grant Sys.AccessNetwork on /nodes/${node} and Datastore.AllocateTemplate on /storage/${storage} to the user and to the API token`,
    },
    { cause },
  );
}
