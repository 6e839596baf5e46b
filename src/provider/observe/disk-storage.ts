// The storage of a new VM's disks: who may name it, and whether the node has it.
import { Fault, invalidSpec } from '#domain/fault';
import type { VmSpec } from '#domain/vm-spec';
import type { NodeName } from '#pve/ids';
import type { StorageEntry } from '#pve/nodes/storage';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { bootStorage } from '../plan/drives.ts';
import { bootStorageWish, isDefaultStorage } from '../plan/storages.ts';
import { defaultStorage } from './host.ts';
import { type Original, shortList } from './original.ts';

export const isUsable = (storage: StorageEntry): boolean => storage.enabled && storage.active;

/**
 * The storage a clone is told to use; undefined where it stays on its original's. A linked clone always does: a storage
 * that the VM itself asks for is refused then, one of its class or of the settings is no more than a default.
 */
export async function chooseCloneStorage(
  ctx: Context,
  spec: VmSpec,
  { mode, values, guest }: Original,
  target: NodeName,
  call: Deadline,
): Promise<string | undefined> {
  const wish = bootStorageWish(spec, defaultStorage(ctx));
  if (mode === 'linked') {
    const present = bootStorage(values);
    if (wish === undefined || isDefaultStorage(wish) || wish.storage === present) return undefined;
    throw invalidSpec(
      wish.field,
      `a linked clone shares its template's blocks and stays on "${present}", so it cannot be on "${wish.storage}"`,
      'Leave the storage out, or ask for a full clone',
    );
  }
  if (wish === undefined) return undefined;
  const candidates = await imageStorages(ctx, target, call);
  const name = requireStorage(wish.field, wish.storage, candidates, target, 'VM disks');
  if (target === guest.node) return name;
  // The copy is written by the original's node and used by the other (pve-behaviour 13.2).
  requireStorage(wish.field, name, await imageStorages(ctx, guest.node, call), guest.node, 'VM disks');
  if (candidates.some((entry) => entry.storage === name && entry.shared)) return name;
  const why = `storage "${name}" is not shared, so that a copy of ${guest.vmid} on ${guest.node} cannot be made on it for ${target}`;
  throw invalidSpec(wish.field, why, `Name a shared storage, or allow ${guest.node}`);
}

/** The storage for a boot disk that is made: the one that is named, else the only one there is. */
export async function chooseNewDiskStorage(
  ctx: Context,
  spec: VmSpec,
  node: NodeName,
  call: Deadline,
): Promise<StorageEntry> {
  const candidates = await imageStorages(ctx, node, call);
  const wish = bootStorageWish(spec, defaultStorage(ctx));
  const names = candidates.map((entry) => entry.storage).sort();
  const name = wish === undefined ? undefined : requireStorage(wish.field, wish.storage, candidates, node, 'VM disks');
  const found = candidates.find((entry) => name === undefined || entry.storage === name);
  if (found === undefined) {
    throw new Fault('precondition', {
      subject: `VM ${spec.name}`,
      wanted: 'make its boot disk',
      why: `node ${node} has no active storage for VM disks that we may use`,
      remedy: 'Give a storage the content type "images", and us Datastore.AllocateSpace on it',
    });
  }
  if (name !== undefined || candidates.length === 1) return found;
  throw invalidSpec(
    'placement_json.Datastore',
    `node ${node} has several storages for VM disks, and nobody says which: ${shortList(names)}`,
    'Name one here, in the VMImage or the VMClass, or in PVE_DEFAULT_STORAGE',
  );
}

async function imageStorages(ctx: Context, node: NodeName, call: Deadline): Promise<readonly StorageEntry[]> {
  const storages = await ctx.nodes.storages(node, call);
  return storages.filter((entry) => isUsable(entry) && entry.content.includes('images'));
}

/** `name`, where it is among those that a node has for `what`; else throws `invalid-spec` for `field`. */
export function requireStorage(
  field: string,
  name: string,
  candidates: readonly StorageEntry[],
  node: NodeName,
  what: string,
): string {
  if (candidates.some((candidate) => candidate.storage === name)) return name;
  const names = candidates.map((candidate) => candidate.storage).sort();
  throw invalidSpec(
    field,
    `node ${node} has no active storage "${name}" for ${what} that we may use`,
    names.length === 0 ? `It has none at all for ${what}` : `Storages for ${what} there: ${names.join(', ')}`,
  );
}
