// PVE frees the disks of a create that fails, but not where the last thing it does has failed, the join of the pool
// (pve-behaviour 28.5): they stay, and no configuration names them.
import { parseDrive, storageOf } from '#pve/codec/drive';
import { isVmidFree } from '#pve/cluster/nextid';
import type { NodeName, Vmid } from '#pve/ids';
import { deleteVolume } from '#pve/storage/volumes';
import { requireSuccess, TaskFailed } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';

const NO_JOIN = /^(?!clone failed).*can't add VM \d+ to pool/;
const CREATED = /successfully created disk '([^']+)'/;

/**
 * Deletes the disks that a create of ours has made, by its own log, and has left with its failed join; after any other
 * failure none. A name that is taken by a disk is given to no other, so that what is deleted is what was made.
 */
export async function deleteLeftDisks(
  ctx: Context,
  { node, vmid }: { readonly node: NodeName; readonly vmid: Vmid },
  error: unknown,
  call: Deadline,
): Promise<void> {
  if (!(error instanceof TaskFailed) || !NO_JOIN.test(error.exitStatus) || call.signal.aborted) return;
  const volumes = error.logTail.flatMap((line) => parseDrive(CREATED.exec(line)?.[1] ?? '') ?? []);
  try {
    // Whoever has the id by now may have taken them for his own.
    if (!(await isVmidFree(ctx.pve, vmid, call))) return;
    for (const drive of volumes) {
      const storage = storageOf(drive);
      if (storage === undefined || !drive.file.includes(`vm-${vmid}-`)) continue;
      requireSuccess(await deleteVolume(ctx.pve, { node, storage }, drive.file, call));
      ctx.log.info('Deleted a disk that a failed create had left behind', { vmid, volume: drive.file });
    }
  } catch (reason) {
    ctx.log.warn('A disk of a failed create is left behind; "vrtg orphans" lists it', { vmid, error: reason });
  }
}
