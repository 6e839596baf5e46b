// Access control lists: who has which role on which path (pve-behaviour 5.1; recordings one-node/05 to 09).
import { isAclPath, normalisePath } from '../access/acl-paths.ts';
import { isAllowed, type Privileges, privilegesOn } from '../access/permissions.ts';
import { privilegesOf } from '../access/privileges.ts';
import { everybody, mayModify, modify } from '../access/rules.ts';
import { failure, parameterError } from '../pve-error.ts';
import { groupIdFormat, roleIdFormat, tokenIdFormat, userIdFormat } from '../schema/access-formats.ts';
import { flag, listText, text } from '../schema/property.ts';
import { splitList } from '../world/lists.ts';
import type { AccessState } from '../world/world.ts';
import { changeAccess, requireGroup } from './access-change.ts';
import { requireRole } from './access-roles.ts';
import { type Call, type Endpoint, isOn, needText, textParam } from './endpoint.ts';

export const ACCESS_ACL: readonly Endpoint[] = [
  { method: 'GET', path: '/access/acl', params: {}, allow: everybody, handle: readAcl },
  {
    method: 'PUT',
    path: '/access/acl',
    params: {
      delete: flag(),
      groups: listText(groupIdFormat),
      path: text(),
      propagate: flag(),
      roles: { ...listText(roleIdFormat), optional: false },
      tokens: listText(tokenIdFormat),
      users: listText(userIdFormat),
    },
    allow: modify('{path}'),
    handle: updateAcl,
  },
];

/** Auditors see all, others the paths they may hand out rights on. */
function readAcl({ sim, user }: Call): unknown[] {
  const audits = isAllowed(sim.world, user, '/access', ['Sys.Audit']);
  return sim.world.access.acl
    .filter(({ path }) => audits || mayModify(sim.world, user, path))
    .map(({ path, subject, role, propagate }) => ({
      path,
      ...who(subject),
      roleid: role,
      propagate: propagate ? 1 : 0,
    }));
}

function who(subject: string): { type: string; ugid: string } {
  if (subject.startsWith('@')) return { type: 'group', ugid: subject.slice(1) };
  return { type: subject.includes('!') ? 'token' : 'user', ugid: subject };
}

async function updateAcl(call: Call): Promise<void> {
  const { sim, params, user } = call;
  const { users, groups, tokens } = params;
  if (users === undefined && groups === undefined && tokens === undefined) {
    const text = "either 'users', 'groups' or 'tokens' is required.";
    throw parameterError({ users: text, groups: text, tokens: text });
  }
  const path = aclPath(call);
  const own = privilegesOn(sim.world, user, path);
  const roles = splitList(needText(params, 'roles'));
  const subjects = subjectsOf(call);
  await changeAccess(call, 'ACL update', (access) => {
    for (const role of roles) mayHandOut(call, role, requireRole(access, call.profile, role), own);
    for (const subject of subjects) checkSubject(access, subject);
    const isMeant = (entry: AccessState['acl'][number]): boolean =>
      entry.path === path && subjects.includes(entry.subject) && roles.includes(entry.role);
    const others = access.acl.filter((entry) => !isMeant(entry));
    const propagate = params['propagate'] !== '0';
    const added = subjects.flatMap((subject) => roles.map((role) => ({ path, subject, role, propagate })));
    access.acl = isOn(params, 'delete') ? others : [...others, ...added];
  });
}

/** What is there may be removed whatever its path. */
function aclPath({ params, profile }: Call): string {
  const sent = needText(params, 'path');
  const path = normalisePath(sent);
  if (path === undefined || (!isOn(params, 'delete') && !isAclPath(profile, path)))
    throw parameterError({ path: `invalid ACL path '${sent}'` });
  return path;
}

function subjectsOf({ params }: Call): string[] {
  const list = (name: string): string[] => splitList(textParam(params, name) ?? '');
  return [...list('groups').map((id) => `@${id}`), ...list('users'), ...list('tokens')];
}

/** Without Permissions.Modify one hands out no more than one has. */
function mayHandOut({ params, profile }: Call, role: string, privileges: readonly string[], own: Privileges): void {
  if (own.has('Permissions.Modify')) return;
  const isRemoval = isOn(params, 'delete');
  const verb = isRemoval ? 'remove' : 'add';
  const refuse = (why: string): Error => parameterError({ role: `Cannot ${verb} role '${role}'${why}` });
  if (role === 'NoAccess') throw refuse(" - requires 'Permissions.Modify'");
  for (const name of privileges.filter((each) => privilegesOf(profile).has(each))) {
    if (!own.has(name)) throw refuse(" - requires 'Permissions.Modify' or superset of privileges.");
    if (!isRemoval && params['propagate'] !== '0' && own.get(name) !== true)
      throw refuse(" with propagation - requires 'Permissions.Modify' or propagated superset of privileges.");
  }
}

function checkSubject(access: AccessState, subject: string): void {
  if (subject.startsWith('@')) return void requireGroup(access, subject.slice(1));
  const [user = '', token] = subject.split('!');
  if (token === undefined) {
    if (access.users[user] === undefined) throw failure(`user '${user}' does not exist`);
    return;
  }
  if (access.users[user] === undefined) throw failure(`no such user ('${user}')`);
  if (access.tokens[subject] === undefined) throw failure(`no such token '${token}' for user '${user}'`);
}
