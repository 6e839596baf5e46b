// Users, tokens, roles and ACLs: as much of their administration as it takes to give somebody rights
// (recordings one-node/05 to 09).
import { permAny, perm, type Rule } from '../access/rules.ts';
import { withUserConfigLock } from '../locks/user-config-lock.ts';
import { failure, parameterError, taskErrorText } from '../pve-error.ts';
import {
  emailFormat,
  groupIdFormat,
  privilegeFormat,
  roleIdFormat,
  tokenIdFormat,
  userIdFormat,
} from '../schema/access-formats.ts';
import { flag, integer, listText, optional, text } from '../schema/property.ts';
import { splitList } from '../world/tags.ts';
import type { AccessState } from '../world/world.ts';
import { type Call, type Endpoint, isOn, needText, textParam } from './endpoint.ts';

const userid = text({ format: userIdFormat, maxLength: 64 });
const tokenid = text({ pattern: /[A-Za-z][A-Za-z0-9.\-_]+/ });
const comment = optional(text());
const expire = optional(integer({ minimum: 0 }));
const roleid = text({ format: roleIdFormat });
const userFields = {
  userid,
  comment: optional(text({ maxLength: 2048 })),
  email: optional(text({ format: emailFormat, maxLength: 254 })),
  enable: flag(),
  expire,
  firstname: optional(text({ maxLength: 1024 })),
  groups: listText(groupIdFormat),
  keys: optional(text({ pattern: /[0-9a-zA-Z!=]{0,4096}/ })),
  lastname: optional(text({ maxLength: 1024 })),
};
const modifyUsers: Rule = permAny('/access/groups', 'User.Modify');
const modifyAccess: Rule = perm('/access', 'Sys.Modify');
const modifyPermissions: Rule = permAny('{path}', 'Permissions.Modify');
const ACL_PATH =
  /^\/(?:access(?:\/(?:groups|realm)(?:\/[^/]+)?)?|nodes(?:\/[^/]+)?|pool(?:\/[^/]+){0,3}|sdn(?:\/.+)?|storage(?:\/[^/]+)?|vms(?:\/\d+)?|mapping(?:\/.+)?)?$/;

export const ACCESS_ADMIN: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/access/users',
    params: { ...userFields, password: optional(text({ minLength: 8, maxLength: 64 })) },
    allow: modifyUsers,
    handle: async (call) =>
      await change(call, 'create user', (access) => {
        const id = needText(call.params, 'userid');
        if (access.users[id] !== undefined) throw failure(`user '${id}' already exists`);
        access.users[id] = { enabled: call.params['enable'] !== '0' };
      }),
  },
  {
    method: 'PUT',
    path: '/access/users/{userid}',
    params: { ...userFields, append: flag({ requires: 'groups' }) },
    allow: modifyUsers,
    handle: async (call) =>
      await change(call, 'update user', (access) => {
        requireUser(access, needText(call.params, 'userid')).enabled = call.params['enable'] !== '0';
      }),
  },
  {
    method: 'POST',
    path: '/access/users/{userid}/token/{tokenid}',
    params: { userid, tokenid, privsep: flag(), expire, comment },
    allow: modifyUsers,
    handle: addToken,
  },
  {
    method: 'DELETE',
    path: '/access/users/{userid}/token/{tokenid}',
    params: { userid, tokenid },
    allow: modifyUsers,
    handle: async (call) =>
      await change(call, 'deleting token', (access) => {
        const id = `${needText(call.params, 'userid')}!${needText(call.params, 'tokenid')}`;
        delete access.tokens[id];
        access.acl = access.acl.filter((entry) => entry.subject !== id);
      }),
  },
  {
    method: 'POST',
    path: '/access/roles',
    params: { roleid, privs: listText(privilegeFormat) },
    allow: modifyAccess,
    handle: async (call) =>
      await change(call, 'create role', (access) => {
        const id = needText(call.params, 'roleid');
        if (access.roles[id] !== undefined) throw failure(`role '${id}' already exists`);
        access.roles[id] = splitList(textParam(call.params, 'privs') ?? '');
      }),
  },
  {
    method: 'PUT',
    path: '/access/roles/{roleid}',
    params: { roleid, privs: listText(privilegeFormat), append: flag({ requires: 'privs' }) },
    allow: modifyAccess,
    handle: async (call) =>
      await change(call, 'update role', (access) => {
        const id = needText(call.params, 'roleid');
        const before = access.roles[id];
        if (before === undefined) throw failure(`role '${id}' does not exist`);
        const names = splitList(textParam(call.params, 'privs') ?? '');
        access.roles[id] = isOn(call.params, 'append') ? [...new Set([...before, ...names])] : names;
      }),
  },
  {
    method: 'PUT',
    path: '/access/acl',
    params: {
      path: text(),
      roles: { ...listText(roleIdFormat), optional: false },
      users: listText(userIdFormat),
      tokens: listText(tokenIdFormat),
      groups: listText(groupIdFormat),
      propagate: flag(),
      delete: flag(),
    },
    allow: modifyPermissions,
    handle: updateAcl,
  },
];

async function change(call: Call, what: string, work: (access: AccessState) => void): Promise<void> {
  try {
    await withUserConfigLock(call.sim, call.process, () => work(call.sim.world.access));
  } catch (error) {
    throw failure(`${what} failed: ${taskErrorText(error)}`);
  }
}

function requireUser(access: AccessState, id: string): { enabled: boolean } {
  const user = access.users[id];
  if (user === undefined) throw failure(`no such user ('${id}')`);
  return user;
}

/** The secret is shown here and nowhere else. */
async function addToken(call: Call): Promise<Record<string, unknown>> {
  const { sim, params } = call;
  const id = `${needText(params, 'userid')}!${needText(params, 'tokenid')}`;
  if (sim.world.access.tokens[id] !== undefined) throw parameterError({ tokenid: 'Token already exists.' });
  const privsep = textParam(params, 'privsep');
  const secret = sim.random.uuid();
  await change(call, 'generating token', (access) => {
    requireUser(access, needText(params, 'userid'));
    access.tokens[id] = { secret, privsep: privsep !== '0' };
  });
  return { 'full-tokenid': id, info: { privsep: privsep ?? 1 }, value: secret };
}

async function updateAcl(call: Call): Promise<void> {
  const { params } = call;
  const path = needText(params, 'path');
  if (!ACL_PATH.test(path)) throw parameterError({ path: `invalid ACL path '${path}'` });
  const roles = splitList(needText(params, 'roles'));
  const subjects = splitList(`${textParam(params, 'users') ?? ''},${textParam(params, 'tokens') ?? ''}`);
  await change(call, 'ACL update', (access) => {
    for (const role of roles) if (access.roles[role] === undefined) throw failure(`role '${role}' does not exist`);
    for (const subject of subjects) checkSubject(access, subject);
    const isMeant = (entry: AccessState['acl'][number]): boolean =>
      entry.path === path && subjects.includes(entry.subject) && roles.includes(entry.role);
    const others = access.acl.filter((entry) => !isMeant(entry));
    const propagate = params['propagate'] !== '0';
    const added = subjects.flatMap((subject) => roles.map((role) => ({ path, subject, role, propagate })));
    access.acl = isOn(params, 'delete') ? others : [...others, ...added];
  });
}

function checkSubject(access: AccessState, subject: string): void {
  const [user = '', token] = subject.split('!');
  if (access.users[user] === undefined) throw failure(`user '${user}' does not exist`);
  if (token !== undefined && access.tokens[subject] === undefined)
    throw failure(`no such token '${token}' for user '${user}'`);
}
