import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { isNodeDown, isNodeLost, OtherCluster, PveError, PveNoAnswer, QuorumLost } from '../errors.ts';
import { saidBy } from '../said.ts';
import { Unproven } from './connections.ts';
import type { Endpoint } from './endpoint.ts';
import type { PveRequest, Send } from './request.ts';
import { seekBetter } from './seek-better.ts';
import type { Standing, StandingWord } from './standing.ts';

/** One way to the cluster. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly send: Send<unknown>;
  /** Asks it for the cluster's status, which its standing hears of. */
  readonly visit: (signal: AbortSignal) => Promise<void>;
  readonly standing: Standing;
}

export interface Failover {
  readonly send: Send<unknown>;
  /** The endpoint that the next request goes to. */
  active(): Endpoint;
  /** How often that has changed. */
  moves(): number;
  stop(): void;
}

/** Real ms. An endpoint that lets a caller's time run out for so long is given up, although it might still answer. */
const HANGS_MS = 3_000;
/** Ms of the clock. So long after it has said so, an endpoint that was not in use is still believed to have quorum. */
const BELIEVED_MS = 1_000;

/**
 * Uses one route until it does not answer, or has no quorum while another has, then the next; the first of the list is
 * gone back to where it can be relied on again. A request that was certainly not sent goes to the next at once, one that
 * does harm without quorum only where that is there; one that may have been sent is not repeated.
 */
export function failOver(routes: readonly [Route, ...Route[]], clock: Clock, log: Logger): Failover {
  let active = 0;
  let moves = 0;
  const seeker = seekBetter({ routes, active: () => active, use, clock, log });

  function routeAt(index: number): Route {
    return routes[index] ?? routes[0];
  }

  function use(index: number, why: unknown): void {
    if (index === active) return;
    const [from, to] = [routeAt(active).endpoint.address, routeAt(index).endpoint.address];
    seeker.left(active);
    active = index;
    moves += 1;
    const { standing } = routeAt(index);
    if (standing.toldMsAgo() > BELIEVED_MS) standing.forget();
    seeker.wake();
    if (why === undefined) log.info('The preferred PVE endpoint is used again', { from, to });
    else log.warn('Another PVE endpoint is used', { from, to, error: why });
  }

  /** The one in use, then the others: such as have answered first, and among these whoever comes next in the list. */
  function order(): readonly number[] {
    const others = routes.slice(1).map((_route, step) => (active + step + 1) % routes.length);
    return [active, ...others.toSorted((one, other) => rank(routeAt(one)) - rank(routeAt(other)))];
  }

  /** Only once for all requests that were under way, and not for one that is known to be no better. */
  function leave(index: number, why: unknown): void {
    routeAt(index).standing.failed();
    if (index !== active) return;
    const [, next] = order();
    if (next !== undefined && routeAt(next).standing.word() !== 'useless') use(next, why);
    else seeker.wake();
  }

  /** Whoever decided on the request may have heard of another endpoint's quorum. */
  async function requireQuorum(index: number, request: PveRequest): Promise<void> {
    const { standing, endpoint, visit } = routeAt(index);
    const believedMs = index === active ? Number.MAX_VALUE : BELIEVED_MS;
    if (standing.word() === 'quorate' && standing.toldMsAgo() <= believedMs) return;
    await visit(request.call.signal);
    if (standing.word() === 'quorate') return;
    const cause = new QuorumLost(endpoint.address);
    const { method, path } = request;
    throw new PveNoAnswer({ outcome: 'not-sent', method, path, endpoint: endpoint.address, code: cause.code, cause });
  }

  async function attempt(index: number, request: PveRequest): Promise<unknown> {
    // Whoever has not answered for so long may not be there at all: others need not find out one after the other.
    const cancel = clock.after(HANGS_MS * clock.factor, () => seeker.doubt());
    try {
      if (isHarmfulWithoutQuorum(request)) await requireQuorum(index, request);
      return await routeAt(index).send(request);
    } finally {
      cancel();
    }
  }

  const send: Send<unknown> = async (request) => {
    const failures: Error[] = [];
    const tried = new Set<number>();
    let movesThen = moves;
    /** Whoever answers is used from now on, unless it has been decided otherwise while the request was under way. */
    const answered = (index: number): void => {
      if (tried.size > 1 && moves === movesThen) use(index, failures[0]);
    };
    seeker.used();
    // Meanwhile it may have been found out who answers.
    for (let index = active; index >= 0; index = order().find((one) => !tried.has(one)) ?? -1) {
      tried.add(index);
      const startedAt = clock.realNow();
      try {
        const data = await attempt(index, request);
        answered(index);
        return data;
      } catch (error) {
        if (error instanceof PveError) answered(index);
        if (raisesDoubt(error)) seeker.doubt();
        const isSilent = !(error instanceof PveError) && clock.realNow() - startedAt >= HANGS_MS;
        if (givesNoAnswer(error) || isSilent) leave(index, error);
        movesThen = moves;
        const failure = error instanceof Unproven ? error.cause : error;
        // Why the others could not be asked tells more than that there was no time left to ask this one.
        if (error === request.call.signal.reason && failures.length > 0) break;
        if (!(failure instanceof Error) || !isUnsent(error)) throw failure;
        failures.push(failure);
      } finally {
        if (routeAt(active).standing.word() === 'no-quorum') seeker.wake();
      }
    }
    throw mostTelling(failures);
  };
  return {
    send: routes.length === 1 ? alone(routes[0]) : send,
    active: () => routeAt(active).endpoint,
    moves: () => moves,
    stop: () => seeker.stop(),
  };
}

/** Nobody to go to. */
function alone({ send }: Route): Send<unknown> {
  return async (request) => {
    try {
      return await send(request);
    } catch (error) {
      throw error instanceof Unproven ? error.cause : error;
    }
  };
}

const RANKS: Readonly<Record<StandingWord, number>> = {
  quorate: 0,
  unknown: 0,
  untried: 1,
  'no-quorum': 2,
  useless: 3,
};

function rank({ standing }: Route): number {
  return RANKS[standing.word()];
}

/** PVE frees disks, or makes them larger, before it finds that it may not write the configuration (pve-behaviour 26). */
function isHarmfulWithoutQuorum({ method, path }: PveRequest): boolean {
  return method === 'DELETE' || path.endsWith('/resize');
}

/** Whether an endpoint that says so may be in the smaller part of a cluster that is cut in two. */
function raisesDoubt(error: unknown): boolean {
  return isNodeDown(error) || isNodeLost(error) || saidBy(error)?.kind === 'no-quorum';
}

function givesNoAnswer(error: unknown): boolean {
  if (error instanceof Unproven) return true;
  return error instanceof PveNoAnswer && error.code !== 'deadline' && !(error.cause instanceof QuorumLost);
}

function isUnsent(error: unknown): boolean {
  return error instanceof Unproven || (error instanceof PveNoAnswer && error.outcome === 'not-sent');
}

/** Why nothing could be asked: an endpoint that leads elsewhere is what a person has to put right, so it is never hidden. */
function mostTelling(failures: readonly Error[]): Error | undefined {
  const elsewhere = failures.find((failure) => failure instanceof OtherCluster);
  if (elsewhere === undefined) return failures[0];
  const others = failures.filter((failure) => failure !== elsewhere).map((failure) => failure.message);
  return others.length === 0 ? elsewhere : new OtherCluster({ ...elsewhere.facts, besides: others.join('; ') });
}
