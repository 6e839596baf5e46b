// Whether a guest finds something to boot: a CD, or a disk that something was ever written to.
import type { Volume, World } from '../world/world.ts';
import { drivesOf, isBusKey, isCloudInit } from '../world/drive.ts';
import { findVolume } from '../world/volumes.ts';
import { bootOrder } from './boot-order.ts';

export function hasBootMedium(world: World, node: string, config: Readonly<Record<string, string>>): boolean {
  const order = bootOrder(config['boot']);
  return drivesOf(config)
    .filter(([key, drive]) => isBusKey(key) && !isCloudInit(drive) && (order.length === 0 || order.includes(key)))
    .some(([, drive]) => isWritten(world, node, findVolume(world, node, drive.file)));
}

/** A linked clone stands on what its base holds. */
function isWritten(world: World, node: string, volume: Volume | undefined): boolean {
  if (volume === undefined) return false;
  if ((volume.writtenBytes ?? volume.sizeBytes) > 0) return true;
  return volume.parent !== undefined && isWritten(world, node, findVolume(world, node, volume.parent));
}
