// Turns a drive value as it was asked for into the one that is stored, allocating what it names (pve-behaviour 9.2).
import { DRIVE_BYTES } from '../cloudinit/drive.ts';
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { imageBytes } from '../storage/image-size.ts';
import { allocate, copy, freeOrWarn } from '../storage/disk-work.ts';
import { type Drive, drivesOf, formatDrive, isCdrom, isCloudInit, parseDrive } from '../world/drive.ts';
import { formatSize, GIB, MIB } from '../world/size.ts';
import { checkUsable, findVolume, isFileStorage, requireStorage } from '../world/volumes.ts';
import type { StorageState, Volume } from '../world/world.ts';

const KIB = 1024;

/** `<storage>:<GiB>`: a volume that is not there yet. */
export function newDiskOf(file: string): { storage: string; gib: number } | undefined {
  const match = /^([^:\s]+):(\d+(?:\.\d+)?)$/.exec(file);
  return match === null ? undefined : { storage: match[1] ?? '', gib: Number(match[2]) };
}

export function isNewCloudInit(file: string): boolean {
  return /^[^:]+:cloudinit$/.test(file);
}

export interface NewDrive {
  readonly key: string;
  /** What goes into the config. */
  readonly value: string;
  /** What was allocated for it, to be freed if the rest fails. */
  readonly allocated: string | undefined;
}

export interface DriveWish {
  readonly node: string;
  readonly vmid: number;
  readonly key: string;
  readonly value: string;
  /** Where a second cloud-init drive would be seen. */
  readonly config: Readonly<Record<string, string>>;
}

export async function makeDrive(sim: Sim, worker: Process, wish: DriveWish): Promise<NewDrive> {
  const drive = parseDrive(wish.value);
  if (isNewCloudInit(drive.file)) return await makeCloudInit(sim, worker, wish, drive);
  const fresh = newDiskOf(drive.file);
  if (fresh !== undefined) return await makeDisk(sim, worker, wish, drive, fresh);
  return { key: wish.key, value: formatDrive(existing(sim, wish, drive)), allocated: undefined };
}

async function makeCloudInit(sim: Sim, worker: Process, wish: DriveWish, drive: Drive): Promise<NewDrive> {
  const other = drivesOf(wish.config).find(([key, known]) => key !== wish.key && isCloudInit(known));
  if (other !== undefined) throw failure(`${wish.key} - cloud-init drive is already attached at '${other[0]}'`);
  const storage = drive.file.slice(0, drive.file.indexOf(':'));
  const { format } = drive.options;
  const volume = await allocate(sim, worker, wish.node, storage, {
    vmid: wish.vmid,
    sizeBytes: DRIVE_BYTES,
    format,
    kind: 'cloudinit',
  });
  const value = formatDrive({ file: volume.volid, options: { media: 'cdrom' } });
  worker.log(`${wish.key}: successfully created disk '${value}'`);
  return { key: wish.key, value, allocated: volume.volid };
}

async function makeDisk(
  sim: Sim,
  worker: Process,
  wish: DriveWish,
  drive: Drive,
  fresh: { storage: string; gib: number },
): Promise<NewDrive> {
  const { format, 'import-from': source, size: _, ...options } = drive.options;
  const storage = requireStorage(sim.world, fresh.storage, wish.node);
  const imported = source === undefined ? undefined : sourceOf(sim, wish.node, source);
  const sizeBytes =
    imported?.bytes ?? fixedBytes(wish.key, options, storage) ?? Math.ceil((fresh.gib * GIB) / KIB) * KIB;
  const volume = await allocate(sim, worker, wish.node, storage.id, {
    vmid: wish.vmid,
    sizeBytes,
    format: format ?? imported?.format,
    kind: 'disk',
  });
  try {
    if (imported !== undefined) {
      const images = { from: imported.volume, to: volume };
      await copy(sim, worker, wish.node, storage, imported.bytes, { images });
    }
  } catch (error) {
    await freeOrWarn(sim, worker, wish.node, volume.volid);
    throw error;
  }
  const secureBoot = wish.key === 'efidisk0' && options['pre-enrolled-keys'] === '1' ? { 'ms-cert': '2023k' } : {};
  const value = formatDrive({
    file: volume.volid,
    options: { ...secureBoot, ...options, size: formatSize(sizeBytes) },
  });
  worker.log(`${wish.key}: successfully created disk '${value}'`);
  return { key: wish.key, value, allocated: volume.volid };
}

/** EFI and TPM state have their own sizes, whatever was asked for; LVM rounds up to its extents. */
function fixedBytes(key: string, options: Readonly<Record<string, string>>, storage: StorageState): number | undefined {
  if (key === 'tpmstate0') return 4 * MIB;
  if (key !== 'efidisk0') return undefined;
  if (!isFileStorage(storage)) return 4 * MIB;
  return (options['efitype'] === '4m' ? 528 : 128) * KIB;
}

function sourceOf(sim: Sim, node: string, source: string): { bytes: number; format: string; volume: Volume } {
  if (source.startsWith('/')) throw failure(`can't find file '${source}'`);
  const storage = requireStorage(sim.world, source.slice(0, source.indexOf(':')), node);
  const volume = findVolume(sim.world, node, source);
  if (volume !== undefined) return { bytes: imageBytes(volume.data, volume.sizeBytes), format: volume.format, volume };
  const name = source.slice(source.indexOf(':') + 1);
  if (name.startsWith('import/')) throw failure(`failed to stat '${storage.path ?? ''}/${name}'`);
  throw failure(`cannot import from '${source}' - could not get size of ${source}`);
}

/** A volume or medium that is there already: its size is probed. */
function existing(sim: Sim, wish: DriveWish, drive: Drive): Drive {
  if (isCdrom(drive) && !drive.file.includes(':')) return { ...drive, options: { ...drive.options, media: 'cdrom' } };
  // The simulated hosts have no devices and no files beside their storages.
  if (drive.file.startsWith('/')) throw failure(`volume ${drive.file} does not exist`);
  const storage = requireStorage(sim.world, drive.file.slice(0, drive.file.indexOf(':')));
  checkUsable(storage, wish.node);
  const volume = findVolume(sim.world, wish.node, drive.file);
  if (volume === undefined) throw failure(`volume '${drive.file}' does not exist`);
  if (isCloudInit(drive)) return drive;
  const medium = isCdrom(drive) && volume.content === 'images' ? {} : { size: formatSize(volume.sizeBytes) };
  return { ...drive, options: { ...drive.options, ...medium } };
}
