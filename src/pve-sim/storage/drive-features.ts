// What the storages let be done with a guest's drives: asked of the names and formats alone, so that a volume whose file is
// gone can still do what its kind can (recording one-node/66).
import { type Drive, isCdrom } from '../world/drive.ts';
import { storageIdOf } from '../world/volid.ts';
import { requireStorage } from '../world/volumes.ts';
import type { World } from '../world/world.ts';
import { type Ability, storageKind, volumeCan } from './storage-types.ts';

/** @throws where the storage does not exist */
export function driveCan(world: World, { file }: Drive, ability: Ability, snapshot?: string): boolean {
  if (file.startsWith('/')) return false;
  const storage = requireStorage(world, storageIdOf(file));
  return volumeCan(storage, { volid: file, format: formatOf(file) }, ability, snapshot);
}

/** Whether a rollback has to go to the newest snapshot of the drive's volume. */
export function rollsBackToNewestOnly(world: World, { file }: Drive): boolean {
  return storageKind(requireStorage(world, storageIdOf(file))).rollsBackToNewestOnly;
}

function formatOf(volid: string): string {
  return /\.(qcow2|vmdk)$/.exec(volid)?.[1] ?? 'raw';
}

/** The drives whose contents a snapshot, a template or a state takes: no CD and no cloud-init drive. */
export function dataDrives(drives: readonly [key: string, drive: Drive][]): [key: string, drive: Drive][] {
  return drives.filter(([, drive]) => drive.file.includes(':') && !isCdrom(drive));
}
