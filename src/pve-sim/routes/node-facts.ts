// What a node tells of its host: version, clock, name servers, services, history (recordings one-node/20).
import { everybody, perm } from '../access/rules.ts';
import { perProfile } from '../profiles/profile.ts';
import { samples } from '../rrd-samples.ts';
import { nodeParams } from '../schema/endpoint-params.ts';
import { choice, optional, type Schema } from '../schema/property.ts';
import { nowSeconds } from '../sim.ts';
import { nodeNumbers } from '../node-figures.ts';
import { type Call, type Endpoint, needText } from './endpoint.ts';

const audit = perm('/nodes/{node}', 'Sys.Audit');

export const NODE_FACTS: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/version',
    params: nodeParams,
    allow: everybody,
    handle: ({ profile: { version, release, repoid } }) => ({ version, release, repoid }),
  },
  {
    method: 'GET',
    path: '/nodes/{node}/time',
    params: nodeParams,
    allow: audit,
    handle: ({ sim }) => ({ timezone: 'Etc/UTC', time: nowSeconds(sim), localtime: nowSeconds(sim) }),
  },
  { method: 'GET', path: '/nodes/{node}/dns', params: nodeParams, allow: audit, handle: readDns },
  { method: 'GET', path: '/nodes/{node}/subscription', params: nodeParams, allow: everybody, handle: readSubscription },
  {
    method: 'GET',
    path: '/nodes/{node}/services',
    protected: true,
    params: nodeParams,
    allow: audit,
    handle: listServices,
  },
  {
    method: 'GET',
    path: '/nodes/{node}/rrddata',
    stays: true,
    protected: true,
    params: perProfile((profile): Schema => {
      const decade = profile.has('decadesOfHistory') ? ['decade'] : [];
      return {
        ...nodeParams,
        cf: optional(choice('AVERAGE', 'MAX')),
        timeframe: choice('hour', 'day', 'week', 'month', 'year', ...decade),
      };
    }),
    allow: audit,
    handle: readHistory,
  },
];

function readDns({ sim, params }: Call): unknown {
  const { nameservers = [], search = [] } = sim.world.nodes[needText(params, 'node')]?.resolver ?? {};
  const servers = nameservers.slice(0, 3).map((address, index) => [`dns${index + 1}`, address]);
  return { ...(Object.fromEntries(servers) as object), ...(search[0] === undefined ? {} : { search: search[0] }) };
}

/** Nobody has bought one here; who may not audit the node is told no more. */
function readSubscription(): unknown {
  return { status: 'notfound', message: 'There is no subscription key' };
}

const SERVICES: Readonly<Record<string, string>> = {
  corosync: 'Corosync Cluster Engine',
  'pve-cluster': 'The Proxmox VE cluster filesystem',
  pvedaemon: 'PVE API Daemon',
  pveproxy: 'PVE API Proxy Server',
  pvestatd: 'PVE Status Daemon',
};

/** What systemd runs there; a host without it has no services to show. */
function listServices({ sim, params }: Call): unknown[] {
  const node = sim.world.nodes[needText(params, 'node')];
  if (node === undefined || !node.systemd) return [];
  const stopped = node.daemons.worker === 'stopped' ? 'pvedaemon' : '';
  return Object.entries(SERVICES).map(([name, desc]) => ({
    service: name,
    name,
    desc,
    state: name === stopped ? 'dead' : 'running',
    'active-state': name === stopped ? 'inactive' : 'active',
    'unit-state': 'enabled',
  }));
}

/** Before it was switched on there is nothing but the time. */
function readHistory({ sim, params }: Call): unknown[] {
  const name = needText(params, 'node');
  const since = (sim.world.nodes[name]?.bootedAt ?? 0) / 1000;
  return samples(sim, needText(params, 'timeframe'), since, nodeNumbers(sim, name));
}
