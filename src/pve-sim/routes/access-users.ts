// Users (pve-behaviour 4, 5; recordings one-node/01, 02, 20).
import { isAllowed } from '../access/permissions.ts';
import { realmType, requireRealm } from '../access/realms.ts';
import { and, everybody, realmOfUser, userGroup } from '../access/rules.ts';
import { failure } from '../pve-error.ts';
import { emailFormat, groupIdFormat } from '../schema/access-formats.ts';
import { userid } from '../schema/access-params.ts';
import { flag, integer, listText, optional, type Schema, text } from '../schema/property.ts';
import { splitList } from '../world/lists.ts';
import type { AccessState, User } from '../world/world.ts';
import { changeAccess, dropFromAcl, requireUser } from './access-change.ts';
import { type Call, type Endpoint, intParam, isOn, needText, textParam } from './endpoint.ts';
import { tokenRow } from './access-tokens.ts';

const details: Schema = {
  comment: optional(text({ maxLength: 2048 })),
  email: optional(text({ format: emailFormat, maxLength: 254 })),
  firstname: optional(text({ maxLength: 1024 })),
  keys: optional(text({ pattern: /[0-9a-zA-Z!=]{0,4096}/ })),
  lastname: optional(text({ maxLength: 1024 })),
};
const userParams: Schema = {
  ...details,
  enable: flag(),
  expire: optional(integer({ minimum: 0 })),
  groups: listText(groupIdFormat),
  userid,
};

export const ACCESS_USERS: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/access/users',
    protected: true,
    params: { enabled: flag(), full: flag() },
    allow: everybody,
    handle: listUsers,
  },
  {
    method: 'POST',
    path: '/access/users',
    params: { ...userParams, password: optional(text({ minLength: 8, maxLength: 64 })) },
    allow: and(realmOfUser, userGroup(['User.Modify'], 'create')),
    handle: createUser,
  },
  {
    method: 'GET',
    path: '/access/users/{userid}',
    params: { userid },
    allow: userGroup(['User.Modify', 'Sys.Audit']),
    handle: readUser,
  },
  {
    method: 'PUT',
    path: '/access/users/{userid}',
    params: { ...userParams, append: flag({ requires: 'groups' }) },
    allow: userGroup(['User.Modify'], 'update'),
    handle: updateUser,
  },
  {
    method: 'DELETE',
    path: '/access/users/{userid}',
    params: { userid },
    allow: and(realmOfUser, userGroup(['User.Modify'])),
    handle: deleteUser,
  },
];

/** Oneself, and whom one may look after. */
function listUsers({ sim, user, params }: Call): unknown[] {
  const { access } = sim.world;
  const maySee = (path: string): boolean => isAllowed(sim.world, user, path, ['User.Modify', 'Sys.Audit'], true);
  const seesAll = maySee('/access/groups');
  const seen = new Set(
    Object.entries(access.groups).flatMap(([id, group]) => (maySee(`/access/groups/${id}`) ? group.users : [])),
  );
  const wanted = textParam(params, 'enabled');
  return Object.entries(access.users)
    .filter(
      ([id, { enabled }]) =>
        (seesAll || id === user || seen.has(id)) &&
        (wanted ?? enabled) === (wanted === undefined ? enabled : enabled ? '1' : '0'),
    )
    .map(([id, each]) => ({
      ...userRow(each),
      ...(isOn(params, 'full') ? { groups: groupsOf(access, id).join(','), tokens: tokensOf(access, id) } : {}),
      'realm-type': realmType(id),
      userid: id,
    }));
}

function userRow({ enabled, expire, details: set }: User): Record<string, unknown> {
  return { enable: enabled ? 1 : 0, expire: expire ?? 0, ...set };
}

function groupsOf(access: AccessState, id: string): string[] {
  return Object.keys(access.groups)
    .filter((group) => access.groups[group]?.users.includes(id) === true)
    .sort();
}

function tokensOf(access: AccessState, id: string): { tokenid: string }[] {
  return Object.entries(access.tokens)
    .filter(([token]) => token.startsWith(`${id}!`))
    .map(([token, each]) => ({ tokenid: token.slice(id.length + 1), ...tokenRow(each) }));
}

function readUser({ sim, params }: Call): unknown {
  const id = needText(params, 'userid');
  const { access } = sim.world;
  const tokens = tokensOf(access, id).map(({ tokenid, ...row }) => [tokenid, row]);
  return {
    ...userRow(requireUser(access, id)),
    groups: groupsOf(access, id),
    ...(tokens.length === 0 ? {} : { tokens: Object.fromEntries(tokens) as unknown }),
  };
}

async function createUser(call: Call): Promise<void> {
  const { params } = call;
  const id = needText(params, 'userid');
  await changeAccess(call, 'create user', (access) => {
    if (access.users[id] !== undefined) throw failure(`user '${id}' already exists`);
    requireRealm(id);
    const groups = knownGroups(access, call);
    const password = textParam(params, 'password');
    const user: User = { enabled: true, ...(password === undefined ? {} : { password }) };
    access.users[id] = user;
    setDetails(call, user);
    join(access, id, groups);
  });
}

async function updateUser(call: Call): Promise<void> {
  const { params } = call;
  const id = needText(params, 'userid');
  await changeAccess(call, 'update user', (access) => {
    const user = requireUser(access, id);
    const groups = knownGroups(access, call);
    if (groups.length > 0 && !isOn(params, 'append')) leaveAll(access, id);
    join(access, id, groups);
    setDetails(call, user);
  });
}

/** What was sent; the rest stays as it is. */
function setDetails({ params }: Call, user: User): void {
  const enable = textParam(params, 'enable');
  const expire = intParam(params, 'expire');
  if (enable !== undefined) user.enabled = enable === '1';
  if (expire !== undefined) user.expire = expire;
  const sent = Object.keys(details).flatMap((name) => {
    const value = textParam(params, name);
    return value === undefined ? [] : [[name, value]];
  });
  const all: Record<string, string> = { ...user.details, ...(Object.fromEntries(sent) as Record<string, string>) };
  // The file has no place for what is empty.
  user.details = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

function knownGroups(access: AccessState, { params }: Call): string[] {
  const groups = splitList(textParam(params, 'groups') ?? '');
  const unknown = groups.find((id) => access.groups[id] === undefined);
  if (unknown !== undefined) throw failure(`no such group '${unknown}'`);
  return groups;
}

function join(access: AccessState, id: string, groups: readonly string[]): void {
  for (const name of groups) {
    const group = access.groups[name];
    if (group !== undefined && !group.users.includes(id)) group.users.push(id);
  }
}

function leaveAll(access: AccessState, id: string): void {
  for (const group of Object.values(access.groups)) group.users = group.users.filter((member) => member !== id);
}

async function deleteUser(call: Call): Promise<void> {
  const id = needText(call.params, 'userid');
  await changeAccess(call, 'delete user', (access) => {
    requireRealm(id);
    leaveAll(access, id);
    for (const subject of [id, ...Object.keys(access.tokens).filter((token) => token.startsWith(`${id}!`))]) {
      dropFromAcl(access, subject);
      delete access.tokens[subject];
    }
    delete access.users[id];
  });
}
