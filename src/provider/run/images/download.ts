// The file a template is made of: fetched for this template alone, under a name that tells which, and deleted when the
// template has its disk.
import { imageFileName } from '#claim/image-file';
import { Fault } from '#domain/fault';
import type { Upid } from '#pve/ids';
import type { VmAt } from '#pve/qemu/vm';
import { saidBy } from '#pve/said';
import { importVolid } from '#pve/storage/download';
import { deleteVolume, type Volume } from '#pve/storage/volumes';
import { requireSuccess, TaskFailed, type TaskResult, TaskStillRunning, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import type { ImageOrder } from '../../create-order.ts';
import { fetchFile, findFile, runningDownload } from '../imports/fetch.ts';
import { NO_DISK_REMEDY, whyNoDisk } from '../imports/raw-image.ts';
import type { RunTime } from '../run-time.ts';

/** A template and the file it is made of. */
export interface ImageFile {
  readonly vm: VmAt;
  readonly incarnation: string;
  readonly importStorage: string;
  readonly image: { readonly formats: readonly string[] };
}

export interface Wanted extends ImageFile {
  readonly image: Pick<ImageOrder, 'target' | 'url' | 'checksum' | 'formats'>;
}

function fileNameOf({ vm, incarnation }: ImageFile, format: string): string {
  return imageFileName(vm.vmid, incarnation, format);
}

/** The volume of the file, once it is there: of the first format that it is. */
export async function fetchImageFile(ctx: Context, wanted: Wanted, time: RunTime): Promise<string> {
  const { vm, importStorage, image } = wanted;
  const at = { node: vm.node, storage: importStorage };
  const wait = async (upid: Upid): Promise<TaskResult> => {
    time.copying({ vmid: vm.vmid, incarnation: wanted.incarnation, upid });
    return await waitLong(ctx, upid, time);
  };
  const doing = { subject: `image ${image.target}`, wanted: 'prepare' };
  const { url, checksum, formats } = image;
  for (const format of formats) {
    const file = { at, fileName: fileNameOf(wanted, format), url: () => url, checksum, doing };
    try {
      const volume = await fetchFile(ctx, file, wait, time.deadline);
      await refuseNoDisk(ctx, wanted, volume, time.deadline);
      return volume.volid;
    } catch (error) {
      const said = saidBy(error);
      if (said?.kind !== 'image-invalid') throw error;
      // A qcow2 that PVE refuses for another reason, as for a backing file, is no raw image either.
      const isOtherFormat = said.details['why']?.includes('is not in') === true;
      if (!isOtherFormat || format === formats.at(-1)) throw ofNoFormat(error, wanted);
      ctx.log.info('An image is of another format', { image: image.target, vmid: vm.vmid, format });
    }
  }
  throw new RangeError('an image has no format');
}

async function refuseNoDisk(ctx: Context, wanted: Wanted, volume: Volume, call: Deadline): Promise<void> {
  const why = whyNoDisk(volume);
  if (why === undefined) return;
  // So that the next try fetches it again.
  await deleteImageFile(ctx, wanted, call, 'whole');
  const doing = { subject: `image ${wanted.image.target}`, wanted: 'prepare' };
  throw new Fault('invalid-spec', { ...doing, why, remedy: NO_DISK_REMEDY });
}

/** What takes longer than tasks are waited for goes on without its call. */
async function waitLong(ctx: Context, upid: Upid, time: RunTime): Promise<TaskResult> {
  try {
    return await waitForTask(ctx.pve, upid, time.deadline);
  } catch (error) {
    if (!(error instanceof TaskStillRunning) || time.deadline.signal.aborted) throw error;
    time.handOver();
    return await waitForTask(ctx.pve, upid, time.deadline, { timeoutMs: Number.POSITIVE_INFINITY });
  }
}

function ofNoFormat(error: unknown, { image: { target, formats, checksum } }: Wanted): Fault {
  const why = error instanceof TaskFailed ? `PVE says "${error.exitStatus}"` : 'PVE takes it for no such image';
  const raw = 'Name the format, or give the checksum, with which a file that is no qcow2 is taken for raw';
  const isGuess = formats.length === 1 && formats[0] === 'qcow2' && checksum === undefined;
  const remedy = isGuess ? raw : 'Correct the format, or the image';
  return new Fault('invalid-spec', { subject: `image ${target}`, wanted: 'prepare', why, remedy }, { cause: error });
}

/**
 * Deletes the file; `coming`: also one that a download brings which somebody else has begun at the same time.
 * @returns whether it is gone; without Datastore.Allocate it stays.
 */
export async function deleteImageFile(
  ctx: Context,
  wanted: ImageFile,
  call: Deadline,
  which: 'whole' | 'coming',
): Promise<boolean> {
  const at = { node: wanted.vm.node, storage: wanted.importStorage };
  for (const format of wanted.image.formats) {
    const fileName = fileNameOf(wanted, format);
    const running = which === 'whole' ? undefined : await runningDownload(ctx, at, fileName, call);
    if (running !== undefined) await waitForTask(ctx.pve, running, call, { timeoutMs: Number.POSITIVE_INFINITY });
    if ((await findFile(ctx, at, fileName, call)) === undefined) continue;
    try {
      requireSuccess(await deleteVolume(ctx.pve, at, importVolid(at.storage, fileName), call));
    } catch (error) {
      if (saidBy(error)?.kind !== 'forbidden') throw error;
      ctx.log.warn('The file of an image may not be deleted (Datastore.Allocate); "vrtg orphans" lists it', {
        volume: importVolid(at.storage, fileName),
        node: at.node,
      });
      return false;
    }
  }
  return true;
}
