// A volume becomes the base of linked clones: it is renamed, under its storage's lock (recording one-node/64).
import { withStorageLock } from '../locks/storage-lock.ts';
import type { Process } from '../process.ts';
import type { Sim } from '../sim.ts';
import { becomeBase, requireStorage } from '../world/volumes.ts';
import type { Volume } from '../world/world.ts';
import { volumeCan } from './storage-types.ts';

/** @returns the volume as it was where its storage has no base images */
export async function makeBase(sim: Sim, process: Process, node: string, volume: Volume): Promise<Volume> {
  const storage = requireStorage(sim.world, volume.storage, node);
  if (!volumeCan(storage, volume, 'template')) return volume;
  return await withStorageLock(sim, process, node, storage, async () => {
    await process.work(sim.durations.templateMs);
    return becomeBase(sim.world, volume);
  });
}
