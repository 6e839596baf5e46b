// The cluster's storage definitions (pve-behaviour 8, recording one-node/100).
import { isAllowed } from '../access/permissions.ts';
import { everybody, perm } from '../access/rules.ts';
import { changeUnderClusterLock } from '../locks/cluster-lock.ts';
import { perProfile } from '../profiles/profile.ts';
import { failure, PveError } from '../pve-error.ts';
import { deletedOptions, fileDigest, storageProperty } from '../schema/endpoint-params.ts';
import { optional, type Schema } from '../schema/property.ts';
import { fixedStorageOptions, storageOptions, storageTypes } from '../schema/storage-options.ts';
import { activate } from '../storage/activate.ts';
import {
  checkedOptions,
  optionsOf,
  pluginOf,
  redefined,
  storageFrom,
  storageSections,
} from '../storage/storage-definition.ts';
import { checkSectionsDigest, editOptions, sectionsDigest, shownOptions } from '../world/section-config.ts';
import { splitList } from '../world/lists.ts';
import { requireStorage } from '../world/volumes.ts';
import type { StorageState, StorageType, World } from '../world/world.ts';
import { type Call, type Endpoint, needText, sentOptions, textParam } from './endpoint.ts';
import { SEE_STORAGE } from './storage.ts';

const allocate = perm('/storage', 'Datastore.Allocate');
const allOptions = perProfile((profile): Schema => {
  const { type: _, ...fixed } = fixedStorageOptions(profile);
  return { ...storageOptions(profile), ...fixed };
});

export const STORAGE_CONFIG: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/storage',
    params: perProfile((profile) => ({ type: optional(storageTypes(profile)) })),
    allow: everybody,
    handle: listDefinitions,
  },
  {
    method: 'GET',
    path: '/storage/{storage}',
    params: { storage: storageProperty },
    allow: perm('/storage/{storage}', 'Datastore.Allocate'),
    handle: (call) => definition(call, requireStorage(call.sim.world, needText(call.params, 'storage'))),
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
      delete: deletedOptions,
      digest: fileDigest,
    })),
    allow: allocate,
    handle: changeStorage,
  },
  {
    method: 'DELETE',
    path: '/storage/{storage}',
    params: { storage: storageProperty },
    allow: allocate,
    handle: removeStorage,
  },
];

function listDefinitions(call: Call): unknown[] {
  const { sim, user, params } = call;
  const type = textParam(params, 'type');
  return Object.values(sim.world.storages)
    .filter((storage) => type === undefined || storage.type === type)
    .filter(({ id }) => isAllowed(sim.world, user, `/storage/${id}`, SEE_STORAGE, true))
    .map((storage) => definition(call, storage));
}

function definition({ sim, profile }: Call, storage: StorageState): Record<string, unknown> {
  return {
    ...shownOptions(optionsOf(storage), allOptions(profile)),
    storage: storage.id,
    type: storage.type,
    digest: sectionsDigest(storageSections(sim.world)),
  };
}

async function change(call: Call, act: string, work: (world: World) => void): Promise<void> {
  const { sim, process } = call;
  await changeUnderClusterLock(sim, process, 'file-storage_cfg', `${act} storage`, () => work(sim.world));
}

/** A new storage is tried at once: one that cannot be used is not defined. */
async function addStorage(call: Call): Promise<Record<string, string>> {
  const { params, profile, process } = call;
  const id = needText(params, 'storage');
  const type = needText(params, 'type');
  if (pluginOf(type) === undefined) throw new PveError(501, `pve-sim does not play POST /storage with type ${type}`);
  const kind = type as StorageType;
  const storage = storageFrom(id, kind, checkedOptions(profile, kind, sentOptions(params, allOptions(profile)), id));
  await change(call, 'create', (world) => {
    if (world.storages[id] !== undefined) throw failure(`storage ID '${id}' already defined`);
    const isUsedHere = !storage.disabled && storage.nodes?.includes(process.node) !== false;
    if (isUsedHere) activate(storage, process.node);
    world.storages[id] = storage;
  });
  return { storage: id, type };
}

async function changeStorage(call: Call): Promise<Record<string, string>> {
  const { params, profile } = call;
  const id = needText(params, 'storage');
  const deleted = splitList(textParam(params, 'delete') ?? '');
  let type = '';
  await change(call, 'update', (world) => {
    checkSectionsDigest(storageSections(world), textParam(params, 'digest'));
    const storage = requireStorage(world, id);
    type = storage.type;
    const set = checkedOptions(profile, storage.type, sentOptions(params, storageOptions(profile)));
    const section = { type, options: optionsOf(storage) };
    editOptions(section, { set, delete: deleted }, changeable(call, storage));
    world.storages[id] = redefined(storage, section.options);
  });
  return { storage: id, type };
}

/** The options that its type has, and which of them can be deleted again. */
function changeable({ profile }: Call, { type }: StorageState): Schema {
  const { required = [], fixed = [], optional: free = [] } = pluginOf(type) ?? {};
  const known = allOptions(profile);
  const named = (names: readonly string[], isOptional: boolean): [string, Schema[string]][] =>
    names.flatMap((name) => (known[name] === undefined ? [] : [[name, { ...known[name], optional: isOptional }]]));
  return Object.fromEntries([...named([...required, ...fixed], false), ...named(free, true)]);
}

/** Its rights and its place in pools go with it; the built-in `local` is there again at once, as it was at first. */
async function removeStorage(call: Call): Promise<void> {
  const id = needText(call.params, 'storage');
  await change(call, 'delete', (world) => {
    requireStorage(world, id);
    const user = Object.values(world.storages).find(({ options }) => options?.['base']?.startsWith(`${id}:`) === true);
    if (user !== undefined) throw failure("can't remove storage - storage is used as base of another storage");
    delete world.storages[id];
    world.access.acl = world.access.acl.filter(({ path }) => path !== `/storage/${id}`);
    for (const pool of Object.values(world.pools)) pool.storages = pool.storages.filter((member) => member !== id);
    if (id === 'local') world.storages[id] = storageFrom(id, 'dir', BUILT_IN_LOCAL);
  });
}

const BUILT_IN_LOCAL = { path: '/var/lib/vz', content: 'images,rootdir,vztmpl,iso,snippets' };
