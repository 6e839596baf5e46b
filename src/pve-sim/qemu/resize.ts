// `PUT .../resize` (pve-behaviour 15): everything that is wrong is the task's error, a stale digest too (28.2). Before 8 it
// was no task: null, or the same texts at once.
import { requirePrivilege } from '../access/rules.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import type { Sim } from '../sim.ts';
import { checkGrowth } from '../storage/room.ts';
import { formatDrive, isCdrom, parseDrive } from '../world/drive.ts';
import { checkNoLock, requireQemu } from '../world/guests.ts';
import { formatSize, parseSize } from '../world/size.ts';
import { storageIdOf } from '../world/volid.ts';
import { isFileStorage, requireStorage, requireVolume } from '../world/volumes.ts';
import type { Guest } from '../world/world.ts';
import { checkDigest, checkWritable } from './config-file.ts';

export interface ResizeRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly disk: string;
  /** `+10G` or `20G` */
  readonly size: string;
  readonly digest: string | undefined;
  readonly skiplock: boolean;
}

/** @returns the UPID, or null where it is done */
export async function resizeDisk(sim: Sim, process: Process, request: ResizeRequest): Promise<string | null> {
  const { node, vmid, user } = request;
  const underLock = async (worker: Process): Promise<void> =>
    await withConfigLock(sim, worker, { node, vmid }, async () => await runResize(sim, worker, request));
  if (profileOfNode(sim.world, node).has('resizeIsTask')) {
    return sim.tasks.fork({ node, type: 'resize', id: String(vmid), user }, underLock);
  }
  await underLock(process);
  return null;
}

async function runResize(sim: Sim, process: Process, request: ResizeRequest): Promise<void> {
  const { node, vmid, disk } = request;
  const guest = requireQemu(sim.world, node, vmid);
  checkDigest(sim, guest, request.digest);
  if (!request.skiplock) checkNoLock(guest);
  const value = guest.config[disk];
  if (value === undefined) throw failure(`disk '${disk}' does not exist`);
  const drive = parseDrive(value);
  checkNoSnapshots(sim, guest, disk, drive.file);
  if (isCdrom(drive)) throw failure("you can't resize a cdrom");
  const storage = requireStorage(sim.world, storageIdOf(drive.file), node);
  requirePrivilege(sim.world, request.user, `/storage/${storage.id}`, ['Datastore.AllocateSpace']);
  const volume = requireVolume(sim.world, node, drive.file);
  const wanted = wantedBytes(request.size, volume.sizeBytes);
  if (wanted < volume.sizeBytes) throw failure('shrinking disks is not supported');
  if (wanted === volume.sizeBytes) return;
  if (volume.format === 'vmdk') throw failure("can't resize this image format");
  await process.work(sim.durations.resizeMs);
  checkGrowth(sim.world, node, storage, volume, wanted - volume.sizeBytes);
  // The storage half first: without quorum the image has grown and the config has not (pve-behaviour 26).
  volume.sizeBytes = wanted;
  if (isFileStorage(storage) && guest.run === undefined) process.log('Image resized.');
  checkWritable(sim, node, vmid);
  guest.config[disk] = formatDrive({ ...drive, options: { ...drive.options, size: formatSize(wanted) } });
}

/** Before 8 qcow2 images with snapshots do not grow. */
function checkNoSnapshots(sim: Sim, guest: Guest, disk: string, file: string): void {
  if (profileOfNode(sim.world, guest.node).has('resizeIsTask')) return;
  if (Object.keys(guest.snapshots).length > 0 && file.endsWith('.qcow2')) {
    throw failure(`can't resize volume: ${disk} if snapshot exists`);
  }
}

function wantedBytes(size: string, current: number): number {
  const bytes = parseSize(size.replace(/^\+/, '')) ?? 0;
  return size.startsWith('+') ? current + bytes : bytes;
}
