// Where disks go, by what was said: the most particular word counts.
import { invalidSpec } from '#domain/fault';
import { type DiskSpec, rootDiskOf, type VmSpec } from '#domain/vm-spec';
import type { HostFacts } from './wish.ts';

export interface StorageWish {
  /** Who names it: a field of the request, or a setting. */
  readonly field: string;
  readonly storage: string;
}

/** Whether it is said of many VMs, so that it gives way where this one cannot have it. */
export function isDefaultStorage({ field }: StorageWish): boolean {
  return field === 'class_json.Storage' || field === 'PVE_DEFAULT_STORAGE';
}

/** The storage for the boot disk and what belongs to it; undefined leaves the disk where its source has it. */
export function bootStorageWish(spec: VmSpec, defaultStorage: string | undefined): StorageWish | undefined {
  const root = rootDiskOf(spec);
  return firstSaid([
    { field: `disks_json[${root?.index ?? 0}].Storage`, storage: root?.disk.storage },
    { field: 'placement_json.Datastore', storage: spec.placement.storage },
    { field: 'image_json.Storage', storage: spec.image.storage },
    { field: 'class_json.Storage', storage: spec.size.storage },
    { field: 'PVE_DEFAULT_STORAGE', storage: defaultStorage },
  ]);
}

/** The storage for data disk `index`; undefined puts it beside the boot disk. */
export function dataStorageWish(
  spec: VmSpec,
  disk: DiskSpec,
  index: number,
  defaultStorage: string | undefined,
): StorageWish | undefined {
  return firstSaid([
    { field: `disks_json[${index}].Storage`, storage: disk.storage },
    { field: 'placement_json.Datastore', storage: spec.placement.storage },
    { field: 'class_json.Storage', storage: spec.size.storage },
    { field: 'PVE_DEFAULT_STORAGE', storage: defaultStorage },
  ]);
}

function firstSaid(wishes: readonly { field: string; storage: string | undefined }[]): StorageWish | undefined {
  return wishes.flatMap(({ field, storage }) => (storage === undefined ? [] : [{ field, storage }]))[0];
}

/** Throws `invalid-spec` where the node has no such storage that takes VM disks now. */
export function requireDiskStorage({ field, storage }: StorageWish, host: HostFacts, node: string): string {
  const usable = host.diskStorages;
  if (usable === undefined || usable.includes(storage)) return storage;
  throw noSuchStorage({ field, storage }, usable, node, 'VM disks');
}

function noSuchStorage({ field, storage }: StorageWish, usable: readonly string[], node: string, what: string): Error {
  return invalidSpec(
    field,
    `node ${node} has no active storage "${storage}" for ${what} that we may use`,
    usable.length === 0
      ? `It has none at all for ${what}`
      : `Storages for ${what} there: ${usable.toSorted().join(', ')}`,
  );
}
