import { pauseOrThrow } from '#pve/pause';
import type { Clock } from '#runtime/clock';
import type { Deadline } from '#runtime/deadline';
import { isTimeOver } from '../faults.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

/** Pauses between tries of one call, each twice as long as the one before, up to 4 s unless something else is said. */
export interface Patience {
  /** Waits; throws `reason` instead where the call is over, since that is what kept it from getting on. */
  pause(reason: Error): Promise<void>;
  /** The error; but where it says only that the time is over, what the call has waited for last. */
  blame(error: unknown): unknown;
}

/** @param tell hears of each reason once, not of every pause. */
export function patience(
  clock: Clock,
  call: Deadline,
  tell: (reason: Error) => void = () => undefined,
  { firstMs, longestMs } = { firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS },
): Patience {
  let pauseMs = firstMs;
  let last: Error | undefined;
  let told: string | undefined;
  const blame = (error: unknown): unknown => (isTimeOver(error) ? (last ?? error) : error);
  return {
    blame,
    pause: async (reason) => {
      // What is read for several calls at once has a time of its own: that it is over says nothing of this call.
      const isLate = isTimeOver(reason);
      if (isLate && call.remainingMs() === 0) throw blame(reason);
      if (reason.message !== told) tell(reason);
      told = reason.message;
      if (!isLate) last = reason;
      const thisPauseMs = pauseMs;
      pauseMs = Math.min(pauseMs * 2, longestMs);
      await pauseOrThrow(clock, thisPauseMs, call.signal, reason);
    },
  };
}
