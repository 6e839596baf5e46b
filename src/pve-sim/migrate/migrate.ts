// `POST .../migrate` (pve-behaviour 19): what is refused at once, and the task.
import { requestHaMigration } from '../ha/requests.ts';
import { failure, parameterError } from '../pve-error.ts';
import { checkQuorum } from '../qemu/config-file.ts';
import type { Sim } from '../sim.ts';
import { checkNoLock, requireQemu } from '../world/guests.ts';
import { checkUsable, requireStorage } from '../world/volumes.ts';
import { forkMigration, type MigrationPlan } from './run-migration.ts';
import { checkMapAccess, parseStorageMap, SAME_STORAGES } from './storage-map.ts';
import { usedVolumes } from './used-volumes.ts';

export interface MigrateRequest extends Omit<MigrationPlan, 'storages'> {
  readonly targetStorage: string | undefined;
}

/**
 * @param checkRootOnly comes between the checks of the target and of the guest
 * @returns the UPID: of the migration, or of the request to the HA manager
 */
export function migrateGuest(sim: Sim, request: MigrateRequest, checkRootOnly: () => void): string {
  const { node, vmid, user, target } = request;
  if (target === node) throw parameterError({ target: 'target is local node.' });
  checkQuorum(sim, node);
  if (sim.world.nodes[target] === undefined) throw failure(`no such cluster node '${target}'`);
  checkRootOnly();
  const guest = requireQemu(sim.world, node, vmid);
  checkNoLock(guest);
  if (guest.run !== undefined && !request.online) throw failure("can't migrate running VM without --online");
  const storages = request.targetStorage === undefined ? undefined : parseStorageMap(request.targetStorage);
  if (storages === undefined) checkStoragesOn(sim, guest.vmid, target);
  else checkMapAccess(sim, user, vmid, target, storages);
  return (
    requestHaMigration(sim, request, target) ?? forkMigration(sim, { ...request, storages: storages ?? SAME_STORAGES })
  );
}

/** The same storages have to be there. */
function checkStoragesOn(sim: Sim, vmid: number, target: string): void {
  const guest = sim.world.guests[vmid];
  for (const { storage } of guest === undefined ? [] : usedVolumes(sim.world, guest)) {
    if (storage !== undefined) checkUsable(requireStorage(sim.world, storage.id), target);
  }
}
