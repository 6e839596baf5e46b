import type { Clock } from '#runtime/clock';
import type { Link, PveAnswer } from './request.ts';

export interface ServerTime {
  readonly link: Link<PveAnswer>;
  /** PVE's time, seconds since the epoch; undefined before the first answer. */
  read(): number | undefined;
}

/** PVE's time as its last `Date` header told it, moved on by our clock. */
export function createServerTime(clock: Clock): ServerTime {
  let seen: { readonly seconds: number; readonly at: number } | undefined;
  return {
    link: (next) => async (request) => {
      const answer = await next(request);
      const ms = answer.date === undefined ? Number.NaN : Date.parse(answer.date);
      if (Number.isFinite(ms)) seen = { seconds: Math.floor(ms / 1000), at: clock.now() };
      return answer;
    },
    read: () => (seen === undefined ? undefined : seen.seconds + Math.floor((clock.now() - seen.at) / 1000)),
  };
}
