// The cluster's storage definitions (pve-behaviour 8, recording one-node/100): directories alone can be added.
import { isAllowed } from '../access/permissions.ts';
import { everybody, perm } from '../access/rules.ts';
import { isQuorate } from '../nodes/membership.ts';
import { perProfile } from '../profiles/profile.ts';
import { failure, PveError } from '../pve-error.ts';
import { storageProperty } from '../schema/endpoint-params.ts';
import { configIdFormat } from '../schema/formats.ts';
import { listText, optional, text } from '../schema/property.ts';
import { fixedStorageOptions, storageOptions, storageTypes } from '../schema/storage-options.ts';
import type { Sim } from '../sim.ts';
import { GIB } from '../world/size.ts';
import { splitList } from '../world/tags.ts';
import { requireStorage } from '../world/volumes.ts';
import type { StorageState } from '../world/world.ts';
import { type Call, type Endpoint, isOn, needText, textParam } from './endpoint.ts';

const NEW_DIRECTORY_BYTES = 500 * GIB;
const allocate = perm('/storage', 'Datastore.Allocate');

export const STORAGE_CONFIG: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/storage',
    params: perProfile((profile) => ({ type: optional(storageTypes(profile)) })),
    allow: everybody,
    handle: ({ sim, user }) =>
      Object.values(sim.world.storages)
        .filter(({ id }) =>
          isAllowed(sim.world, user, `/storage/${id}`, ['Datastore.Audit', 'Datastore.AllocateSpace'], true),
        )
        .map(definition),
  },
  {
    method: 'GET',
    path: '/storage/{storage}',
    params: { storage: storageProperty },
    allow: perm('/storage/{storage}', 'Datastore.Allocate'),
    handle: ({ sim, params }) => definition(requireStorage(sim.world, needText(params, 'storage'))),
  },
  {
    method: 'POST',
    path: '/storage',
    params: perProfile((profile) => ({
      ...storageOptions(profile),
      ...fixedStorageOptions(profile),
      storage: storageProperty,
    })),
    allow: allocate,
    handle: addStorage,
  },
  {
    method: 'PUT',
    path: '/storage/{storage}',
    params: perProfile((profile) => ({
      ...storageOptions(profile),
      storage: storageProperty,
      delete: listText(configIdFormat, { maxLength: 4096 }),
      digest: optional(text({ maxLength: 64 })),
    })),
    allow: allocate,
    handle: changeStorage,
  },
  {
    method: 'DELETE',
    path: '/storage/{storage}',
    params: { storage: storageProperty },
    allow: allocate,
    handle: async (call) => {
      const { sim, params } = call;
      const id = needText(params, 'storage');
      await checkWrite(call, 'delete');
      existing(sim, id, 'delete');
      delete sim.world.storages[id];
    },
  },
];

function definition(storage: StorageState): Record<string, unknown> {
  const { id, type, content, path, nodes, shared, disabled } = storage;
  return {
    storage: id,
    type,
    content: content.join(','),
    ...(path === undefined ? {} : { path }),
    ...(nodes === undefined ? {} : { nodes: nodes.join(',') }),
    ...(shared ? { shared: 1 } : {}),
    ...(disabled ? { disable: 1 } : {}),
  };
}

async function checkWrite({ sim, process }: Call, act: string): Promise<void> {
  if (isQuorate(sim.world, process.node)) return;
  await process.wait(sim.durations.noQuorumWaitMs);
  throw failure(`${act} storage failed: cfs-lock 'file-storage_cfg' error: no quorum!`);
}

function existing(sim: Sim, id: string, act: string): StorageState {
  const storage = sim.world.storages[id];
  if (storage === undefined) throw failure(`${act} storage failed: storage '${id}' does not exist`);
  return storage;
}

async function addStorage(call: Call): Promise<Record<string, string>> {
  const { sim, params } = call;
  const id = needText(params, 'storage');
  const type = needText(params, 'type');
  const path = textParam(params, 'path');
  if (type !== 'dir') throw new PveError(501, `pve-sim does not play POST /storage with type ${type}`);
  if (path === undefined) throw failure("missing value for required option 'path'");
  await checkWrite(call, 'create');
  if (sim.world.storages[id] !== undefined) throw failure(`create storage failed: storage ID '${id}' already defined`);
  sim.world.storages[id] = {
    id,
    type: 'dir',
    path,
    shared: isOn(params, 'shared'),
    content: splitList(textParam(params, 'content') ?? 'images,rootdir,vztmpl,iso,backup,snippets'),
    ...nodesOf(params),
    totalBytes: NEW_DIRECTORY_BYTES,
    bytesPerSecond: GIB,
    defaultFormat: textParam(params, 'format') === 'qcow2' ? 'qcow2' : 'raw',
    disabled: isOn(params, 'disable'),
  };
  return { storage: id, type };
}

async function changeStorage(call: Call): Promise<Record<string, string>> {
  const { sim, params } = call;
  const id = needText(params, 'storage');
  await checkWrite(call, 'update');
  const storage = existing(sim, id, 'update');
  const content = textParam(params, 'content');
  const disable = textParam(params, 'disable');
  sim.world.storages[id] = {
    ...storage,
    ...nodesOf(params),
    ...(content === undefined ? {} : { content: splitList(content) }),
    ...(disable === undefined ? {} : { disabled: disable === '1' }),
  };
  return { storage: id, type: storage.type };
}

function nodesOf(params: Call['params']): { nodes?: string[] } {
  const nodes = textParam(params, 'nodes');
  return nodes === undefined ? {} : { nodes: splitList(nodes) };
}
