import { pauseOrThrow } from '#pve/pause';
import type { Clock } from '#runtime/clock';
import type { Deadline } from '#runtime/deadline';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

/** Pauses between tries of one call, each twice as long as the one before, up to 4 s. */
export interface Patience {
  /** Waits; throws `reason` instead where the call is over, since that is what kept it from getting on. */
  pause(reason: Error): Promise<void>;
}

export function patience(clock: Clock, call: Deadline): Patience {
  let pauseMs = FIRST_PAUSE_MS;
  return {
    pause: async (reason) => {
      const thisPauseMs = pauseMs;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      await pauseOrThrow(clock, thisPauseMs, call.signal, reason);
    },
  };
}
