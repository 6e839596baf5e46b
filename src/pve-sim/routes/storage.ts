// Storages of a node: list and status (pve-behaviour 8.1).
import { isAllowed } from '../access/permissions.ts';
import { everybody, permAny, type Rule } from '../access/rules.ts';
import { parameterError } from '../pve-error.ts';
import { nodeParams, storageProperty } from '../schema/endpoint-params.ts';
import { contentFormat, nodeFormat } from '../schema/formats.ts';
import { flag, optional, listText, text } from '../schema/property.ts';
import type { Sim } from '../sim.ts';
import { splitList } from '../world/tags.ts';
import { isOnNode, usedBytes } from '../world/volumes.ts';
import type { StorageState } from '../world/world.ts';
import { type Call, type Endpoint, isOn, needText, textParam } from './endpoint.ts';

/** What lets somebody see a storage. */
const SEE = ['Datastore.Audit', 'Datastore.AllocateSpace'] as const;
export const seeStorage: Rule = permAny('/storage/{storage}', ...SEE);

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

function knownStorage(sim: Sim, id: string): StorageState {
  const storage = sim.world.storages[id];
  if (storage === undefined) throw parameterError({ storage: 'No such storage.' });
  return storage;
}

/** With a filter on content, or `enabled`, storages that cannot be used here are left out; without, they show as not enabled. */
function listStorages({ sim, user, params }: Call): unknown[] {
  const node = needText(params, 'node');
  const only = textParam(params, 'storage');
  if (only !== undefined) knownStorage(sim, only);
  const content = splitList(textParam(params, 'content') ?? '');
  const target = textParam(params, 'target');
  const usable = (storage: StorageState): boolean => !storage.disabled && isOnNode(storage, node);
  return Object.values(sim.world.storages)
    .filter((storage) => only === undefined || storage.id === only)
    .filter((storage) => isAllowed(sim.world, user, `/storage/${storage.id}`, SEE, true))
    .filter(
      (storage) => content.length === 0 || (usable(storage) && content.some((type) => storage.content.includes(type))),
    )
    .filter((storage) => !isOn(params, 'enabled') || !storage.disabled)
    .filter(
      (storage) =>
        target === undefined || target === node || (storage.shared && usable(storage) && isOnNode(storage, target)),
    )
    .map((storage) => ({ ...storageRow(sim, node, storage), ...(isOn(params, 'format') ? formatsOf(storage) : {}) }));
}

function storageRow(sim: Sim, node: string, storage: StorageState): Record<string, unknown> {
  const active = !storage.disabled && isOnNode(storage, node);
  const total = active ? storage.totalBytes : 0;
  const used = active ? usedBytes(sim.world, node, storage) : 0;
  return {
    storage: storage.id,
    type: storage.type,
    content: storage.content.join(','),
    enabled: active ? 1 : 0,
    active: active ? 1 : 0,
    shared: storage.shared ? 1 : 0,
    total,
    used,
    avail: total - used,
    ...(active ? { used_fraction: used / total } : {}),
  };
}

function formatsOf(storage: StorageState): Record<string, unknown> {
  const supported = storage.path === undefined ? ['raw'] : ['raw', 'qcow2', 'vmdk', 'subvol'];
  const flags = Object.fromEntries(supported.map((name) => [name, 1]));
  return { formats: { default: storage.defaultFormat, supported }, format: [flags, storage.defaultFormat] };
}
