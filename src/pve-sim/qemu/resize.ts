// `PUT .../resize` (pve-behaviour 15): everything that is wrong is the task's error, a stale digest too (28.2).
import { requirePrivilege } from '../access/rules.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { Worker } from '../tasks/worker.ts';
import { formatDrive, isCdrom, parseDrive } from '../world/drive.ts';
import { checkNoLock, requireQemu } from '../world/guests.ts';
import { formatSize, parseSize } from '../world/size.ts';
import { findVolume, requireStorage } from '../world/volumes.ts';
import { checkDigest, checkWritable } from './config-file.ts';

export interface ResizeRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly disk: string;
  /** `+10G` or `20G` */
  readonly size: string;
  readonly digest: string | undefined;
}

/** @returns the UPID */
export function resizeDisk(sim: Sim, request: ResizeRequest): string {
  const { node, vmid, user } = request;
  return sim.tasks.fork({ node, type: 'resize', id: String(vmid), user }, async (worker) => {
    await withConfigLock(sim, worker, { node, vmid }, async () => await runResize(sim, worker, request));
  });
}

async function runResize(sim: Sim, worker: Worker, request: ResizeRequest): Promise<void> {
  const { node, vmid, disk } = request;
  const guest = requireQemu(sim.world, node, vmid);
  checkDigest(guest, request.digest);
  checkNoLock(guest);
  const value = guest.config[disk];
  if (value === undefined) throw failure(`disk '${disk}' does not exist`);
  const drive = parseDrive(value);
  if (isCdrom(drive)) throw failure("you can't resize a cdrom");
  const volume = findVolume(sim.world, node, drive.file);
  if (volume === undefined) throw failure(`volume '${drive.file}' does not exist`);
  if (volume.format === 'vmdk') throw failure("can't resize this image format");
  const storage = requireStorage(sim.world, volume.storage, node);
  requirePrivilege(sim.world, request.user, `/storage/${storage.id}`, ['Datastore.AllocateSpace']);
  const wanted = wantedBytes(request.size, volume.sizeBytes);
  if (wanted < volume.sizeBytes) throw failure('shrinking disks is not supported');
  if (wanted === volume.sizeBytes) return;
  await worker.work(sim.durations.resizeMs);
  // The storage half first: without quorum the image has grown and the config has not (pve-behaviour 26).
  volume.sizeBytes = wanted;
  checkWritable(sim, node, vmid);
  guest.config[disk] = formatDrive({ ...drive, options: { ...drive.options, size: formatSize(wanted) } });
}

function wantedBytes(size: string, current: number): number {
  const bytes = parseSize(size.replace(/^\+/, '')) ?? 0;
  return size.startsWith('+') ? current + bytes : bytes;
}
