// `DELETE .../content/{volume}`: a task, or null where it is over within the delay (pve-behaviour 8.2, 28.9).
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { upidOrDone } from '../tasks/upid-or-done.ts';
import { volumeNameOf } from '../world/volid.ts';
import type { StorageState } from '../world/world.ts';
import { findVolume } from '../world/volumes.ts';
import { free } from './disk-work.ts';
import { guestOfVolume } from './volume-name.ts';
import { pathOf } from './volume-path.ts';

export interface VolumeDeletion {
  readonly node: string;
  readonly storage: StorageState;
  readonly volid: string;
  readonly user: string;
  readonly delayMs: number | undefined;
}

/** A missing ISO is no error, and one that is attached goes without a warning. @returns the UPID or null */
export async function deleteVolume(sim: Sim, deletion: VolumeDeletion): Promise<string | null> {
  const { node, storage, volid, user, delayMs } = deletion;
  const owner = guestOfVolume(storage, volumeNameOf(volid));
  const id = owner === undefined ? storage.id : `${owner}@${storage.id}`;
  const upid = sim.tasks.fork({ node, type: 'imgdel', id, user }, async (worker) => {
    const volume = findVolume(sim.world, node, volid);
    if (volume?.protected === true)
      throw failure(`cannot remove protected volume '${volumeNameOf(volid)}' on '${storage.id}'`);
    if (volume === undefined) worker.log(`disk image '${pathOf(storage, { volid })}' does not exist`);
    await free(sim, worker, node, volid);
    worker.log(`Removed volume '${volid}'`);
  });
  return await upidOrDone(sim, upid, delayMs, failure);
}
