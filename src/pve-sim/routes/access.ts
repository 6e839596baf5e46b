// One's own permissions (pve-behaviour 5.1).
import { privilegesOn } from '../access/permissions.ts';
import { everybody, requirePrivilege } from '../access/rules.ts';
import { optional, text } from '../schema/property.ts';
import type { World } from '../world/world.ts';
import { type Call, type Endpoint, textParam } from './endpoint.ts';

export const ACCESS: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/access/permissions',
    params: {
      path: optional(text()),
      userid: optional(text({ pattern: /[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+(?:![A-Za-z][A-Za-z0-9.\-_]+)?/ })),
    },
    allow: everybody,
    handle: permissions,
  },
];

const ALWAYS = ['/', '/access', '/access/groups', '/nodes', '/pool', '/sdn', '/storage', '/vms'];

/** Path to privilege to its propagate flag; paths without any are left out. */
function permissions({ sim, user, params }: Call): Record<string, Record<string, number>> {
  const who = textParam(params, 'userid') ?? user;
  if (who !== user) requirePrivilege(sim.world, user, '/access', ['Sys.Audit']);
  const path = textParam(params, 'path');
  const paths = path === undefined ? knownPaths(sim.world) : [path];
  const rows = paths.map((each): [string, Record<string, number>] => [each, flags(sim.world, who, each)]);
  return Object.fromEntries(rows.filter(([, privileges]) => path !== undefined || Object.keys(privileges).length > 0));
}

function knownPaths(world: World): string[] {
  const pools = Object.values(world.pools).flatMap((pool) => [
    `/pool/${pool.id}`,
    ...pool.vms.map((vmid) => `/vms/${vmid}`),
    ...pool.storages.map((id) => `/storage/${id}`),
  ]);
  return [...new Set([...ALWAYS, ...world.access.acl.map((entry) => entry.path), ...pools])];
}

function flags(world: World, who: string, path: string): Record<string, number> {
  return Object.fromEntries([...privilegesOn(world, who, path)].map(([name, propagate]) => [name, propagate ? 1 : 0]));
}
