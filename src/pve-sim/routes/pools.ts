// Pools (pve-behaviour 19). Both forms of addressing one: `?poolid=` and the older path.
import { isAllowed } from '../access/permissions.ts';
import { everybody, perm, requirePrivilege } from '../access/rules.ts';
import { changeUnderClusterLock } from '../locks/cluster-lock.ts';
import { USER_CONFIG_FILE } from '../locks/user-config-lock.ts';
import { perProfile } from '../profiles/profile.ts';
import { failure } from '../pve-error.ts';
import { poolFormat, storageIdFormat, vmidFormat } from '../schema/formats.ts';
import { choice, flag, optional, type Schema, listText, text } from '../schema/property.ts';
import { splitList } from '../world/lists.ts';
import type { Pool, World } from '../world/world.ts';
import { guestRow, storageRows } from './cluster.ts';
import { type Call, type Endpoint, isOn, needText, textParam } from './endpoint.ts';

const poolid = text({ format: poolFormat });
const memberType = choice('qemu', 'lxc', 'storage');
const allocate = perm('/pool/{poolid}', 'Pool.Allocate');
const updateParams = perProfile(
  (profile): Schema => ({
    ...(profile.has('nestedPools') ? { 'allow-move': flag() } : {}),
    comment: optional(text()),
    delete: flag(),
    poolid,
    storage: listText(storageIdFormat),
    vms: listText(vmidFormat),
  }),
);

/** Since pools nest, their names do not fit into a path (pve-behaviour 22). */
const byQuery = 'nestedPools';

export const POOLS: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/pools',
    params: perProfile(
      (profile): Schema =>
        profile.has(byQuery) ? { poolid: optional(poolid), type: optional({ ...memberType, requires: 'poolid' }) } : {},
    ),
    allow: everybody,
    handle: listPools,
  },
  {
    method: 'GET',
    path: '/pools/{poolid}',
    params: perProfile(
      (profile): Schema => ({ poolid, ...(profile.has(byQuery) ? { type: optional(memberType) } : {}) }),
    ),
    allow: perm('/pool/{poolid}', 'Pool.Audit'),
    handle: readPool,
  },
  {
    method: 'POST',
    path: '/pools',
    params: { poolid, comment: optional(text()) },
    allow: allocate,
    handle: createPool,
  },
  { method: 'PUT', path: '/pools', feature: byQuery, params: updateParams, allow: allocate, handle: updatePool },
  { method: 'PUT', path: '/pools/{poolid}', params: updateParams, allow: allocate, handle: updatePool },
  { method: 'DELETE', path: '/pools', feature: byQuery, params: { poolid }, allow: allocate, handle: deletePool },
  { method: 'DELETE', path: '/pools/{poolid}', params: { poolid }, allow: allocate, handle: deletePool },
];

function listPools(call: Call): unknown[] {
  const { sim, user, params } = call;
  const id = textParam(params, 'poolid');
  if (id === undefined) {
    return Object.values(sim.world.pools)
      .filter((pool) => isAllowed(sim.world, user, `/pool/${pool.id}`, ['Pool.Audit']))
      .map(head);
  }
  requirePrivilege(sim.world, user, `/pool/${id}`, ['Pool.Audit']);
  return [{ ...head(poolOf(sim.world, id)), members: members(call, id) }];
}

function readPool(call: Call): unknown {
  const pool = poolOf(call.sim.world, needText(call.params, 'poolid'));
  return { ...head(pool), members: members(call, pool.id) };
}

function head(pool: Pool): Record<string, unknown> {
  return { poolid: pool.id, ...(pool.comment === undefined ? {} : { comment: pool.comment }) };
}

function poolOf(world: World, id: string): Pool {
  const pool = world.pools[id];
  if (pool === undefined) throw failure(`pool '${id}' does not exist`);
  return pool;
}

/** Rows as in the cluster's list, without pool, tags and lock. A member that does not exist is not shown. */
function members(call: Call, id: string): unknown[] {
  const { world } = call.sim;
  const wanted = textParam(call.params, 'type');
  const pool = poolOf(world, id);
  const guests = pool.vms.flatMap((vmid) => {
    const guest = world.guests[vmid];
    if (guest === undefined || (wanted !== undefined && guest.type !== wanted)) return [];
    const { pool: _, tags: __, lock: ___, ...row } = guestRow(call, guest, new Map());
    return [row];
  });
  const storages = wanted === undefined || wanted === 'storage' ? pool.storages : [];
  return [...guests, ...storageRows(call.sim, storages)];
}

/** All of a change or, where it fails, nothing. */
async function change(call: Call, what: string, work: (world: World) => void): Promise<void> {
  const { world } = call.sim;
  await changeUnderClusterLock(call.sim, call.process, USER_CONFIG_FILE, what, () => {
    const before = structuredClone(world.pools);
    try {
      work(world);
    } catch (error) {
      for (const id of Object.keys(world.pools)) delete world.pools[id];
      Object.assign(world.pools, before);
      throw error;
    }
  });
}

async function createPool(call: Call): Promise<void> {
  const id = needText(call.params, 'poolid');
  await change(call, 'create pool', (world) => {
    if (world.pools[id] !== undefined) throw failure(`pool '${id}' already exists`);
    const parent = id.slice(0, Math.max(0, id.lastIndexOf('/')));
    if (parent !== '' && world.pools[parent] === undefined)
      throw failure(`parent '${parent}' of pool '${id}' does not exist`);
    world.pools[id] = { id, comment: commentOf(call), vms: [], storages: [] };
  });
}

/** An empty one is none. */
function commentOf({ params }: Call): string | undefined {
  const comment = textParam(params, 'comment');
  return comment === '' ? undefined : comment;
}

async function updatePool(call: Call): Promise<void> {
  const { params } = call;
  await change(call, 'update pools', (world) => {
    const pool = poolOf(world, needText(params, 'poolid'));
    if (params['comment'] !== undefined) pool.comment = commentOf(call);
    for (const text of splitList(textParam(params, 'vms') ?? '')) changeMember(call, pool, Number(text));
    for (const id of splitList(textParam(params, 'storage') ?? '')) changeStorage(call, pool, id);
  });
}

function changeMember(call: Call, pool: Pool, vmid: number): void {
  const { world } = call.sim;
  requirePrivilege(world, call.user, `/vms/${vmid}`, ['Permissions.Modify', 'VM.Allocate'], true);
  if (isOn(call.params, 'delete')) {
    if (!pool.vms.includes(vmid)) throw failure(`VM ${vmid} is not a pool member`);
    pool.vms = pool.vms.filter((member) => member !== vmid);
    return;
  }
  const other = Object.values(world.pools).find((candidate) => candidate.vms.includes(vmid));
  if (other === pool) throw failure(`VM ${vmid} is already a pool member`);
  if (other !== undefined && call.profile.has(byQuery) && !isOn(call.params, 'allow-move')) {
    throw failure(`VM ${vmid} belongs already to pool '${other.id}' and 'allow-move' is not set`);
  }
  if (other !== undefined) other.vms = other.vms.filter((member) => member !== vmid);
  pool.vms.push(vmid);
}

function changeStorage(call: Call, pool: Pool, id: string): void {
  const { world } = call.sim;
  requirePrivilege(world, call.user, `/storage/${id}`, ['Permissions.Modify', 'Datastore.Allocate'], true);
  const isMember = pool.storages.includes(id);
  const removes = isOn(call.params, 'delete');
  if (removes !== isMember) throw failure(`Storage '${id}' is ${removes ? 'not' : 'already'} a pool member`);
  pool.storages = removes ? pool.storages.filter((storage) => storage !== id) : [...pool.storages, id];
}

/** Members that do not exist any more do not hold it (recording one-node/105). Its rights go with it. */
async function deletePool(call: Call): Promise<void> {
  const id = needText(call.params, 'poolid');
  await change(call, 'delete pool', (world) => {
    const pool = poolOf(world, id);
    const child = Object.keys(world.pools).find((other) => other.startsWith(`${id}/`));
    if (child !== undefined) throw failure(`pool '${id}' is not empty (contains pool '${child}')`);
    const vmid = pool.vms.find((member) => world.guests[member] !== undefined);
    if (vmid !== undefined) throw failure(`pool '${id}' is not empty (contains VM ${vmid})`);
    const storage = pool.storages.find((member) => world.storages[member] !== undefined);
    if (storage !== undefined) throw failure(`pool '${id}' is not empty (contains storage '${storage}')`);
    world.access.acl = world.access.acl.filter(({ path }) => path !== `/pool/${id}`);
    delete world.pools[id];
  });
}
