// ImportDisk: a node fetches a disk image as import content, which Create takes as the disk of a VM. The name of the file
// follows from the request, so that PVE's own refusal to replace a file makes two requests one.
import { createHash } from 'node:crypto';
import { Fault } from '#domain/fault';
import type { Upid } from '#pve/ids';
import { isAtLeast } from '#pve/rules/versions';
import { importVolid } from '#pve/storage/download';
import { deleteVolume, type StorageAt, type Volume } from '#pve/storage/volumes';
import { TaskStillRunning, waitForTask } from '#pve/tasks';
import type { DiskImport } from '#rpc/payload/import-disk';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import { type Doing, toFault } from '../../faults.ts';
import { fetchFile } from './fetch.ts';
import { placeForImport } from './place.ts';
import { presignedUrl } from './presign.ts';
import { NO_DISK_REMEDY, whyNoDisk } from './raw-image.ts';

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
  requireImports(ctx, { subject, wanted: 'import' });
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
export function requireImports({ version }: Context, doing: Doing): void {
  if (isAtLeast(version, 8, 4)) return;
  throw new Fault('unsupported', {
    ...doing,
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
  const { order, at, fileName, volid, subject } = wish;
  const { checksum } = order;
  const imported = { volid, storage: at.storage, checksum: checksum?.value ?? '' };
  const wait = async (upid: Upid) => await waitForTask(ctx.pve, upid, call, { timeoutMs: Number.POSITIVE_INFINITY });
  const doing = { subject, wanted: 'import' };
  try {
    const file = { at, fileName, url: () => urlFor(ctx, order), checksum, doing };
    const volume = await fetchFile(ctx, file, wait, call);
    await refuseNoDisk(ctx, wish, volume, call);
    return { ...imported, sizeBytes: volume.sizeBytes, running: undefined };
  } catch (error) {
    if (error instanceof TaskStillRunning) return { ...imported, sizeBytes: undefined, running: error.upid };
    throw error;
  }
}

async function refuseNoDisk(ctx: Context, { at, subject }: Import, volume: Volume, call: Deadline): Promise<void> {
  const why = whyNoDisk(volume);
  if (why === undefined) return;
  // So that the next try fetches it again; without Datastore.Allocate somebody else has to.
  const isGone = await deleteVolume(ctx.pve, at, volume.volid, call).then(
    ({ outcome }) => outcome !== 'failed',
    () => false,
  );
  const remedy = isGone ? NO_DISK_REMEDY : `${NO_DISK_REMEDY}. Then delete ${volume.volid}, and import it again`;
  throw new Fault('invalid-spec', { subject, wanted: 'import', why, remedy });
}

/** As long as a slow download may take. */
const SIGNED_SECONDS = 6 * 3600;

function urlFor(ctx: Context, { source }: DiskImport): string {
  if (source.kind === 'url') return source.url.href;
  return presignedUrl(source.object, source.credentials, { now: ctx.clock.realNow(), seconds: SIGNED_SECONDS });
}
