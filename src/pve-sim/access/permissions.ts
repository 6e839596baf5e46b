// Who may do what where (pve-behaviour 5.1): roles along a path, pools, and the intersection for privilege-separated tokens.
import type { AccessState, AclEntry, Pool, World } from '../world/world.ts';
import { poolsByGuest } from '../world/pools.ts';
import { EVERY_PRIVILEGE } from './privileges.ts';
import { isRoot } from './root.ts';

/** Privilege to its propagate flag. A key that is there is granted. */
export type Privileges = ReadonlyMap<string, boolean>;

const NOTHING: Privileges = new Map();
const EVERYTHING: Privileges = new Map(EVERY_PRIVILEGE.map((name) => [name, true]));

/** @param authId a user id or a full token id */
export function privilegesOn(world: World, authId: string, path: string): Privileges {
  const user = userOf(authId);
  if (user === authId) return userPrivileges(world, authId, path);
  const token = world.access.tokens[authId];
  if (token === undefined) return NOTHING;
  const owner = userPrivileges(world, user, path);
  return token.privsep ? intersect(owner, subjectPrivileges(world, authId, path)) : owner;
}

/** True where `authId` has all (or, with `any`, one) of the privileges on the path. */
export function isAllowed(world: World, authId: string, path: string, names: readonly string[], any = false): boolean {
  const has = privilegesOn(world, authId, path);
  return any ? names.some((name) => has.has(name)) : names.every((name) => has.has(name));
}

/**
 * For lists: which guests the caller has the privilege on. Guests without an ACL entry of their own all have what their pool
 * and `/vms` give, which is worked out once per pool.
 */
export function guestFilter(world: World, authId: string, privilege: string): (vmid: number) => boolean {
  const special = new Set(world.access.acl.map((entry) => entry.path));
  const pools = poolsByGuest(world);
  const byPool = new Map<string | undefined, boolean>();
  return (vmid) => {
    const path = `/vms/${vmid}`;
    if (special.has(path)) return isAllowed(world, authId, path, [privilege]);
    const pool = pools.get(vmid);
    const allowed = byPool.get(pool) ?? isAllowed(world, authId, path, [privilege]);
    byPool.set(pool, allowed);
    return allowed;
  };
}

export function userOf(authId: string): string {
  const at = authId.lastIndexOf('!');
  return at < 0 ? authId : authId.slice(0, at);
}

function userPrivileges(world: World, user: string, path: string): Privileges {
  if (world.access.users[user]?.enabled !== true) return NOTHING;
  return isRoot(user) ? EVERYTHING : subjectPrivileges(world, user, path);
}

/** Rights on a pool count for its members, not beyond them; NoAccess in the member's own ACL beats them. */
function subjectPrivileges(world: World, subject: string, path: string): Privileges {
  const own = rolesOn(world.access, subject, path);
  if (own.has('NoAccess')) return expand(world.access, own);
  const roles = poolsOf(world, path).flatMap((pool) => [...rolesOn(world.access, subject, `/pool/${pool}`).keys()]);
  return expand(world.access, new Map([...roles.map((role): [string, boolean] => [role, false]), ...own]));
}

/** A guest is in one pool at most, a storage may be in many. */
function poolsOf(world: World, path: string): string[] {
  const [, kind, id = ''] = /^\/(vms|storage)\/([^/]+)$/.exec(path) ?? [];
  const isMember = (pool: Pool): boolean =>
    kind === 'vms' ? pool.vms.includes(Number(id)) : kind === 'storage' && pool.storages.includes(id);
  return Object.values(world.pools)
    .filter(isMember)
    .map((pool) => pool.id);
}

/** From `/` down: the deepest level with an entry that applies replaces what was inherited. */
function rolesOn(access: AccessState, subject: string, path: string): Map<string, boolean> {
  let roles = new Map<string, boolean>();
  for (const level of levelsOf(path)) {
    const onLevel = access.acl.filter((entry) => entry.path === level && (level === path || entry.propagate));
    const entries = applying(access, subject, onLevel);
    if (entries.length === 0) continue;
    roles = new Map(entries.map((entry) => [entry.role, entry.propagate]));
    if (roles.has('NoAccess')) roles = new Map([['NoAccess', roles.get('NoAccess') === true]]);
  }
  return roles;
}

/** One's own entries, else those of one's groups. */
function applying(access: AccessState, subject: string, entries: readonly AclEntry[]): readonly AclEntry[] {
  const own = entries.filter((entry) => entry.subject === subject);
  if (own.length > 0) return own;
  return entries.filter(
    (entry) => entry.subject.startsWith('@') && access.groups[entry.subject.slice(1)]?.users.includes(subject) === true,
  );
}

function levelsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}

function expand(access: AccessState, roles: ReadonlyMap<string, boolean>): Privileges {
  const privileges = new Map<string, boolean>();
  for (const [role, propagate] of roles) {
    for (const name of access.roles[role] ?? []) privileges.set(name, propagate || privileges.get(name) === true);
  }
  return privileges;
}

function intersect(a: Privileges, b: Privileges): Privileges {
  return new Map([...a].filter(([name]) => b.has(name)).map(([name, flag]) => [name, flag && b.get(name) === true]));
}
