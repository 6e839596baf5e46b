// ImportDisk: a node fetches a disk image as import content, which Create takes as the disk of a VM. The name of the file
// follows from the request, so that PVE's own refusal to replace a file makes two requests one.
import { createHash } from 'node:crypto';
import { Fault } from '#domain/fault';
import { isUnknownOutcome } from '#pve/errors';
import type { Upid } from '#pve/ids';
import { activeTasks } from '#pve/nodes/tasks';
import { isAtLeast } from '#pve/rules/versions';
import { saidBy } from '#pve/said';
import { downloadImage, importVolid } from '#pve/storage/download';
import { listVolumes, type StorageAt } from '#pve/storage/volumes';
import { requireSuccess, TaskStillRunning, waitForTask } from '#pve/tasks';
import type { DiskImport } from '#rpc/payload/import-disk';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import { toFault } from '../../faults.ts';
import { patience } from '../patience.ts';
import { placeForImport } from './place.ts';
import { presignedUrl } from './presign.ts';

export interface ImportedDisk {
  /** What Create takes as the image's path. */
  readonly volid: string;
  readonly storage: string;
  /** Of the file; undefined while it is still being fetched. */
  readonly sizeBytes: number | undefined;
  /** What it was compared with; `''`: with nothing. */
  readonly checksum: string;
  /** PVE's task, where it takes longer than the call. */
  readonly running: Upid | undefined;
}

interface Import {
  readonly order: DiskImport;
  readonly at: StorageAt;
  readonly fileName: string;
  readonly volid: string;
  /** For errors. */
  readonly subject: string;
}

/** Ends with the image in place, or with the task that fetches it when the time of the call is over. */
export async function importDisk(ctx: Context, order: DiskImport, call: Deadline): Promise<ImportedDisk> {
  const subject = `image ${order.target}`;
  requireVersion(ctx, subject);
  const fileName = fileNameFor(ctx, order);
  try {
    const at = await placeForImport(ctx, fileName, order.storage, subject, call);
    const volid = importVolid(at.storage, fileName);
    const lane = { key: `import:${volid}`, width: 1 };
    return await ctx.lanes.through([lane], call.signal, async () => {
      return await fetchImage(ctx, { order, at, fileName, volid, subject }, call);
    });
  } catch (error) {
    throw toFault(error, { subject, wanted: 'import' });
  }
}

/** Before 8.4 there is no content for disk images that the API can fill. */
function requireVersion({ version }: Context, subject: string): void {
  if (isAtLeast(version, 8, 4)) return;
  throw new Fault('unsupported', {
    subject,
    wanted: 'import',
    why: `Proxmox VE can fetch disk images from 8.4 on, and this is ${version.text}`,
    remedy: 'Make a template of it on PVE, and name that, or upgrade',
  });
}

/** `vrtg-<target>-<hash>.<format>`: another source, or another checksum, is another file. */
function fileNameFor(ctx: Context, { target, sourceUrl, source, format, checksum }: DiskImport): string {
  const store = source.kind === 's3' ? (source.object.endpoint?.href ?? source.object.region) : '';
  const parts = ['vrtg-import-1', ctx.instance, target, sourceUrl, store, checksum?.value ?? ''];
  const hash = createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12);
  const words = target.replace(/[^a-zA-Z0-9.-]+/g, '-').slice(0, 80);
  return `vrtg-${words}-${hash}.${format}`;
}

async function fetchImage(ctx: Context, wish: Import, call: Deadline): Promise<ImportedDisk> {
  const { order, at, volid, subject } = wish;
  const retry = patience(ctx.clock, call);
  for (;;) {
    const imported = { volid, storage: at.storage, checksum: order.checksum?.value ?? '' };
    const there = (await listVolumes(ctx.pve, at, call, { content: 'import' })).find((one) => one.volid === volid);
    if (there !== undefined) return { ...imported, sizeBytes: there.sizeBytes, running: undefined };
    try {
      const upid = (await runningDownload(ctx, wish, call)) ?? (await startDownload(ctx, wish, call));
      requireSuccess(await waitForTask(ctx.pve, upid, call, { timeoutMs: Number.POSITIVE_INFINITY }));
    } catch (error) {
      if (error instanceof TaskStillRunning) return { ...imported, sizeBytes: undefined, running: error.upid };
      // Somebody else was first, or nobody knows whether PVE has begun: the next look tells.
      if (saidBy(error)?.kind !== 'file-exists' && !isUnknownOutcome(error)) throw explained(error, wish);
      await retry.pause(toFault(error, { subject, wanted: 'import' }));
    }
  }
}

/** The same download that another call has begun, or this one before its answer was lost. */
async function runningDownload(ctx: Context, { at, fileName }: Import, call: Deadline): Promise<Upid | undefined> {
  const tasks = await activeTasks(ctx.pve, at.node, call);
  return tasks.find(({ type, id }) => type === 'download' && id === fileName)?.upid;
}

/** As long as a slow download may take. */
const SIGNED_SECONDS = 6 * 3600;

async function startDownload(ctx: Context, { order, at, fileName }: Import, call: Deadline): Promise<Upid> {
  const { source, checksum } = order;
  const validity = { now: ctx.clock.realNow(), seconds: SIGNED_SECONDS };
  const url = source.kind === 'url' ? source.url.href : presignedUrl(source.object, source.credentials, validity);
  call.check();
  return await downloadImage(ctx.pve, at, { url, fileName, checksum }, call);
}

/** PVE's refusal of a download does not say what is missing (pve-behaviour 28.8). */
function explained(error: unknown, { subject, at }: Import): unknown {
  if (saidBy(error)?.kind !== 'forbidden') return error;
  return new Fault(
    'forbidden',
    {
      subject,
      wanted: 'import',
      why: `we may not fetch files from the web with node ${at.node} to storage ${at.storage}`,
      remedy: `Grant Sys.AccessNetwork on /nodes/${at.node} and Datastore.AllocateTemplate on /storage/${at.storage} to the user and to the API token`,
    },
    { cause: error },
  );
}
