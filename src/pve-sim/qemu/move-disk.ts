// `POST .../move_disk` to another storage or format (pve-behaviour 15; logs as in recording one-node/54).
import { requirePrivilege } from '../access/rules.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import { failureText } from '../process.ts';
import { failure } from '../pve-error.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import type { Sim } from '../sim.ts';
import { makeBase } from '../storage/base-image.ts';
import { convertImage } from '../storage/convert-image.ts';
import { allocate, free, freeOrWarn } from '../storage/disk-work.ts';
import { mirrorDisk } from '../storage/mirror-disk.ts';
import { usableFormat } from '../storage/usable-format.ts';
import type { Worker } from '../tasks/worker.ts';
import { type Drive, formatDrive, isCdrom, isCloudInit, isUnusedKey, parseDrive } from '../world/drive.ts';
import { checkNoLock, isTemplate, requireQemu } from '../world/guests.ts';
import { formatSize, KIB } from '../world/size.ts';
import { storageIdOf } from '../world/volid.ts';
import { requireStorage, requireVolume } from '../world/volumes.ts';
import type { Guest, Volume } from '../world/world.ts';
import { checkUnmodified, checkWritable } from './config-file.ts';
import { addUnused, isVolumeInUse } from './guest-volumes.ts';

export interface MoveRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly disk: string;
  readonly storage: string;
  readonly format: string | undefined;
  readonly deleteSource: boolean;
  readonly digest: string | undefined;
  readonly bytesPerSecond: number | undefined;
}

/** @returns the UPID */
export function moveDisk(sim: Sim, request: MoveRequest): string {
  const { node, vmid, user } = request;
  requirePrivilege(sim.world, user, `/storage/${request.storage}`, ['Datastore.AllocateSpace']);
  checkMove(sim, request);
  return sim.tasks.fork({ node, type: 'qmmove', id: String(vmid), user }, async (worker) => {
    await withConfigLock(sim, worker, { node, vmid }, async () => await runMove(sim, worker, request));
  });
}

interface Source {
  readonly guest: Guest;
  readonly drive: Drive;
  readonly hasSnapshots: boolean;
}

/** Before the fork, and again under the lock. */
function checkMove(sim: Sim, request: MoveRequest): Source {
  const { node, vmid, disk, storage, format, deleteSource } = request;
  const guest = requireQemu(sim.world, node, vmid);
  checkNoLock(guest);
  checkUnmodified(guest, request.digest);
  const value = guest.config[disk];
  if (value === undefined) throw failure(`disk '${disk}' does not exist`);
  const drive = parseDrive(value);
  if (isCdrom(drive) && !isCloudInit(drive)) throw failure("you can't move a cdrom");
  const oldFormat = /\.(raw|qcow2|vmdk)$/.exec(drive.file)?.[1];
  const sameStorage = drive.file.startsWith(`${storage}:`);
  if (sameStorage && (format === undefined || oldFormat === undefined || format === oldFormat)) {
    throw failure("you can't move to the same storage with same format");
  }
  const hasSnapshots = isVolumeInUse(sim, guest, disk, drive.file);
  if (hasSnapshots && deleteSource) throw failure("you can't move a disk with snapshots and delete the source");
  requireStorage(sim.world, storage, node);
  return { guest, drive, hasSnapshots };
}

async function runMove(sim: Sim, worker: Worker, request: MoveRequest): Promise<void> {
  const { node, vmid, disk, storage, deleteSource } = request;
  const { guest, drive, hasSnapshots } = checkMove(sim, request);
  const isTold = profileOfNode(sim.world, node).has('moveLogsVolumes');
  const from = storageIdOf(drive.file);
  if (isTold)
    worker.log(`copying volume '${drive.file}' from current storage '${from}' to target storage '${storage}'`);
  if (hasSnapshots) worker.log('moving disk with snapshots, snapshots will not be moved!');
  const made: string[] = [];
  try {
    const moved = await copyVolume(sim, worker, request, { guest, drive }, made);
    checkWritable(sim, node, vmid);
    guest.config[disk] = isUnusedKey(disk) ? moved.volid : formatDrive(movedDrive(drive, moved));
    if (!deleteSource) await keepSource(sim, worker, guest, drive, isTold);
  } catch (error) {
    for (const volid of made) await freeOrWarn(sim, worker, node, volid);
    throw failure(`storage migration failed: ${failureText(error)}`);
  }
  if (!deleteSource) return;
  if (isTold) worker.log(`removing source volume '${drive.file}' after successful copy`);
  await free(sim, worker, node, drive.file).catch((error: unknown) => worker.log(failureText(error)));
}

function movedDrive(drive: Drive, { volid, sizeBytes }: Volume): Drive {
  return { file: volid, options: { ...drive.options, size: formatSize(sizeBytes) } };
}

/** A cloud-init drive is no disk that anybody keeps: it is freed, and PVE then logs an empty key. */
async function keepSource(sim: Sim, worker: Worker, guest: Guest, drive: Drive, isTold: boolean): Promise<void> {
  let key: string | undefined;
  if (isCloudInit(drive)) {
    worker.log(`found unused cloudinit disk '${drive.file}', removing it`);
    await free(sim, worker, guest.node, drive.file);
  } else key = addUnused(guest, drive.file);
  if (isTold) worker.log(`adding source volume '${drive.file}' as '${key ?? ''}' to config`);
}

async function copyVolume(
  sim: Sim,
  worker: Worker,
  request: MoveRequest,
  { guest, drive }: Pick<Source, 'guest' | 'drive'>,
  made: string[],
): Promise<Volume> {
  const { node, disk, bytesPerSecond } = request;
  const source = requireVolume(sim.world, node, drive.file);
  const isRunning = guest.run !== undefined && !isUnusedKey(disk);
  if (disk === 'tpmstate0' && isRunning) throw failure('cannot move TPM state while VM is running');
  worker.log(`create full clone of drive ${disk} (${drive.file})`);
  const profile = profileOfNode(sim.world, node);
  const onto = requireStorage(sim.world, request.storage, node);
  const kind = isCloudInit(drive) ? 'cloudinit' : 'disk';
  const sizeBytes = Math.ceil(source.sizeBytes / KIB) * KIB;
  const warns = profile.has('formatFallbackWarns');
  const format = usableFormat(worker, onto, request.format ?? source.format, warns);
  const moved = await allocate(sim, worker, node, onto.id, { vmid: guest.vmid, sizeBytes, format, kind });
  made.push(moved.volid);
  if (profile.has('allocationLogged')) worker.log(`allocated target volume '${moved.volid}'`);
  if (kind === 'cloudinit') return moved;
  const images = { from: source, to: moved };
  const { sizeBytes: bytes } = source;
  if (isRunning) {
    await mirrorDisk(sim, worker, { node, key: disk, ...images, bytes, limit: bytesPerSecond });
    logSwitch(worker, disk);
  } else await convertImage(sim, worker, { node, ...images, bytes, limit: bytesPerSecond });
  return isTemplate(guest) ? await makeBase(sim, worker, node, moved) : moved;
}

/** The guest goes on with the copy. */
function logSwitch(worker: Worker, disk: string): void {
  worker.log(`drive-${disk}: Completing block job...`);
  worker.log(`drive-${disk}: Completed successfully.`);
}
