// Cluster-wide reads, answered by any node from replicated state (pve-behaviour 7).
import { guestFilter, isAllowed } from '../access/permissions.ts';
import { everybody, perm } from '../access/rules.ts';
import { sees, wasToldQuorate } from '../nodes/membership.ts';
import { failure, parameterError } from '../pve-error.ts';
import { choice, optional } from '../schema/property.ts';
import { vmidProperty } from '../schema/endpoint-params.ts';
import type { Sim } from '../sim.ts';
import { sidOf } from '../ha/ha-config.ts';
import { crmState } from '../ha/ha-status.ts';
import { nextIdRange } from '../world/datacenter.ts';
import { poolsByGuest } from '../world/pools.ts';
import { isOnNode } from '../world/volumes.ts';
import type { Guest } from '../world/world.ts';
import { type Call, type Endpoint, intParam, textParam } from './endpoint.ts';

export const CLUSTER: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/version',
    params: {},
    allow: everybody,
    handle: ({ profile: { version, release, repoid } }) => ({ version, release, repoid }),
  },
  {
    method: 'GET',
    path: '/cluster/resources',
    params: { type: optional(choice('vm', 'storage', 'node', 'sdn')) },
    allow: everybody,
    handle: (call) => {
      const type = textParam(call.params, 'type');
      return [
        ...(type === undefined || type === 'vm' ? guestRows(call) : []),
        ...(type === undefined ? poolRows(call) : []),
        ...(type === undefined || type === 'node' ? nodeRows(call) : []),
        ...(type === undefined || type === 'storage' ? storageRows(call.sim, visibleStorages(call)) : []),
        ...zoneRows(call, type),
      ];
    },
  },
  {
    method: 'GET',
    path: '/cluster/status',
    protected: true,
    params: {},
    allow: perm('/', 'Sys.Audit'),
    handle: ({ sim, receivedBy }) => clusterStatus(sim, receivedBy),
  },
  {
    method: 'GET',
    path: '/cluster/nextid',
    params: { vmid: optional(vmidProperty) },
    allow: everybody,
    handle: ({ sim, params }) => nextId(sim, intParam(params, 'vmid')),
  },
];

function guestRows(call: Call): unknown[] {
  const { world, view } = call.sim;
  const maySee = guestFilter(world, call.user, 'VM.Audit');
  const pools = poolsByGuest(world);
  return Object.values(world.guests)
    .filter(({ vmid }) => view.lists(call.receivedBy, call.apiWorker, vmid) && maySee(vmid))
    .map((guest) => guestRow(call, guest, pools));
}

/** Existence, node, lock, tags and pool are replicated at once; all else is what the status daemons have told. */
export function guestRow(call: Call, guest: Guest, pools: ReadonlyMap<number, string>): Record<string, unknown> {
  const { world, view } = call.sim;
  const { vmid, node, type, config } = guest;
  const stats = view.statsOf(call.receivedBy, call.apiWorker, vmid);
  const pool = pools.get(vmid);
  const ha = world.ha.resources[sidOf(guest)];
  return {
    ...(stats === undefined ? { status: 'unknown' } : stats.values),
    id: `${type}/${vmid}`,
    node,
    type,
    vmid,
    ...(pool === undefined ? {} : { pool }),
    ...(config['tags'] === undefined ? {} : { tags: config['tags'] }),
    ...(config['lock'] === undefined ? {} : { lock: config['lock'] }),
    ...(ha === undefined ? {} : { hastate: crmState(world, sidOf(guest)) }),
  };
}

function poolRows({ sim, user }: Call): unknown[] {
  return Object.keys(sim.world.pools)
    .filter((id) => isAllowed(sim.world, user, `/pool/${id}`, ['Pool.Audit']))
    .map((id) => ({ id: `/pool/${id}`, pool: id, type: 'pool' }));
}

function nodeRows(call: Call): unknown[] {
  return Object.values(call.sim.world.nodes).map((node) => {
    const row = { id: `node/${node.name}`, node: node.name, type: 'node', level: '', 'cgroup-mode': node.cgroupMode };
    return { ...row, ...shownFigures(call, node.name) };
  });
}

/** The zone that every bridge of a node is in: `sdn` rows, or since 9.1 `network` ones, for which there is no filter. */
function zoneRows({ sim, user, profile }: Call, type: string | undefined): unknown[] {
  const isNetwork = profile.has('networkResources');
  const isWanted = type === undefined || (type === 'sdn' && !isNetwork);
  const zone = 'localnetwork';
  if (!isWanted || !isAllowed(sim.world, user, `/sdn/zones/${zone}`, ['SDN.Audit'])) return [];
  return Object.values(sim.world.nodes).map(({ name: node }) => {
    const row = { node, status: 'ok' };
    return isNetwork
      ? { ...row, id: `network/${node}/zone/${zone}`, type: 'network', network: zone, 'network-type': 'zone' }
      : { ...row, id: `sdn/${node}/${zone}`, type: 'sdn', sdn: zone };
  });
}

/** Online as the asked node's corosync has it. Numbers need Sys.Audit, and of a node that is gone only the sizes are left. */
export function shownFigures({ sim, user, receivedBy }: Call, name: string): Record<string, unknown> {
  const online = sees(sim.world, receivedBy, name);
  const numbers = isAllowed(sim.world, user, `/nodes/${name}`, ['Sys.Audit']) ? sim.view.figuresOf(name).node : {};
  if (online) return { status: 'online', ...numbers };
  const sizes = Object.entries(numbers).filter(([key]) => key.startsWith('max'));
  return { status: 'offline', ...Object.fromEntries(sizes) };
}

function visibleStorages({ sim, user }: Call): string[] {
  return Object.keys(sim.world.storages).filter((id) =>
    isAllowed(sim.world, user, `/storage/${id}`, ['Datastore.Audit']),
  );
}

/** One row per node and storage; disabled ones are left out. */
export function storageRows(sim: Sim, ids: readonly string[]): unknown[] {
  const { world } = sim;
  const storages = Object.values(world.storages).filter((storage) => ids.includes(storage.id) && !storage.disabled);
  return storages.flatMap((storage) =>
    Object.values(world.nodes)
      .filter((node) => isOnNode(storage, node.name))
      .map((node) => ({
        id: `storage/${node.name}/${storage.id}`,
        node: node.name,
        storage: storage.id,
        type: 'storage',
        plugintype: storage.type,
        content: storage.content.join(','),
        shared: storage.shared ? 1 : 0,
        ...(node.online
          ? {
              status: 'available',
              maxdisk: storage.totalBytes,
              disk: sim.view.figuresOf(node.name).storages[storage.id] ?? 0,
            }
          : { status: 'unknown' }),
      })),
  );
}

function clusterStatus(sim: Sim, receivedBy: string): unknown[] {
  const { cluster, nodes } = sim.world;
  const rows = Object.values(nodes).map((node) => ({
    type: 'node',
    id: `node/${node.name}`,
    name: node.name,
    nodeid: node.nodeId,
    local: node.name === receivedBy ? 1 : 0,
    online: sees(sim.world, receivedBy, node.name) ? 1 : 0,
    ip: node.ip,
    level: '',
  }));
  if (cluster.name === undefined) return rows;
  const head = {
    type: 'cluster',
    id: 'cluster',
    name: cluster.name,
    nodes: rows.length,
    quorate: wasToldQuorate(sim.world, receivedBy) ? 1 : 0,
    version: rows.length,
  };
  return [head, ...rows];
}

function nextId(sim: Sim, wanted: number | undefined): string {
  const { guests } = sim.world;
  if (wanted !== undefined) {
    if (guests[wanted] !== undefined) throw parameterError({ vmid: `VM ${wanted} already exists` });
    return String(wanted);
  }
  const { lower, upper } = nextIdRange(sim.world);
  for (let id = lower; id < upper; id += 1) if (guests[id] === undefined) return String(id);
  throw failure(`unable to get any free VMID in range [${lower}, ${upper}]`);
}
