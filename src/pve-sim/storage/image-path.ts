import type { StorageState } from '../world/world.ts';

/** Where the host finds a volume: a file under the storage's folder, or a block device. */
export function imagePath(storage: StorageState, volid: string): string {
  const name = volid.slice(volid.indexOf(':') + 1);
  if (storage.path === undefined) return `/dev/${storage.id}/${name}`;
  // A linked clone's name begins with its base's.
  return `${storage.path}/images/${name.split('/').slice(-2).join('/')}`;
}
