// Sizes that no room would help: nothing at all, and more than a file can hold (pve-behaviour 9.2, recording one-node/41).
import { GIB } from '../world/size.ts';
import { volumeNameOf } from '../world/volid.ts';
import type { StorageState, StorageType, Volume } from '../world/world.ts';
import { pathOf } from './volume-path.ts';

/** Of a filesystem such as ext4. */
const LARGEST_FILE_BYTES = 16 * 1024 * GIB;

const EMPTY: Readonly<
  Partial<Record<StorageType, (name: string, options: Readonly<Record<string, string>>) => string>>
> = {
  lvm: emptyLogicalVolume,
  lvmthin: emptyLogicalVolume,
  rbd: (name) => `rbd create '${name}' error: rbd: must specify --size <M/G/T>`,
  zfspool: (name, options) =>
    `zfs error: cannot create '${options['pool'] ?? 'rpool'}/${name}': volume size must be a multiple of volume block size`,
};

function emptyLogicalVolume(name: string, options: Readonly<Record<string, string>>): string {
  return `lvcreate '${options['vgname'] ?? 'pve'}/${name}' error:   Unable to create new logical volume with no extents.`;
}

/** Why a volume of that size cannot be, undefined where it can. */
export function impossibleSize(storage: StorageState, volume: Volume): string | undefined {
  const { volid, format, sizeBytes } = volume;
  if (sizeBytes === 0) return EMPTY[storage.type]?.(volumeNameOf(volid), storage.options ?? {});
  if (storage.path === undefined || format !== 'raw' || sizeBytes <= LARGEST_FILE_BYTES) return undefined;
  const path = pathOf(storage, volume);
  return `unable to create image: qemu-img: ${path}: The image size is too large for file format 'raw'`;
}
