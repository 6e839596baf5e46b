// `targetstorage`: which storage of the target takes the place of which (pve-behaviour 19).
import { requirePrivilege } from '../access/rules.ts';
import { failure, parameterError } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { splitList } from '../world/lists.ts';
import { requireStorage } from '../world/volumes.ts';

export interface StorageMap {
  readonly identity: boolean;
  /** For all that have none of their own. */
  readonly fallback: string | undefined;
  readonly pairs: Readonly<Record<string, string>>;
}

export const SAME_STORAGES: StorageMap = { identity: true, fallback: undefined, pairs: {} };

/** @throws 400 */
export function parseStorageMap(text: string): StorageMap {
  const refuse = (why: string): Error => parameterError({ targetstorage: `failed to parse storage map: ${why}\n` });
  const pairs: Record<string, string> = {};
  let [identity, fallback]: [boolean, string | undefined] = [false, undefined];
  for (const entry of splitList(text)) {
    const [from = '', to] = entry.split(':');
    if (entry === '1') identity = true;
    else if (to === undefined) {
      if (fallback !== undefined) throw refuse('default target ID can only be provided once');
      fallback = from;
    } else {
      if (pairs[from] !== undefined) throw refuse(`duplicate mapping for source '${from}'`);
      pairs[from] = to;
    }
  }
  if (identity && (fallback !== undefined || Object.keys(pairs).length > 0)) {
    throw refuse('identity mapping cannot be combined with other mappings');
  }
  return { identity, fallback, pairs };
}

export function mapStorage(map: StorageMap, id: string): string {
  return map.identity ? id : (map.pairs[id] ?? map.fallback ?? id);
}

/** Mapping disks is changing them, and needs room on every storage that is named. @throws 403, 500 */
export function checkMapAccess(sim: Sim, user: string, vmid: number, target: string, map: StorageMap): void {
  if (map.identity) return;
  requirePrivilege(sim.world, user, `/vms/${vmid}`, ['VM.Config.Disk']);
  const named = [...Object.values(map.pairs), ...(map.fallback === undefined ? [] : [map.fallback])];
  for (const id of named) {
    const storage = requireStorage(sim.world, id, target);
    requirePrivilege(sim.world, user, `/storage/${id}`, ['Datastore.AllocateSpace']);
    if (!storage.content.includes('images')) throw failure(`storage '${id}' does not support vm images`);
  }
}
