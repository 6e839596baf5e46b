// Who is calling, before anything else is asked (pve-behaviour 2, 4.2 to 4.5, recordings one-node/01 to 03).
import type { IncomingHttpHeaders } from 'node:http';
import { NotAuthenticated } from '../pve-error.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Sim } from '../sim.ts';
import type { User } from '../world/world.ts';
import { isChallenge, isCsrfToken, readTicket } from './tickets.ts';

export interface Caller {
  /** A user id or a full token id; '' for nobody. */
  readonly user: string;
  /** An API token was sent, be it good or not: some calls refuse that. */
  readonly byToken: boolean;
}

interface Knock {
  readonly method: string;
  /** Without `/api2/json`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Plain HTML forms cannot send the CSRF header. */
  readonly isUpload: boolean;
}

const PUBLIC = new Set([
  'GET /access/domains',
  'GET /access/ticket',
  'POST /access/ticket',
  'POST /access/vncticket',
  'POST /access/openid/auth-url',
  'POST /access/openid/login',
]);

type Asked = Pick<Sim, 'world' | 'clock'>;

/** @throws 401: `No ticket`, a bad CSRF token, or one that since 2026 does not say why */
export function authenticate(sim: Asked, profile: Profile, knock: Knock): Caller {
  const { cookie, authorization, csrfpreventiontoken } = knock.headers;
  const ticket = authValue(cookie, 'PVEAuthCookie') ?? authValue(authorization, 'PVEAuthCookie');
  const token = ticket === undefined ? authValue(authorization, 'PVEAPIToken') : undefined;
  const byToken = token !== undefined;
  if (PUBLIC.has(`${knock.method} ${knock.path}`)) return { user: '', byToken };
  if (ticket === undefined && token === undefined) throw new NotAuthenticated('No ticket');
  // Whoever still owes a second factor has no ticket yet.
  if (ticket !== undefined && isChallenge(ticket)) throw new NotAuthenticated('No ticket');
  const user = telling(profile, () =>
    token === undefined ? userOfTicket(sim, ticket ?? '') : userOfToken(sim, token),
  );
  const needsCsrf = !byToken && knock.method !== 'GET' && !knock.isUpload;
  if (needsCsrf && !isCsrfToken(sim, user, String(csrfpreventiontoken ?? '')))
    throw new NotAuthenticated('Permission denied - invalid csrf token');
  return { user, byToken };
}

/** The value of a key in a cookie or an Authorization header, unescaped; undefined where there is none. */
function authValue(header: string | undefined, key: string): string | undefined {
  const value = new RegExp(`(?:^|\\s)${key}[= ]([^;]+)`).exec(header ?? '')?.[1];
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Why credentials are no good: older versions say so, newer ones have one phrase for all. */
function telling(profile: Profile, find: () => string): string {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof NoCredentials)) throw error;
    throw new NotAuthenticated(profile.has('silent401') ? 'Authentication failed!' : error.message);
  }
}

class NoCredentials extends Error {
  override readonly name = 'NoCredentials';
}

function userOfTicket(sim: Asked, ticket: string): string {
  const user = readTicket(sim, ticket);
  if (user === undefined) throw new NoCredentials('permission denied - invalid PVE ticket');
  requireActive(sim, user);
  return user;
}

function userOfToken(sim: Asked, sent: string): string {
  const [, id = '', secret = ''] = /^(.*)=(.*)$/.exec(sent) ?? [];
  if (id === '') throw new NoCredentials('no tokenid specified');
  const [, user = '', name = ''] = /^([^\s:/]+@[A-Za-z][\w.-]+)!([A-Za-z][\w.-]+)$/.exec(id) ?? [];
  if (user === '') throw new NoCredentials(`'${id}' is not a valid token ID`);
  requireActive(sim, user);
  const token = sim.world.access.tokens[id];
  if (token === undefined) throw new NoCredentials(`no such token '${name}' for user '${user}'`);
  if (isOver(sim, token.expire)) throw new NoCredentials(`token '${name}' access expired`);
  if (token.secret !== secret) throw new NoCredentials('invalid token value!');
  return id;
}

function requireActive(sim: Asked, id: string): void {
  const user = sim.world.access.users[id];
  if (user === undefined) throw new NoCredentials(`no such user ('${id}')`);
  if (!user.enabled) throw new NoCredentials(`user '${id}' is disabled`);
  if (isOver(sim, user.expire)) throw new NoCredentials(`user '${id}' access expired`);
}

/** Whether the user may log in at all. */
export function isActive(sim: Asked, user: User | undefined): boolean {
  return user?.enabled === true && !isOver(sim, user.expire);
}

function isOver({ clock }: Asked, expire = 0): boolean {
  return expire > 0 && expire * 1000 < clock.now();
}
