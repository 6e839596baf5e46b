// `POST /access/ticket`: password, ticket or second factor against a ticket (pve-behaviour 4.1). Whatever is wrong, the
// answer is the same.
import { PveError } from '../pve-error.ts';
import { splitList } from '../world/lists.ts';
import type { Sim } from '../sim.ts';
import type { User } from '../world/world.ts';
import { normalisePath } from './acl-paths.ts';
import { isActive } from './authenticate.ts';
import { isAllowed } from './permissions.ts';
import { challengeOf, passes } from './second-factors.ts';
import { isChallenge, isChallengeFor, issueChallenge, issueCredentials, isVncTicket, readTicket } from './tickets.ts';
import { isRoot } from './root.ts';

interface LoginRequest {
  /** With its realm. */
  readonly username: string;
  /** A password, a ticket, or `totp:123456` with a challenge. */
  readonly password: string;
  readonly otp: string | undefined;
  /** The ticket of a login that waits for its second factor. */
  readonly challenge: string | undefined;
}

type Asked = Pick<Sim, 'world' | 'clock'>;

export function authenticationFailure(): PveError {
  return new PveError(401, 'authentication failure');
}

export interface Login {
  readonly username: string;
  readonly ticket: string;
  readonly CSRFPreventionToken: string;
  readonly NeedTFA?: number;
}

/** @throws 401 */
export function logIn(sim: Asked, request: LoginRequest): Login {
  const { username, password } = request;
  const user = activeUser(sim, username);
  // Root's ticket makes tickets of anybody.
  const owner = readTicket(sim, password);
  const renews = owner === username || (owner !== undefined && isRoot(owner));
  const owed = renews ? undefined : owedAfter(sim, user, request);
  const { ticket, csrf } = issueCredentials(sim, username);
  const granted = { username, ticket, CSRFPreventionToken: csrf };
  return owed === undefined ? granted : { ...granted, ticket: issueChallenge(sim, username, owed), NeedTFA: 1 };
}

/** @returns the challenge that is left. @throws 401 */
function owedAfter(sim: Asked, user: User, request: LoginRequest): string | undefined {
  const { username, password, otp, challenge } = request;
  if (challenge !== undefined) {
    if (!isChallengeFor(sim, challenge, username) || !passes(sim, user, password)) throw authenticationFailure();
    return undefined;
  }
  if (isChallenge(password) || !hasPassword(user, password)) throw authenticationFailure();
  const owed = challengeOf(user);
  if (owed === undefined || otp === undefined) return owed;
  if (!passes(sim, user, `totp:${otp}`)) throw authenticationFailure();
  return undefined;
}

interface Proof {
  readonly username: string;
  /** A password, a ticket or a console's ticket. */
  readonly password: string;
  readonly path: string;
  /** A list. */
  readonly privileges: string;
}

/** Whether the user is who it says and has the privileges; no ticket is made. @throws 401 */
export function proveRights(sim: Asked, { username, password, path, privileges }: Proof): void {
  const user = activeUser(sim, username);
  const normal = normalisePath(path);
  if (normal === undefined) throw authenticationFailure();
  const isKnown =
    readTicket(sim, password) === username ||
    isVncTicket(sim, password, username, normal) ||
    (hasPassword(user, password) && challengeOf(user) === undefined);
  const names = splitList(privileges);
  if (!isKnown || names.length === 0 || !isAllowed(sim.world, username, normal, names)) throw authenticationFailure();
}

export function hasPassword(user: User, password: string): boolean {
  return password !== '' && user.password === password;
}

function activeUser(sim: Asked, id: string): User {
  const user = sim.world.access.users[id];
  if (user === undefined || !isActive(sim, user)) throw authenticationFailure();
  return user;
}
