// Logging in, passwords, and one's own permissions (pve-behaviour 4, 5.1; recordings one-node/01, 03, 20).
import { apiPermissions, effectivePermissions, shownOn } from '../access/effective-permissions.ts';
import { authenticationFailure, hasPassword, logIn, proveRights } from '../access/login.ts';
import { isAllowed, userOf } from '../access/permissions.ts';
import { REALMS, realmOf } from '../access/realms.ts';
import { isRoot } from '../access/root.ts';
import {
  and,
  everybody,
  or,
  permAny,
  realmOfUser,
  requirePrivilege,
  self,
  userGroup,
  withoutLogin,
} from '../access/rules.ts';
import { isVncTicket } from '../access/tickets.ts';
import { withClusterLock } from '../locks/cluster-lock.ts';
import { perProfile } from '../profiles/profile.ts';
import { failure, forbidden, parameterError } from '../pve-error.ts';
import { authid, privileges as privs, realm, userid } from '../schema/access-params.ts';
import { flag, integer, optional, type Schema, text } from '../schema/property.ts';
import { splitList } from '../world/lists.ts';
import { requireUser } from './access-change.ts';
import { type Call, type Endpoint, needText, textParam } from './endpoint.ts';

const ticketParams: Schema = {
  'new-format': flag(),
  otp: optional(text()),
  password: text(),
  path: optional(text({ maxLength: 64, requires: 'privs' })),
  privs: { ...privs, maxLength: 64, requires: 'path' },
  realm: optional(realm),
  'tfa-challenge': optional(text()),
  username: text({ maxLength: 64 }),
};
const vncTicketParams = perProfile(
  (profile): Schema => ({
    authid: text({ maxLength: 64 }),
    path: text({ maxLength: 64 }),
    ...(profile.has('vncTicketPort') ? { port: optional(integer()) } : {}),
    privs: { ...privs, maxLength: 64, optional: false },
    vncticket: text(),
  }),
);
const passwordParams = perProfile(
  (profile): Schema => ({
    ...(profile.has('confirmedPasswords')
      ? { 'confirmation-password': optional(text({ minLength: 5, maxLength: 64 })) }
      : {}),
    password: text({ minLength: profile.has('longPasswords') ? 8 : 5, maxLength: 64 }),
    userid,
  }),
);

export const ACCESS: readonly Endpoint[] = [
  { method: 'GET', path: '/access/ticket', params: {}, allow: withoutLogin, handle: () => null },
  {
    method: 'POST',
    path: '/access/ticket',
    ticketOnly: true,
    params: ticketParams,
    allow: withoutLogin,
    handle: createTicket,
  },
  { method: 'POST', path: '/access/vncticket', params: vncTicketParams, allow: withoutLogin, handle: verifyVncTicket },
  {
    method: 'PUT',
    path: '/access/password',
    ticketOnly: true,
    params: passwordParams,
    allow: or(self, and(realmOfUser, userGroup(['User.Modify']))),
    handle: changePassword,
  },
  { method: 'GET', path: '/access/domains', params: {}, allow: withoutLogin, handle: () => REALMS },
  {
    method: 'GET',
    path: '/access/domains/{realm}',
    params: { realm },
    allow: permAny('/access/realm', 'Realm.Allocate', 'Sys.Audit'),
    handle: ({ params }) => {
      const name = needText(params, 'realm');
      const found = REALMS.find((each) => each.realm === name);
      if (found === undefined) throw failure(`domain '${name}' does not exist`);
      return { type: found.type, comment: found.comment };
    },
  },
  {
    method: 'GET',
    path: '/access/permissions',
    params: { path: optional(text()), userid: authid },
    allow: everybody,
    handle: permissions,
  },
];

function createTicket({ sim, profile, params }: Call): unknown {
  const given = needText(params, 'username');
  const domain = textParam(params, 'realm');
  const username = domain === undefined || domain === '' ? given : `${given}@${domain}`;
  const password = needText(params, 'password');
  const [path, privileges] = [textParam(params, 'path'), textParam(params, 'privs')];
  const isProof = path !== undefined && privileges !== undefined;
  if (isProof) proveRights(sim, { username, password, path, privileges });
  const [otp, challenge] = [textParam(params, 'otp'), textParam(params, 'tfa-challenge')];
  const login = isProof ? { username } : logIn(sim, { username, password, otp, challenge });
  const { name } = sim.world.cluster;
  return {
    ...login,
    ...('NeedTFA' in login ? {} : { cap: apiPermissions(sim.world, profile, username) }),
    ...(name !== undefined && isAllowed(sim.world, username, '/', ['Sys.Audit']) ? { clustername: name } : {}),
  };
}

function verifyVncTicket({ sim, params }: Call): void {
  const user = needText(params, 'authid');
  const path = needText(params, 'path');
  const privileges = splitList(needText(params, 'privs'));
  const isGood = isVncTicket(sim, needText(params, 'vncticket'), user, path);
  if (!isGood || !isAllowed(sim.world, user, path, privileges)) throw authenticationFailure();
}

/** Only root changes root's and other host users' passwords. */
async function changePassword(call: Call): Promise<void> {
  const { sim, user, params, profile } = call;
  const id = needText(params, 'userid');
  requireUser(sim.world.access, id);
  if (!isRoot(user) && user !== id && realmOf(id) === 'pam') throw forbidden();
  if (!isRoot(user) && profile.has('confirmedPasswords')) confirm(call);
  const store = (): void => {
    requireUser(sim.world.access, id).password = needText(params, 'password');
  };
  // Those of the realm pve are in a file of the cluster, those of pam on the host.
  if (realmOf(id) === 'pve') await withClusterLock(sim, call.process, 'file-priv_shadow_cfg', store);
  else store();
}

function confirm({ sim, user, params }: Call): void {
  const name = 'confirmation-password';
  const password = textParam(params, name);
  if (password === undefined) throw parameterError({ [name]: 'password is required to modify user' });
  if (!hasPassword(requireUser(sim.world.access, user), password)) throw failure('invalid credentials');
}

/** Anybody's with Sys.Audit; one's own and those of one's tokens without. */
function permissions({ sim, profile, user, params }: Call): unknown {
  const who = textParam(params, 'userid') ?? user;
  if (who !== user && userOf(who) !== user) requirePrivilege(sim.world, user, '/access', ['Sys.Audit']);
  const path = textParam(params, 'path');
  if (path !== undefined) return { [path]: shownOn(sim.world, profile, who, path) };
  return effectivePermissions(sim.world, profile, who);
}
