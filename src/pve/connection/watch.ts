import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { PveError, PveNoAnswer } from '../errors.ts';
import type { Link, Method } from './request.ts';

/** One request that is over. */
export interface RequestReport {
  readonly method: Method;
  /** Below `/api2/json`. */
  readonly path: string;
  /** The HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  /** The code of `PveNoAnswer`; undefined where an answer came. */
  readonly code: string | undefined;
  /** Ms of the clock. */
  readonly durationMs: number;
}

/** Tells the log and whoever counts about every request. Parameters stay out: they may hold secrets. */
export function watchRequests(clock: Clock, log: Logger, onRequest: (report: RequestReport) => void): Link<unknown> {
  return (next) => async (request) => {
    const startedAt = clock.now();
    const report = (status: number | undefined, code: string | undefined): void => {
      const durationMs = Math.round(clock.now() - startedAt);
      log.debug('PVE request', { method: request.method, path: request.path, status, code, durationMs });
      onRequest({ method: request.method, path: request.path, status, code, durationMs });
    };
    try {
      const data = await next(request);
      report(200, undefined);
      return data;
    } catch (error) {
      report(
        error instanceof PveError ? error.status : undefined,
        error instanceof PveNoAnswer ? error.code : undefined,
      );
      throw error;
    }
  };
}
