// Who may read a volume (pve-behaviour 5.3, 8.2): all of a storage, or what belongs to a guest one may configure.
import { isAllowed } from '../access/permissions.ts';
import { isRoot } from '../access/root.ts';
import { requirePrivilege } from '../access/rules.ts';
import type { World } from '../world/world.ts';

const FILES = new Set(['iso', 'vztmpl', 'import']);

export interface VolumeRef {
  readonly storage: string;
  readonly content: string;
  readonly vmid?: number | undefined;
}

export function mayRead(world: World, user: string, volume: VolumeRef): boolean {
  try {
    checkRead(world, user, volume);
    return true;
  } catch {
    return false;
  }
}

/** @throws 403 */
export function checkRead(world: World, user: string, { storage, content, vmid }: VolumeRef): void {
  const path = `/storage/${storage}`;
  if (isRoot(user) || isAllowed(world, user, path, ['Datastore.Allocate'])) return;
  if (FILES.has(content))
    return requirePrivilege(world, user, path, ['Datastore.AllocateSpace', 'Datastore.Audit'], true);
  const isBackup = content === 'backup';
  requirePrivilege(world, user, path, [isBackup ? 'Datastore.AllocateSpace' : 'Datastore.Audit']);
  requirePrivilege(world, user, `/vms/${vmid ?? 0}`, [isBackup ? 'VM.Backup' : 'VM.Config.Disk']);
}
