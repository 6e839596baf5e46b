import type { Clock } from '#runtime/clock';
import { isNodeDown, isNodeLost, PveNoAnswer } from '../errors.ts';
import { pauseOrThrow } from '../pause.ts';
import type { Link, PveRequest } from './request.ts';

/** Waits between the tries, ms. */
const PAUSES_MS = [100, 300, 900];
/** Real ms. A failure that took so long is not tried again: PVE's handlers block, and asking again blocks one more. */
const SLOW_MS = 2_000;
/** Failures that pass: a cut idle socket, a daemon that restarts, also behind a gateway, a name server that is busy. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'EAI_AGAIN',
  '502',
  '503',
  '504',
]);

/**
 * Repeats reads after failures that pass, and writes only where it is certain that they were not carried out.
 * Up to three times within the call's deadline; then the last failure is the answer.
 */
export function retryPassing(clock: Clock): Link<unknown> {
  return (next) => async (request) => {
    for (const pauseMs of PAUSES_MS) {
      const startedAt = clock.realNow();
      try {
        return await next(request);
      } catch (error) {
        if (!passes(error, request) || clock.realNow() - startedAt >= SLOW_MS) throw error;
        await pauseOrThrow(clock, pauseMs, request.call.signal, error);
      }
    }
    return await next(request);
  };
}

function passes(error: unknown, request: PveRequest): boolean {
  if (isNodeDown(error)) return true;
  const isRead = request.method === 'GET';
  if (isNodeLost(error)) return isRead;
  return error instanceof PveNoAnswer && PASSING_CODES.has(error.code) && (isRead || error.outcome === 'not-sent');
}
