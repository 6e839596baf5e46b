// Tickets and CSRF tokens: their text, their life, and which key still counts (pve-behaviour 4.1, 4.2).
import { createHmac } from 'node:crypto';
import { nowSeconds } from '../sim.ts';
import { isSignedBy, type Signing, sign, signingKey } from './signature.ts';

const LIFETIME_S = 7200;
/** How far clocks may be apart. */
const SKEW_S = 300;
const VNC_LIFETIME_S = 40;

export interface Credentials {
  readonly ticket: string;
  /** The CSRF prevention token. */
  readonly csrf: string;
}

export function issueCredentials(sim: Signing, user: string, ageSeconds = 0): Credentials {
  return { ticket: issueTicket(sim, user, '', ageSeconds), csrf: issueCsrfToken(sim, user, ageSeconds) };
}

/** A ticket that says that `user` has shown the password and has a second factor to show. */
export function issueChallenge(sim: Signing, user: string, challenge: string): string {
  return issueTicket(sim, `!tfa!${challenge.replaceAll(':', '%3A')}`, user, 0);
}

/** @param bound what the signature covers beside the text */
function issueTicket(sim: Signing, data: string, bound: string, ageSeconds: number): string {
  const plain = `PVE:${data}:${hexTime(nowSeconds(sim) - ageSeconds)}`;
  return `${plain}::${sign(signingKey(sim), `${plain}${bound}`)}`;
}

/** @returns the user of a good ticket */
export function readTicket(sim: Signing, ticket: string): string | undefined {
  return isChallenge(ticket) ? undefined : goodData(sim, ticket, '');
}

/** Whether the ticket is one that still waits for a second factor. */
export function isChallenge(ticket: string): boolean {
  return ticket.startsWith('PVE:!tfa!');
}

export function isChallengeFor(sim: Signing, ticket: string, user: string): boolean {
  return isChallenge(ticket) && goodData(sim, ticket, user) !== undefined;
}

function goodData(sim: Signing, ticket: string, bound: string): string | undefined {
  const [, plain = '', data, time = '', signature = ''] = /^(PVE:(\S+):([A-Z0-9]{8}))::([^:\s]+)$/.exec(ticket) ?? [];
  const age = nowSeconds(sim) - Number.parseInt(time, 16);
  return data !== undefined && isGood(sim, `${plain}${bound}`, signature, age) ? data : undefined;
}

/** A key counts for tickets of its own time: a young one for none older than itself, the one before for none younger. */
function isGood(sim: Signing, text: string, signature: string, age: number): boolean {
  const key = signingKey(sim);
  const keyAge = Math.max(0, nowSeconds(sim) - Math.floor(key.since / 1000));
  if (isSignedBy(key, text, signature)) return age >= -SKEW_S && age <= Math.min(LIFETIME_S, keyAge + SKEW_S);
  return isSignedBy(key, text, signature, 1) && age >= keyAge - SKEW_S && age <= LIFETIME_S;
}

function issueCsrfToken(sim: Signing, user: string, ageSeconds: number): string {
  const time = hexTime(nowSeconds(sim) - ageSeconds);
  return `${time}:${csrfDigest(sim, time, user)}`;
}

export function isCsrfToken(sim: Signing, user: string, token: string): boolean {
  const [, time = '', digest] = /^([A-Z0-9]{8}):(\S+)$/.exec(token) ?? [];
  const age = nowSeconds(sim) - Number.parseInt(time, 16);
  return digest === csrfDigest(sim, time, user) && age >= -SKEW_S && age <= LIFETIME_S;
}

function csrfDigest({ world }: Signing, time: string, user: string): string {
  const digest = createHmac('sha256', `${world.access.signingKey.secret}/csrf`).update(`${time}:${user}`);
  return digest.digest('base64').replace(/=+$/, '');
}

/** What opens a console: bound to who asked and for what. */
export function issueVncTicket(sim: Signing, user: string, path: string): string {
  const plain = `PVEVNC:${hexTime(nowSeconds(sim))}`;
  return `${plain}::${sign(signingKey(sim), `${plain}:${user}:${path}`)}`;
}

export function isVncTicket(sim: Signing, ticket: string, user: string, path: string): boolean {
  const [, plain = '', time = '', signature = ''] = /^(PVEVNC:([A-Z0-9]{8}))::([^:\s]+)$/.exec(ticket) ?? [];
  const age = nowSeconds(sim) - Number.parseInt(time, 16);
  const text = `${plain}:${user}:${path}`;
  const key = signingKey(sim);
  const isSigned = isSignedBy(key, text, signature) || isSignedBy(key, text, signature, 1);
  return isSigned && age >= -20 && age <= VNC_LIFETIME_S;
}

function hexTime(seconds: number): string {
  return seconds.toString(16).toUpperCase().padStart(8, '0');
}
