import type { Clock } from './clock.ts';
import { type Deadline, deadlineIn, within } from './deadline.ts';

/** A value that many callers read and that is fetched once for all of them. */
export interface Cached<T> {
  /**
   * The value, at most `maxAgeMs` of the clock old. With 0 the fetch begins after this call: what was true before
   * the call is in it. Rejects with the fetch's error, or with the reason of `call` when that is over first.
   */
  read(call: Deadline, maxAgeMs: number): Promise<T>;
  /** The last value and its age in ms, however old. */
  last(): { readonly value: T; readonly ageMs: number } | undefined;
}

interface Fetch<T> {
  readonly begunAt: number;
  readonly result: Promise<T>;
}

/** @param limitMs real ms for one fetch, which belongs to no single caller. */
export function cached<T>(clock: Clock, limitMs: number, fetch: (call: Deadline) => Promise<T>): Cached<T> {
  let running: Fetch<T> | undefined;
  let next: Promise<T> | undefined;
  let latest: { value: T; at: number } | undefined;

  function begin(): Promise<T> {
    const call = deadlineIn(limitMs);
    const begunAt = clock.now();
    const mine: Fetch<T> = {
      begunAt,
      result: fetch(call)
        .then((value) => {
          latest = { value, at: begunAt };
          return value;
        })
        .finally(() => {
          call.dispose();
          if (running === mine) running = undefined;
        }),
    };
    running = mine;
    return mine.result;
  }

  /** The fetch that starts once the running one is over: shared by all who came too late for that. */
  function beginNext(current: Promise<T>): Promise<T> {
    next ??= current
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        next = undefined;
        return begin();
      });
    return next;
  }

  function obtain(maxAgeMs: number): Promise<T> {
    const now = clock.now();
    if (latest !== undefined && now - latest.at <= maxAgeMs && maxAgeMs > 0) return Promise.resolve(latest.value);
    if (running === undefined) return begin();
    return now - running.begunAt <= maxAgeMs && maxAgeMs > 0 ? running.result : beginNext(running.result);
  }

  return {
    read: async (call, maxAgeMs) => {
      // Before a fetch that nobody would wait for.
      call.signal.throwIfAborted();
      return await within(call, obtain(maxAgeMs));
    },
    last: () => (latest === undefined ? undefined : { value: latest.value, ageMs: clock.now() - latest.at }),
  };
}
