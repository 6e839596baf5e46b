// Volumes of the storages: names, look-up, what a config refers to (pve-behaviour 8.3).
import { failure } from '../pve-error.ts';
import { storageKind } from '../storage/storage-types.ts';
import { storageIdOf, volumeNameOf } from './volid.ts';
import type { StorageState, Volume, World } from './world.ts';

export function volumeKey(storage: StorageState, node: string, volid: string): string {
  return `${storage.shared ? '' : node}/${volid}`;
}

/** @throws PVE's texts for a storage that is not there, disabled, or not for this node. */
export function requireStorage(world: World, id: string, node?: string): StorageState {
  const storage = world.storages[id];
  if (storage === undefined) throw failure(`storage '${id}' does not exist`);
  if (node !== undefined) checkUsable(storage, node);
  return storage;
}

export function checkUsable(storage: StorageState, node: string): void {
  if (storage.disabled) throw failure(`storage '${storage.id}' is disabled`);
  if (!isOnNode(storage, node)) throw failure(`storage '${storage.id}' is not available on node '${node}'`);
}

export function isOnNode(storage: StorageState, node: string): boolean {
  return storage.nodes === undefined || storage.nodes.includes(node);
}

export function isFileStorage(storage: StorageState): boolean {
  return storageKind(storage).layout === 'files';
}

export function findVolume(world: World, node: string, volid: string): Volume | undefined {
  const storage = world.storages[storageIdOf(volid)];
  return storage === undefined ? undefined : world.volumes[volumeKey(storage, node, volid)];
}

/** @throws `volume '...' does not exist` */
export function requireVolume(world: World, node: string, volid: string): Volume {
  const volume = findVolume(world, node, volid);
  if (volume === undefined) throw failure(`volume '${volid}' does not exist`);
  return volume;
}

export function volumesOn(world: World, node: string, storage: StorageState): Volume[] {
  const scope = storage.shared ? undefined : node;
  return Object.values(world.volumes).filter((volume) => volume.storage === storage.id && volume.node === scope);
}

export function usedBytes(world: World, node: string, storage: StorageState): number {
  return volumesOn(world, node, storage).reduce((sum, volume) => sum + takenBytes(storage, volume), 0);
}

/** What a volume takes up: all of its size where the storage sets it aside, else what has been written. */
export function takenBytes(storage: StorageState, volume: Volume): number {
  return isThick(storage) ? volume.sizeBytes : (volume.writtenBytes ?? volume.sizeBytes);
}

/** Whether a volume's whole size is set aside for it. Others can be promised more than there is (pve-behaviour 8). */
export function isThick({ type, options = {} }: StorageState): boolean {
  if (type === 'lvm' || type === 'iscsi') return true;
  if (type === 'zfspool') return options['sparse'] !== '1';
  return options['preallocation'] === 'full' || options['preallocation'] === 'falloc';
}

export interface VolumeWish {
  readonly vmid: number;
  readonly sizeBytes: number;
  readonly format?: string | undefined;
  /** `cloudinit` has a fixed name, disks the lowest free number of the guest on that storage. */
  readonly kind: 'disk' | 'cloudinit';
  readonly parent?: string;
  /** The disk's number, where the caller knows it. */
  readonly number?: number;
  /** A name of the caller's choice instead of the next one. */
  readonly name?: string;
}

/** Puts a volume onto the storage; the caller holds the storage's lock. */
export function addVolume(world: World, node: string, storage: StorageState, wish: VolumeWish, ctime: number): Volume {
  const format = formatFor(storage, wish);
  const volid = newVolumeId(world, node, storage, wish, format);
  const volume: Volume = {
    volid,
    storage: storage.id,
    node: storage.shared ? undefined : node,
    content: 'images',
    format,
    vmid: wish.vmid,
    ...(wish.parent === undefined ? {} : { parent: wish.parent }),
    ctime,
    sizeBytes: wish.sizeBytes,
    writtenBytes: 0,
  };
  world.volumes[volumeKey(storage, node, volid)] = volume;
  return volume;
}

/** Formats that the storage does not have fall back to its default. */
function formatFor(storage: StorageState, { kind, format }: VolumeWish): string {
  const known: readonly string[] = storageKind(storage).formats;
  if (format !== undefined && known.includes(format)) return format;
  if (kind === 'cloudinit') return isFileStorage(storage) ? 'qcow2' : 'raw';
  return known.includes(storage.defaultFormat) ? storage.defaultFormat : 'raw';
}

/** The name that a wished volume would get, without its storage. */
export function nextVolumeName(world: World, node: string, storage: StorageState, wish: VolumeWish): string {
  const volid = newVolumeId(world, node, storage, wish, formatFor(storage, wish));
  return volumeNameOf(volid);
}

function newVolumeId(world: World, node: string, storage: StorageState, wish: VolumeWish, format: string): string {
  const { layout, linked } = storageKind(storage);
  const isFile = layout === 'files';
  const base = wish.parent === undefined || !linked.namesBase ? '' : `${volumeNameOf(wish.parent)}/`;
  // A logical volume that holds a qcow2 says so, too (pve-behaviour 8.3).
  const suffix = isFile || format !== 'raw' ? `.${format}` : '';
  const name = wish.name ?? `${baseName(world, node, storage, wish)}${suffix}`;
  return `${storage.id}:${base}${isFile ? `${wish.vmid}/` : ''}${name}`;
}

function baseName(world: World, node: string, storage: StorageState, wish: VolumeWish): string {
  if (wish.kind === 'cloudinit') return `vm-${wish.vmid}-cloudinit`;
  return `vm-${wish.vmid}-disk-${wish.number ?? freeNumber(world, node, storage, wish.vmid)}`;
}

function freeNumber(world: World, node: string, storage: StorageState, vmid: number): number {
  const pattern = new RegExp(`(?:vm|base)-${vmid}-disk-(\\d+)`);
  const taken = new Set(volumesOn(world, node, storage).map((volume) => Number(pattern.exec(volume.volid)?.[1] ?? -1)));
  let number = 0;
  while (taken.has(number)) number += 1;
  return number;
}

export function removeVolume(world: World, volume: Volume): void {
  delete world.volumes[`${volume.node ?? ''}/${volume.volid}`];
}

/** The renamed volume: `base-9000-disk-0` (pve-behaviour 8.3). */
export function becomeBase(world: World, volume: Volume): Volume {
  const base: Volume = { ...volume, volid: volume.volid.replace(/vm-(\d+-disk-\d+)/, 'base-$1') };
  removeVolume(world, volume);
  world.volumes[`${base.node ?? ''}/${base.volid}`] = base;
  return base;
}

/** The volume as another guest's, under its next free name; the caller holds the storage's lock. */
export function renameVolume(world: World, node: string, storage: StorageState, volume: Volume, vmid: number): Volume {
  const { parent, format, sizeBytes } = volume;
  const wish = { vmid, sizeBytes, format, kind: 'disk', ...(parent === undefined ? {} : { parent }) } as const;
  const renamed: Volume = { ...volume, vmid, volid: newVolumeId(world, node, storage, wish, format) };
  removeVolume(world, volume);
  world.volumes[volumeKey(storage, node, renamed.volid)] = renamed;
  return renamed;
}

/** The linked clones whose base this volume is. */
export function childrenOf(world: World, volume: Volume): Volume[] {
  return Object.values(world.volumes).filter(
    (other) => other.parent === volume.volid && other.storage === volume.storage && other.node === volume.node,
  );
}
