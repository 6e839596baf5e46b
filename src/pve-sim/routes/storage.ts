// Storages of a node: list and status (pve-behaviour 8.1).
import { isAllowed } from '../access/permissions.ts';
import { everybody, permAny, type Rule } from '../access/rules.ts';
import { parameterError } from '../pve-error.ts';
import { nodeParams, storageProperty } from '../schema/endpoint-params.ts';
import { contentFormat, nodeFormat } from '../schema/formats.ts';
import { flag, optional, listText, text } from '../schema/property.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Sim } from '../sim.ts';
import { isActive } from '../storage/activate.ts';
import { storageKind } from '../storage/storage-types.ts';
import { splitList } from '../world/lists.ts';
import { isOnNode, requireStorage, usedBytes } from '../world/volumes.ts';
import type { StorageState } from '../world/world.ts';
import { type Call, type Endpoint, isOn, needText, textParam } from './endpoint.ts';

/** What lets somebody see a storage. */
export const SEE_STORAGE = ['Datastore.Audit', 'Datastore.AllocateSpace'] as const;
export const seeStorage: Rule = permAny('/storage/{storage}', ...SEE_STORAGE);

export const STORAGE: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/storage',
    protected: true,
    params: {
      ...nodeParams,
      content: listText(contentFormat),
      enabled: flag(),
      format: flag(),
      storage: optional(storageProperty),
      target: optional(text({ format: nodeFormat })),
    },
    allow: everybody,
    handle: listStorages,
  },
  {
    method: 'GET',
    path: '/nodes/{node}/storage/{storage}',
    stays: true,
    params: { ...nodeParams, storage: storageProperty },
    allow: seeStorage,
    handle: foldersOf,
  },
  {
    method: 'GET',
    path: '/nodes/{node}/storage/{storage}/status',
    protected: true,
    params: { ...nodeParams, storage: storageProperty },
    allow: seeStorage,
    handle: ({ sim, params }) => {
      const {
        storage: _,
        used_fraction: __,
        ...row
      } = storageRow(sim, needText(params, 'node'), knownStorage(sim, needText(params, 'storage')));
      return row;
    },
  },
];

/** @throws 500 where it cannot be used on the node in the path */
export function storageOf({ sim, params }: Call): StorageState {
  return requireStorage(sim.world, needText(params, 'storage'), needText(params, 'node'));
}

function knownStorage(sim: Sim, id: string): StorageState {
  const storage = sim.world.storages[id];
  if (storage === undefined) throw parameterError({ storage: 'No such storage.' });
  return storage;
}

/** With a filter on content, or `enabled`, storages that cannot be used here are left out; without, they show as not enabled. */
function listStorages({ sim, user, params, profile }: Call): unknown[] {
  const node = needText(params, 'node');
  const only = textParam(params, 'storage');
  if (only !== undefined) knownStorage(sim, only);
  const content = splitList(textParam(params, 'content') ?? '');
  const target = textParam(params, 'target');
  const usable = (storage: StorageState): boolean => isEnabledOn(storage, node);
  return Object.values(sim.world.storages)
    .filter((storage) => only === undefined || storage.id === only)
    .filter((storage) => isAllowed(sim.world, user, `/storage/${storage.id}`, SEE_STORAGE, true))
    .filter(
      (storage) => content.length === 0 || (usable(storage) && content.some((type) => storage.content.includes(type))),
    )
    .filter((storage) => !isOn(params, 'enabled') || !storage.disabled)
    .filter(
      (storage) =>
        target === undefined || target === node || (storage.shared && usable(storage) && isOnNode(storage, target)),
    )
    .map((storage) => ({
      ...storageRow(sim, node, storage),
      ...(isOn(params, 'format') && isEnabledOn(storage, node) ? formatsOf(storage, profile) : {}),
    }));
}

function storageRow(sim: Sim, node: string, storage: StorageState): Record<string, unknown> {
  const enabled = isEnabledOn(storage, node);
  const active = enabled && isActive(storage, node);
  const total = active ? storage.totalBytes : 0;
  const used = active ? usedBytes(sim.world, node, storage) : 0;
  return {
    storage: storage.id,
    type: storage.type,
    content: storage.content.join(','),
    enabled: enabled ? 1 : 0,
    active: active ? 1 : 0,
    shared: storage.shared ? 1 : 0,
    total,
    used,
    avail: Math.max(0, total - used),
    ...(active ? { used_fraction: used / total } : {}),
  };
}

function isEnabledOn(storage: StorageState, node: string): boolean {
  return !storage.disabled && isOnNode(storage, node);
}

/** Types that hold containers' file systems, too. */
const SUBVOLUMES = new Set(['dir', 'nfs', 'btrfs', 'zfspool']);

function formatsOf(storage: StorageState, profile: Profile): Record<string, unknown> {
  const { formats } = storageKind(storage);
  const supported = [...formats, ...(SUBVOLUMES.has(storage.type) ? ['subvol'] : [])].sort();
  const flags = Object.fromEntries(supported.map((name) => [name, 1]));
  const named = { format: [flags, storage.defaultFormat] };
  return profile.has('storageFormats') ? { ...named, formats: { default: storage.defaultFormat, supported } } : named;
}

const FOLDERS = ['content', 'download-url', 'file-restore', 'prunebackups', 'rrd', 'rrddata', 'status', 'upload'];

function foldersOf({ profile }: Call): unknown[] {
  const later = [
    ...(profile.has('importContent') ? ['import-metadata'] : []),
    ...(profile.has('ociImages') ? ['oci-registry-pull'] : []),
    ...(profile.has('storageIdentity') ? ['identity'] : []),
  ];
  return [...FOLDERS, ...later].sort().map((subdir) => ({ subdir }));
}
