// How storages read the name of a volume, before they ask whether it is there.
import { failure } from '../pve-error.ts';
import type { StorageState, StorageType } from '../world/world.ts';
import { storageKind } from './storage-types.ts';

const IMAGE_FILE = /^(?:\d+\/base-\d+-[^/\s]+\/)?(\d+)\/[^/\s]+\.(?:raw|qcow2|vmdk|subvol)$/;
const OTHER_FILE = /^(iso|vztmpl|import|backup|snippets|rootdir)\/[^/]+$/;
/** A disk inside an appliance. */
const INNER_FILE = /^import\/[^/]+\.ova\/[^/]+\.(?:vmdk|qcow2|raw)$/;
const LOGICAL_VOLUME = /^(?:base-\d+-\S+\/)?(?:vm|base)-(\d+)-\S+$/;

const NAMES: Readonly<Partial<Record<StorageType, string>>> = { rbd: 'rbd', zfspool: 'zfs', iscsi: 'iscsi' };

export interface VolumeKind {
  /** `images`, `iso`, `import` and so on. */
  readonly kind: string;
  /** The guest in the name of an image. */
  readonly owner: number | undefined;
}

/** @throws 500 where no volume can have such a name */
export function volumeKind(storage: StorageState, name: string): VolumeKind {
  const isFile = storageKind(storage).layout === 'files';
  if (isFile && INNER_FILE.test(name)) return { kind: 'import', owner: undefined };
  const other = isFile ? OTHER_FILE.exec(name)?.[1] : undefined;
  if (other !== undefined) return { kind: other, owner: undefined };
  const owner = (isFile ? IMAGE_FILE : LOGICAL_VOLUME).exec(name)?.[1];
  if (owner === undefined) {
    throw failure(`unable to parse ${isFile ? 'directory' : (NAMES[storage.type] ?? 'lvm')} volume name '${name}'`);
  }
  return { kind: 'images', owner: Number(owner) };
}

/** @returns the id of the guest in the name, if it is an image. @throws 500 where no volume can have such a name */
export function guestOfVolume(storage: StorageState, name: string): number | undefined {
  return volumeKind(storage, name).owner;
}
