// Who may name a volume or a path in a drive (pve-behaviour 5.3).
import { isAllowed } from '../access/permissions.ts';
import { isRoot } from '../access/root.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { checkRead } from '../storage/volume-access.ts';
import { volumeKind } from '../storage/volume-name.ts';
import { splitVolid } from '../world/volid.ts';
import { requireStorage } from '../world/volumes.ts';

export interface VolumeUser {
  readonly node: string;
  /** The guest it is for: its own volumes need no further right. */
  readonly vmid?: number;
  readonly user: string;
}

export const ROOT_PATHS_ONLY =
  'Only root can pass arbitrary filesystem paths. at /usr/share/perl5/PVE/Storage.pm line 590.';

/** @throws 403 or 500 */
export function checkVolumeAccess(sim: Sim, { vmid, user }: VolumeUser, volid: string): void {
  const parts = splitVolid(volid);
  if (parts === undefined) {
    if (isRoot(user)) return;
    throw failure(ROOT_PATHS_ONLY);
  }
  const { kind, owner } = volumeKind(requireStorage(sim.world, parts.storage), parts.name);
  if (owner !== undefined && owner === vmid) return;
  const isOrphan = kind === 'snippets' || kind === 'rootdir';
  if (isOrphan && !isAllowed(sim.world, user, `/storage/${parts.storage}`, ['Datastore.Allocate']))
    throw failure(`missing privileges to access ${volid}`);
  checkRead(sim.world, user, { storage: parts.storage, content: kind, vmid: owner });
}
