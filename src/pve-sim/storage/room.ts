// What a full storage says (pve-behaviour 8). Thick ones refuse what they cannot set aside; thin ones promise more than they
// have, and fail when it is written.
import { failure } from '../pve-error.ts';
import { MIB } from '../world/size.ts';
import { isThick, usedBytes } from '../world/volumes.ts';
import type { StorageState, Volume, World } from '../world/world.ts';
import { pathOf } from './volume-path.ts';

/** The unit in which LVM hands out space. */
const EXTENT_BYTES = 4 * MIB;

export function freeBytes(world: World, node: string, storage: StorageState): number {
  return Math.max(0, storage.totalBytes - usedBytes(world, node, storage));
}

/** Of the room that was seen so much is written before somebody looks again: others write meanwhile, too. */
const TRUSTED_SHARE = 1 / 1000;

/**
 * For a copy, which asks before every step: a look at the room goes through all volumes of the cluster.
 * @returns whether so many more bytes fit
 */
export function watchRoom(world: World, node: string, storage: StorageState): (more: number) => boolean {
  let trusted = 0;
  return (more) => {
    trusted -= more;
    if (more === 0 || trusted >= 0) return true;
    const free = freeBytes(world, node, storage);
    trusted = free * TRUSTED_SHARE;
    return more <= free;
  };
}

/**
 * Asked before a volume is made.
 * @param name of the volume, as the storage knows it
 * @throws the storage's own text
 */
export function checkRoom(world: World, node: string, storage: StorageState, bytes: number, name: string): void {
  const free = freeBytes(world, node, storage);
  if (isThick(storage) ? bytes > free : free === 0) throw failure(refusal(storage, name, free, bytes));
}

/** Asked before a volume grows: a thin storage does not mind. @throws the storage's own text */
export function checkGrowth(world: World, node: string, storage: StorageState, volume: Volume, bytes: number): void {
  const free = freeBytes(world, node, storage);
  if (!isThick(storage) || bytes <= free) return;
  const path = pathOf(storage, volume);
  if (storage.type === 'lvm') {
    const needed = `${extentsOf(bytes)} extents needed, but only ${Math.floor(free / EXTENT_BYTES)} available`;
    throw failure(`error resizing volume '${path}':   Insufficient free space: ${needed}`);
  }
  if (storage.type === 'zfspool') throw failure(`zfs error: cannot set property for '${path}': out of space`);
  const command = `--preallocation=${storage.options?.['preallocation'] ?? ''} -f ${volume.format} ${path}`;
  throw failure(`command '/usr/bin/qemu-img resize ${command} ${volume.sizeBytes + bytes}' failed: exit code 1`);
}

function extentsOf(bytes: number): number {
  return Math.ceil(bytes / EXTENT_BYTES);
}

function refusal({ type, path = '', options = {} }: StorageState, name: string, free: number, bytes: number): string {
  const group = options['vgname'] ?? 'pve';
  switch (type) {
    case 'lvm':
      return `lvcreate '${group}/${name}' error:   Volume group "${group}" has insufficient free space (${Math.floor(free / EXTENT_BYTES)} extents): ${extentsOf(bytes)} required.`;
    case 'lvmthin':
      return `lvcreate '${group}/${name}' error:   Cannot create new thin volume, free space in thin pool ${group}/${options['thinpool'] ?? 'data'} reached threshold.`;
    case 'zfspool':
      return `zfs error: cannot create '${options['pool'] ?? 'rpool'}/${name}': out of space`;
    case 'rbd':
      return `rbd create '${name}' error: rbd: create error: (28) No space left on device`;
    default:
      return `unable to create image: qemu-img: ${path}/images/${name}: Could not write: No space left on device`;
  }
}
