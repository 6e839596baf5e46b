// Roles (pve-behaviour 5.2, 23; recordings one-node/05, 08, 20).
import { isBuiltinRole, knowsRole } from '../access/builtin-roles.ts';
import { privilegesOf } from '../access/privileges.ts';
import { everybody, perm } from '../access/rules.ts';
import type { Profile } from '../profiles/profile.ts';
import { failure, parameterError } from '../pve-error.ts';
import { privileges as privs, roleid } from '../schema/access-params.ts';
import { flag } from '../schema/property.ts';
import { splitList } from '../world/lists.ts';
import type { AccessState } from '../world/world.ts';
import { changeAccess } from './access-change.ts';
import { type Call, type Endpoint, isOn, needText, textParam } from './endpoint.ts';

const modifyAccess = perm('/access', 'Sys.Modify');
const creation = { roleid, privs };
const update = { ...creation, append: flag({ requires: 'privs' }) };

export const ACCESS_ROLES: readonly Endpoint[] = [
  { method: 'GET', path: '/access/roles', params: {}, allow: everybody, handle: listRoles },
  { method: 'GET', path: '/access/roles/{roleid}', params: { roleid }, allow: everybody, handle: readRole },
  { method: 'POST', path: '/access/roles', params: creation, allow: modifyAccess, handle: createRole },
  { method: 'PUT', path: '/access/roles/{roleid}', params: update, allow: modifyAccess, handle: updateRole },
  { method: 'DELETE', path: '/access/roles/{roleid}', params: { roleid }, allow: modifyAccess, handle: deleteRole },
];

function listRoles({ sim, profile }: Call): unknown[] {
  return Object.entries(sim.world.access.roles)
    .filter(([id]) => knowsRole(profile, id))
    .map(([id, privileges]) => ({
      roleid: id,
      privs: known(profile, privileges).join(','),
      special: isBuiltinRole(id) ? 1 : 0,
    }));
}

function known(profile: Profile, privileges: readonly string[]): string[] {
  return privileges.filter((name) => privilegesOf(profile).has(name)).sort();
}

function readRole({ sim, profile, params }: Call): unknown {
  const privileges = requireRole(sim.world.access, profile, needText(params, 'roleid'));
  return Object.fromEntries(known(profile, privileges).map((name) => [name, 1]));
}

export function requireRole(access: AccessState, profile: Profile, id: string): readonly string[] {
  const privileges = knowsRole(profile, id) ? access.roles[id] : undefined;
  if (privileges === undefined) throw failure(`role '${id}' does not exist`);
  return privileges;
}

async function createRole(call: Call): Promise<void> {
  const id = needText(call.params, 'roleid');
  if (call.profile.has('reservedRoleNames') && /^PVE/i.test(id)) {
    throw parameterError({ roleid: "cannot use role ID starting with the (case-insensitive) 'PVE' namespace" });
  }
  await changeAccess(call, 'create role', (access) => {
    if (access.roles[id] !== undefined) throw failure(`role '${id}' already exists`);
    access.roles[id] = sentPrivileges(call);
  });
}

async function updateRole(call: Call): Promise<void> {
  const id = needText(call.params, 'roleid');
  requireOwn(id, 'modified');
  await changeAccess(call, 'update role', (access) => {
    const before = requireRole(access, call.profile, id);
    const kept = isOn(call.params, 'append') ? before : [];
    access.roles[id] = [...new Set([...kept, ...sentPrivileges(call)])];
  });
}

async function deleteRole(call: Call): Promise<void> {
  const id = needText(call.params, 'roleid');
  requireOwn(id, 'deleted');
  await changeAccess(call, 'delete role', (access) => {
    requireRole(access, call.profile, id);
    delete access.roles[id];
    access.acl = access.acl.filter((entry) => entry.role !== id);
  });
}

function requireOwn(id: string, done: string): void {
  if (isBuiltinRole(id)) throw failure(`auto-generated role '${id}' cannot be ${done}`);
}

function sentPrivileges({ params }: Call): string[] {
  return splitList(textParam(params, 'privs') ?? '');
}
