// How storages read the name of a volume, before they ask whether it is there.
import { failure } from '../pve-error.ts';
import { isFileStorage } from '../world/volumes.ts';
import type { StorageState } from '../world/world.ts';

const IMAGE_FILE = /^(?:\d+\/base-\d+-[^/\s]+\/)?(\d+)\/[^/\s]+\.(?:raw|qcow2|vmdk|subvol)$/;
const OTHER_FILE = /^(?:iso|vztmpl|import|backup|snippets|rootdir)\/[^/]+$/;
const LOGICAL_VOLUME = /^(?:base-\d+-\S+\/)?(?:vm|base)-(\d+)-\S+$/;

/** @returns the id of the guest in the name, if it is an image. @throws 500 where no volume can have such a name */
export function guestOfVolume(storage: StorageState, name: string): number | undefined {
  const isFile = isFileStorage(storage);
  if (isFile && OTHER_FILE.test(name)) return undefined;
  const guest = (isFile ? IMAGE_FILE : LOGICAL_VOLUME).exec(name)?.[1];
  if (guest === undefined) {
    throw failure(`unable to parse ${isFile ? 'directory' : 'lvm'} volume name '${name}'`);
  }
  return Number(guest);
}
