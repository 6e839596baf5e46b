// `archive` of a create: what PVE says before it restores a backup (recording one-node/30). No storage here holds backups.
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { guestOfVolume } from '../storage/volume-name.ts';
import { splitVolid } from '../world/volid.ts';
import { requireStorage } from '../world/volumes.ts';
import { ROOT_PATHS_ONLY } from './volume-use.ts';

/** @throws always: the archive does not exist, or is none */
export function refuseArchive(sim: Sim, archive: string): never {
  if (archive === '-') throw failure('pipe requires cli environment');
  const parts = splitVolid(archive);
  if (parts === undefined) throw failure(ROOT_PATHS_ONLY);
  const { storage, name } = parts;
  guestOfVolume(requireStorage(sim.world, storage), name);
  if (!name.startsWith('backup/')) throw failure(`unable to use volume ${archive} - content type needs to be 'backup'`);
  throw failure(`volume '${archive}' does not exist`);
}
