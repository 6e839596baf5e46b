// Turns a drive value as it was asked for into the one that is stored, allocating what it names (pve-behaviour 9.2).
import { DRIVE_BYTES } from '../cloudinit/drive.ts';
import type { Process } from '../process.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { makeBase } from '../storage/base-image.ts';
import { allocate, freeOrWarn, rounded } from '../storage/disk-work.ts';
import { storageKind } from '../storage/storage-types.ts';
import { type Drive, drivesOf, formatDrive, isCdrom, isCloudInit, parseDrive } from '../world/drive.ts';
import { formatSize, GIB, KIB, MIB } from '../world/size.ts';
import { storageIdOf } from '../world/volid.ts';
import { checkUsable, isFileStorage, requireStorage, requireVolume } from '../world/volumes.ts';
import type { StorageState, Volume } from '../world/world.ts';
import { copySource, type ImportSource, importSource, withSourceLock } from './import-disk.ts';

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
  /** Where a second cloud-init drive would be seen, and whether the guest is a template. */
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
  const storage = requireStorage(sim.world, storageIdOf(drive.file), wish.node);
  const { format } = drive.options;
  checkFormat(storage, format);
  const volume = await allocate(sim, worker, wish.node, storage.id, {
    vmid: wish.vmid,
    sizeBytes: DRIVE_BYTES,
    format,
    kind: 'cloudinit',
  });
  return made(worker, wish.key, { file: volume.volid, options: { media: 'cdrom' } });
}

async function makeDisk(
  sim: Sim,
  worker: Process,
  wish: DriveWish,
  drive: Drive,
  fresh: { storage: string; gib: number },
): Promise<NewDrive> {
  const { format, 'import-from': from, size: _, ...options } = drive.options;
  const storage = requireStorage(sim.world, fresh.storage, wish.node);
  const source = from === undefined ? undefined : importSource(sim, worker, wish.node, from);
  const volume =
    source === undefined
      ? await allocateFresh(sim, worker, wish, storage, options, { format, gib: fresh.gib })
      : await importDisk(sim, worker, wish, storage, source, format);
  const isTemplate = wish.config['template'] === '1';
  const kept = isTemplate ? await makeBase(sim, worker, wish.node, volume) : volume;
  const size = formatSize(kept.sizeBytes);
  return made(worker, wish.key, {
    file: kept.volid,
    options: { ...certificates(sim, wish, options), ...options, size },
  });
}

function made(worker: Process, key: string, drive: Drive): NewDrive {
  const value = formatDrive(drive);
  worker.log(`${key}: successfully created disk '${value}'`);
  return { key, value, allocated: drive.file };
}

interface FreshDisk {
  readonly format: string | undefined;
  readonly gib: number;
}

async function allocateFresh(
  sim: Sim,
  worker: Process,
  { node, vmid, key }: DriveWish,
  storage: StorageState,
  options: Drive['options'],
  { format, gib }: FreshDisk,
): Promise<Volume> {
  const wanted = key === 'tpmstate0' ? stateFormat(sim, node, format) : format;
  checkFormat(storage, wanted);
  const sizeBytes = fixedBytes(key, options, storage) ?? Math.ceil((gib * GIB) / KIB) * KIB;
  const volume = await allocate(sim, worker, node, storage.id, { vmid, sizeBytes, format: wanted, kind: 'disk' });
  // The firmware's variables are copied onto it.
  if (key === 'efidisk0') worker.log(`transferred ${rounded(sizeBytes)} of ${rounded(sizeBytes)} (100.00%)`);
  return volume;
}

/** Older versions' TPM emulator takes raw volumes alone. */
function stateFormat(sim: Sim, node: string, format: string | undefined): string {
  return profileOfNode(sim.world, node).has('tpmFormats') ? (format ?? 'raw') : 'raw';
}

/** @throws as the storage's plugin does; copies fall back to another format instead */
function checkFormat(storage: StorageState, format: string | undefined): void {
  const known: readonly string[] = storageKind(storage).formats;
  if (format !== undefined && !known.includes(format))
    throw failure(`unsupported format '${format}' at /usr/share/perl5/PVE/Storage.pm line 1070.`);
}

/** EFI and TPM state have their own sizes, whatever was asked for; LVM rounds up to its extents. */
function fixedBytes(key: string, options: Drive['options'], storage: StorageState): number | undefined {
  if (key === 'tpmstate0') return 4 * MIB;
  if (key !== 'efidisk0') return undefined;
  if (!isFileStorage(storage)) return 4 * MIB;
  return (options['efitype'] === '4m' ? 528 : 128) * KIB;
}

/** With keys enrolled beforehand it is told of which year Microsoft's are (recording one-node/41). */
function certificates(sim: Sim, { node, key }: DriveWish, options: Drive['options']): Drive['options'] {
  const enrolled = key === 'efidisk0' && options['pre-enrolled-keys'] === '1';
  return enrolled && profileOfNode(sim.world, node).has('efiCertificates') ? { 'ms-cert': '2023k' } : {};
}

async function importDisk(
  sim: Sim,
  worker: Process,
  { node, vmid }: DriveWish,
  storage: StorageState,
  source: ImportSource,
  format: string | undefined,
): Promise<Volume> {
  return await withSourceLock(sim, worker, vmid, source, async () => {
    worker.log(`create full clone of drive ${source.key === undefined ? '' : `${source.key} `}(${source.volid})`);
    const wish = { vmid, sizeBytes: source.bytes, format: format ?? source.format, kind: 'disk' } as const;
    const volume = await allocate(sim, worker, node, storage.id, wish);
    if (profileOfNode(sim.world, node).has('allocationLogged')) worker.log(`allocated target volume '${volume.volid}'`);
    try {
      await copySource(sim, worker, node, source, volume);
    } catch (error) {
      await freeOrWarn(sim, worker, node, volume.volid);
      throw error;
    }
    return volume;
  });
}

/** A volume or medium that is there already: its size is probed. */
function existing(sim: Sim, wish: DriveWish, drive: Drive): Drive {
  if (isCdrom(drive) && !drive.file.includes(':')) return { ...drive, options: { ...drive.options, media: 'cdrom' } };
  const { file } = drive;
  // The simulated hosts have no devices and no files beside their storages.
  if (file.startsWith('/')) throw failure(`volume ${file} does not exist`);
  const storage = requireStorage(sim.world, storageIdOf(file));
  checkUsable(storage, wish.node);
  const volume = requireVolume(sim.world, wish.node, file);
  if (isCloudInit(drive)) return drive;
  const medium = isCdrom(drive) && volume.content === 'images' ? {} : { size: formatSize(volume.sizeBytes) };
  return { ...drive, options: { ...drive.options, ...medium } };
}
