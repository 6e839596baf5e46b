import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { OtherCluster, PveError, PveNoAnswer } from '../errors.ts';
import { Unproven } from './connections.ts';
import type { Endpoint } from './endpoint.ts';
import type { Send } from './request.ts';

/** One way to the cluster. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly send: Send<unknown>;
}

export interface Failover {
  readonly send: Send<unknown>;
  /** The endpoint that the next request goes to. */
  active(): Endpoint;
}

/** Real ms. An endpoint that lets a caller's time run out for so long is given up, although it might still answer. */
const HANGS_MS = 3_000;

/**
 * Uses the route that answered last, and the next one once it does not answer. A request that was certainly not sent goes
 * there at once; one that may have been is not repeated.
 */
export function failOver(routes: readonly [Route, ...Route[]], clock: Clock, log: Logger): Failover {
  let active = 0;

  function use(index: number, why: unknown): void {
    if (index === active) return;
    const from = routeAt(active).endpoint.address;
    active = index;
    log.warn('Another PVE endpoint is used', { from, to: routeAt(index).endpoint.address, error: why });
  }

  function routeAt(index: number): Route {
    return routes[index % routes.length] ?? routes[0];
  }

  /** Only once for all requests that were under way. */
  function leave(index: number, why: unknown): void {
    if (index === active) use((index + 1) % routes.length, why);
  }

  const send: Send<unknown> = async (request) => {
    const failures: Error[] = [];
    for (let first = active, step = 0; step < routes.length; step++) {
      const index = (first + step) % routes.length;
      const startedAt = clock.realNow();
      try {
        const data = await routeAt(index).send(request);
        if (step > 0) use(index, failures[0]);
        return data;
      } catch (error) {
        if (error instanceof PveError && step > 0) use(index, failures[0]);
        const isSilent = !(error instanceof PveError) && clock.realNow() - startedAt >= HANGS_MS;
        if (givesNoAnswer(error) || isSilent) leave(index, error);
        const failure = error instanceof Unproven ? error.cause : error;
        if (!(failure instanceof Error) || !isUnsent(error)) throw failure;
        failures.push(failure);
      }
    }
    throw mostTelling(failures);
  };
  return { send, active: () => routeAt(active).endpoint };
}

function givesNoAnswer(error: unknown): boolean {
  return error instanceof Unproven || (error instanceof PveNoAnswer && error.code !== 'deadline');
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
