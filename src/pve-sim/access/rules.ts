// The permission an endpoint declares, checked before its parameters are (pve-behaviour 2 and 5.1).
import { failure, forbidden } from '../pve-error.ts';
import { splitList } from '../world/lists.ts';
import type { World } from '../world/world.ts';
import { normalisePath } from './acl-paths.ts';
import { isAllowed } from './permissions.ts';
import { realmOf } from './realms.ts';
import { isRoot } from './root.ts';

export type Rule =
  /** Whoever asks: `world` even without credentials. */
  | { readonly kind: 'world' | 'everybody' }
  | {
      readonly kind: 'perm';
      readonly path: string;
      readonly privileges: readonly string[];
      readonly any: boolean;
      readonly needs?: string;
    }
  /** The user in `userid` is the caller. */
  | { readonly kind: 'self' }
  /** The caller may make users in the realm of `userid`. */
  | { readonly kind: 'realm' }
  /** Any of the privileges on all groups, or on one that the user in `userid` is in. */
  | { readonly kind: 'user-group'; readonly privileges: readonly string[]; readonly groups?: 'create' | 'update' }
  /** May hand out rights on a path: Permissions.Modify, or the privilege that rules the kind of thing it names. */
  | { readonly kind: 'modify'; readonly path: string }
  | { readonly kind: 'and' | 'or'; readonly rules: readonly Rule[] };

type RawParams = Readonly<Record<string, unknown>>;

/** Who asks, of what, with what. */
interface Request {
  readonly world: World;
  readonly authId: string;
  readonly params: RawParams;
}

export const withoutLogin: Rule = { kind: 'world' };
export const everybody: Rule = { kind: 'everybody' };
export const self: Rule = { kind: 'self' };
export const realmOfUser: Rule = { kind: 'realm' };

/** All of the privileges. `{name}` in the path stands for a parameter. */
export function perm(path: string, ...privileges: readonly string[]): Rule {
  return { kind: 'perm', path, privileges, any: false };
}

export function permAny(path: string, ...privileges: readonly string[]): Rule {
  return { kind: 'perm', path, privileges, any: true };
}

/** Counts only where the parameter `needs` was sent. */
export function permWith(needs: string, path: string, ...privileges: readonly string[]): Rule {
  return { kind: 'perm', path, privileges, any: false, needs };
}

/** @param groups which groups the call is about to put the user into: with `create` the user need not exist */
export function userGroup(privileges: readonly string[], groups?: 'create' | 'update'): Rule {
  return { kind: 'user-group', privileges, ...(groups === undefined ? {} : { groups }) };
}

export function modify(path: string): Rule {
  return { kind: 'modify', path };
}

export function and(...rules: readonly Rule[]): Rule {
  return { kind: 'and', rules };
}

export function or(...rules: readonly Rule[]): Rule {
  return { kind: 'or', rules };
}

/** @throws 403: with path and privilege from a plain check, bare from an "or"; 500 for a user that does not exist */
export function checkRule(world: World, authId: string, rule: Rule, params: RawParams): void {
  if (isRoot(authId)) return;
  const refusal = refusalOf(rule, { world, authId, params });
  if (refusal !== undefined) throw refusal;
}

/** Why the rule does not hold; undefined where it does. */
function refusalOf(rule: Rule, request: Request): Error | undefined {
  switch (rule.kind) {
    case 'world':
    case 'everybody':
      return undefined;
    case 'and':
      return firstRefusal(rule.rules, request);
    case 'or':
      return rule.rules.some((part) => refusalOf(part, request) === undefined) ? undefined : forbidden();
    case 'perm':
      return permRefusal(rule, request);
    case 'self':
      return unknownUser(request) ?? (request.authId === request.params['userid'] ? undefined : forbidden());
    case 'realm':
      return privilegeRefusal(request, `/access/realm/${realmIn(request)}`, ['Realm.AllocateUser'], false);
    case 'user-group':
      return userGroupRefusal(rule, request);
    case 'modify':
      return modifyRefusal(request, expandPath(rule.path, request.params));
  }
}

function firstRefusal(rules: readonly Rule[], request: Request): Error | undefined {
  for (const part of rules) {
    const refusal = refusalOf(part, request);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function permRefusal(rule: Rule & { kind: 'perm' }, request: Request): Error | undefined {
  if (rule.needs !== undefined && request.params[rule.needs] === undefined) return forbidden();
  const path = expandPath(rule.path, request.params);
  return privilegeRefusal(request, path, rule.privileges, rule.any);
}

function privilegeRefusal(
  { world, authId }: Request,
  path: string,
  privileges: readonly string[],
  any: boolean,
): Error | undefined {
  if (path !== '' && isAllowed(world, authId, path, privileges, any)) return undefined;
  return forbidden(`${path}, ${privileges.join('|')}`);
}

function userGroupRefusal(rule: Rule & { kind: 'user-group' }, request: Request): Error | undefined {
  const { world, authId, params } = request;
  const unknown = rule.groups === 'create' ? undefined : unknownUser(request);
  if (unknown !== undefined || isAllowed(world, authId, '/access/groups', rule.privileges, true)) return unknown;
  const mine = Object.entries(world.access.groups).filter(([id]) =>
    isAllowed(world, authId, `/access/groups/${id}`, rule.privileges, true),
  );
  if (rule.groups !== undefined) {
    const wanted = splitList(textOf(params['groups']));
    const stranger = wanted.length === 0 ? '' : wanted.find((id) => !mine.some(([name]) => name === id));
    if (stranger !== undefined)
      return forbidden(`/access/groups${stranger === '' ? '' : `/${stranger}`}, ${rule.privileges.join(', ')}`);
  }
  if (rule.groups === 'create') return undefined;
  return mine.some(([, group]) => group.users.includes(textOf(params['userid']))) ? undefined : forbidden();
}

/** The privilege with which a thing's own administrator may hand out rights on it. */
const ADMINISTERS: Readonly<Record<string, string>> = {
  storage: 'Datastore.Allocate',
  vms: 'VM.Allocate',
  pool: 'Pool.Allocate',
};

function modifyRefusal(request: Request, path: string): Error | undefined {
  const kind = /^\/(storage|vms|pool)\/./.exec(path)?.[1];
  const administers = kind === undefined ? [] : [ADMINISTERS[kind] ?? ''];
  return privilegeRefusal(request, path === '' ? '/access' : path, ['Permissions.Modify', ...administers], true);
}

/** Whether one may hand out rights on the path. */
export function mayModify(world: World, authId: string, path: string): boolean {
  return isRoot(authId) || modifyRefusal({ world, authId, params: {} }, path) === undefined;
}

function unknownUser({ world, params }: Request): Error | undefined {
  const id = textOf(params['userid']);
  return world.access.users[id] === undefined ? failure(`no such user ('${id}')`) : undefined;
}

function realmIn({ params }: Request): string {
  return realmOf(textOf(params['userid']));
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Raw parameters, not yet validated: one that is missing becomes `-`, and what is no ACL path is nobody's. */
function expandPath(path: string, params: RawParams): string {
  const expanded = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const value = params[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
  });
  return normalisePath(expanded) ?? '';
}

/** An inline check of a handler. @throws 403 naming path and privileges */
export function requirePrivilege(
  world: World,
  authId: string,
  path: string,
  privileges: readonly string[],
  any = false,
): void {
  if (isRoot(authId)) return;
  const refusal = privilegeRefusal({ world, authId, params: {} }, path, privileges, any);
  if (refusal !== undefined) throw refusal;
}
