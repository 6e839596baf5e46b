// Nodes: list and status (pve-behaviour 7).
import { everybody, perm } from '../access/rules.ts';
import type { Profile } from '../profiles/profile.ts';
import { nodeParams } from '../schema/endpoint-params.ts';
import type { Sim } from '../sim.ts';
import { nodeNumbers } from '../node-figures.ts';
import { shownFigures } from './cluster.ts';
import { type Call, type Endpoint, needText } from './endpoint.ts';

export const NODES: readonly Endpoint[] = [
  { method: 'GET', path: '/nodes', params: {}, allow: everybody, handle: listNodes },
  {
    method: 'GET',
    path: '/nodes/{node}/status',
    params: nodeParams,
    allow: perm('/nodes/{node}', 'Sys.Audit'),
    handle: ({ sim, profile, params }) => nodeStatus(sim, profile, needText(params, 'node')),
  },
];

/** Everybody sees the nodes; their numbers need Sys.Audit. */
function listNodes(call: Call): unknown[] {
  return Object.values(call.sim.world.nodes).map((node) => {
    const row = {
      node: node.name,
      id: `node/${node.name}`,
      type: 'node',
      level: '',
      ssl_fingerprint: node.fingerprint,
    };
    return { ...row, ...shownFigures(call, node.name) };
  });
}

function nodeStatus(sim: Sim, profile: Profile, name: string): unknown {
  const numbers = nodeNumbers(sim, name);
  const { cpu = 0, mem = 0, maxmem = 0, disk = 0, maxdisk = 0, uptime = 0, maxcpu = 0 } = numbers;
  const { version, repoid, kernel } = profile;
  const free = maxmem - mem;
  const isNew = profile.has('nodeMemoryAvailable');
  return {
    uptime,
    idle: 0,
    cpu,
    wait: 0,
    loadavg: ['0.10', '0.12', '0.09'],
    memory: { total: maxmem, used: mem, free, ...(isNew ? { available: free } : {}) },
    swap: { total: 0, used: 0, free: 0 },
    rootfs: { total: maxdisk, used: disk, free: maxdisk - disk, avail: maxdisk - disk },
    ksm: { shared: 0 },
    cpuinfo: {
      model: 'pve-sim',
      cpus: maxcpu,
      cores: maxcpu,
      sockets: 1,
      mhz: '3000.000',
      flags: 'aes',
      hvm: '1',
      user_hz: 100,
      ...(isNew ? { vendor: 'GenuineIntel', family: '6' } : {}),
    },
    kversion: `Linux ${kernel}`,
    ...(profile.has('nodeBootInfo')
      ? {
          'current-kernel': { sysname: 'Linux', release: kernel, version: '#1 SMP', machine: 'x86_64' },
          'boot-info': { mode: 'legacy-bios' },
        }
      : {}),
    pveversion: `pve-manager/${version}/${repoid}`,
  };
}
