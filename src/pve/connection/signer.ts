import type { Clock } from '#runtime/clock';
import type { Deadline } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import { PveError } from '../errors.ts';
import { Unproven } from './connections.ts';
import type { Credentials, CredentialsSupply } from './credentials.ts';
import type { Link, Method, PveAnswer, PveRequest, Send } from './request.ts';
import { createSession, LoginRefused } from './session.ts';

/** Signs what goes to one endpoint. */
export interface Signer {
  /** Signs what goes over one connection, which a login goes over too. */
  readonly sign: Link<PveAnswer>;
  /**
   * Around everything up to the connections. After a 401 the request is sent once more where there is something else to show:
   * a new ticket, or credentials that have changed. PVE says 401 before it does anything, so even a write may be repeated.
   * And credentials that PVE has just refused are not shown again for a while: it takes 3 s for each refusal, and a worker
   * that others need (pve-behaviour 4.6).
   */
  readonly persist: Link<PveAnswer>;
}

export interface SignerOptions {
  readonly supply: CredentialsSupply;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called with each answer; `refusal` are PVE's words where it has refused the credentials. */
  readonly onVerdict: (verdict: { readonly credentials: Credentials; readonly refusal: string | undefined }) => void;
}

/** What a request shows. */
export interface Shown {
  headers(method: Method): Readonly<Record<string, string>>;
}

/** What one identity has to show. */
export interface Identity {
  /** @param over where a login goes. Throws `LoginRefused`. */
  show(over: Send<PveAnswer>, call: Deadline): Promise<Shown>;
  /** PVE has answered 401. @returns whether there may be something better */
  refused(shown: Shown): boolean;
}

interface Bearer {
  readonly credentials: Credentials;
  readonly identity: Identity;
  /** What PVE has taken at least once. */
  readonly taken: WeakSet<Shown>;
  refused: { readonly answer: PveAnswer; readonly until: number } | undefined;
}

/** Ms of the clock. */
const REFUSED_MS = 10_000;

export function createSigner({ supply, clock, log, onVerdict }: SignerOptions): Signer {
  let bearer: Bearer | undefined;

  function present(): Bearer {
    const credentials = supply.current();
    if (bearer?.credentials !== credentials) {
      bearer = { credentials, identity: identityOf(credentials, clock, log), taken: new WeakSet(), refused: undefined };
    }
    return bearer;
  }

  async function signed(as: Bearer, over: Send<PveAnswer>, request: PveRequest): Promise<PveAnswer> {
    const shown = await as.identity.show(over, request.call);
    // A login may have taken long.
    request.call.check();
    const answer = await over({ ...request, headers: { ...request.headers, ...shown.headers(request.method) } });
    if (answer.status !== 401) as.taken.add(shown);
    // Who does not take what he has just been given will not take the next one.
    else if (!as.identity.refused(shown) || !as.taken.has(shown)) refuse(as, answer);
    if (isWelcome(answer)) accept(as);
    return answer;
  }

  function refuse(as: Bearer, answer: PveAnswer): void {
    // Its date is not that of the moment at which it is given again.
    as.refused = { answer: { ...answer, date: undefined }, until: clock.now() + REFUSED_MS };
    onVerdict({ credentials: as.credentials, refusal: answer.reason });
  }

  function accept(as: Bearer): void {
    as.refused = undefined;
    onVerdict({ credentials: as.credentials, refusal: undefined });
  }

  /** After a 401. */
  function hasSomethingElse(): boolean {
    supply.look();
    return present().refused === undefined;
  }

  function recentRefusal(): PveAnswer | undefined {
    if (bearer?.refused === undefined || clock.now() >= bearer.refused.until) return undefined;
    supply.look();
    return present().refused?.answer;
  }

  return {
    sign: (next) => async (request) => {
      const as = present();
      try {
        return await signed(as, next, request);
      } catch (error) {
        if (!(error instanceof LoginRefused)) throw error;
        refuse(as, error.answer);
        return error.answer;
      }
    },
    persist: (next) => async (request) => {
      const refusal = recentRefusal();
      if (refusal !== undefined) return refusal;
      try {
        const answer = await next(request);
        if (answer.status !== 401 || !hasSomethingElse()) return answer;
      } catch (error) {
        if (!isRefusedProof(error) || !hasSomethingElse()) throw error;
      }
      request.call.check();
      return await next(request);
    },
  };
}

/** The connection was refused before the request was sent over it. */
function isRefusedProof(error: unknown): boolean {
  return error instanceof Unproven && error.cause instanceof PveError && error.cause.status === 401;
}

function isWelcome({ status }: PveAnswer): boolean {
  return status >= 200 && status < 300;
}

function identityOf(credentials: Credentials, clock: Clock, log: Logger): Identity {
  if (credentials.kind === 'password') return createSession(credentials, clock, log);
  const authorization = tokenHeader(credentials.id, credentials.secret);
  const shown: Shown = { headers: () => ({ authorization }) };
  return { show: async () => await Promise.resolve(shown), refused: () => false };
}

/** PVE ends the value at `;` and unescapes it; the rest of what is escaped here has no place in a header. */
function tokenHeader(id: string, secret: string): string {
  return `PVEAPIToken=${`${id}=${secret}`.toWellFormed().replace(/[^!-~]|[%;]/gu, encodeURIComponent)}`;
}
