// What is told of somebody's permissions: by path, and for the parts of the web interface (pve-behaviour 4.1, 5.1).
import type { Profile } from '../profiles/profile.ts';
import type { World } from '../world/world.ts';
import { privilegesOn } from './permissions.ts';
import { privilegesOf } from './privileges.ts';

/** Privilege to its propagate flag. */
export function shownOn(world: World, profile: Profile, who: string, path: string): Record<string, number> {
  const known = privilegesOf(profile);
  const granted = [...privilegesOn(world, who, path)].filter(([name]) => known.has(name));
  return Object.fromEntries(granted.map(([name, propagate]) => [name, propagate ? 1 : 0]));
}

const ALWAYS = ['/', '/access', '/access/groups', '/nodes', '/pool', '/sdn', '/storage', '/vms'];

/** Paths without any privilege are left out. */
export function effectivePermissions(world: World, profile: Profile, who: string): Record<string, unknown> {
  const paths = new Set([...ALWAYS, ...aclPaths(world), ...memberPaths(world)]);
  const rows = [...paths].map((path): [string, Record<string, number>] => [path, shownOn(world, profile, who, path)]);
  return Object.fromEntries(rows.filter(([, privileges]) => Object.keys(privileges).length > 0));
}

function aclPaths(world: World): string[] {
  return world.access.acl.map((entry) => entry.path);
}

function memberPaths(world: World): string[] {
  return Object.values(world.pools).flatMap((pool) => [
    ...pool.vms.map((vmid) => `/vms/${vmid}`),
    ...pool.storages.map((id) => `/storage/${id}`),
  ]);
}

const AREAS: Readonly<Record<string, RegExp>> = {
  access: /^(?:(?:User|Group)\.|Permissions\.Modify)/,
  dc: /^(?:Sys\.Audit|Sys\.Modify|SDN\.)/,
  mapping: /^(?:Mapping\.|Permissions\.Modify)/,
  nodes: /^(?:Sys\.|Permissions\.Modify)/,
  sdn: /^(?:SDN\.|Permissions\.Modify)/,
  storage: /^(?:Datastore\.|Permissions\.Modify)/,
  vms: /^(?:VM\.|Permissions\.Modify)/,
};
const AREA_PATHS = ['/', '/nodes', '/access/groups', '/vms', '/storage', '/sdn', '/mapping'];

/** What a login is told it may do anywhere, by area. */
export function apiPermissions(world: World, profile: Profile, user: string): Record<string, unknown> {
  const areas = Object.keys(AREAS).filter((area) => area !== 'mapping' || profile.has('mappings'));
  const found: Record<string, Record<string, number>> = Object.fromEntries(areas.map((area) => [area, {}]));
  for (const path of new Set([...AREA_PATHS, ...aclPaths(world)])) {
    const top = /^\/(\w+)/.exec(path)?.[1] ?? 'dc';
    const names = Object.keys(shownOn(world, profile, user, path));
    // Rights on a pool are rights on what is in it.
    for (const area of top === 'pool' ? ['vms', 'storage'] : [top]) {
      const shown = found[area];
      if (shown !== undefined) for (const name of names) if (AREAS[area]?.test(name) === true) shown[name] = 1;
    }
  }
  return found;
}
