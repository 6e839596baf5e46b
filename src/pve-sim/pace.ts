// The three ways the simulator lets time pass. Work follows the clock. When the clock runs "as fast as possible", waits and
// limits still take real time, in their order, so that who waits longer still loses later: 10 s become 120 ms, which also
// leaves a busy machine room to do the work that is being waited for.
import { type Clock, createClock } from '#runtime/clock';

const FLOOR_MS = 20;
const FASTEST = 100;

export interface Pace {
  /** Lets work take `ms`. */
  work(ms: number, signal?: AbortSignal): Promise<void>;
  /** Waits for something that is not work: a time-out seen from inside. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `action` when `ms` of waiting are over; the result cancels it. */
  limit(ms: number, action: () => void): () => void;
  /** Runs `action` every `ms`, first after `firstMs`; the result stops it. */
  every(ms: number, firstMs: number, action: () => void): () => void;
}

export function createPace(clock: Clock): Pace {
  const real = createClock();
  const floored = (ms: number): number => FLOOR_MS + ms / FASTEST;
  const limit = (ms: number, action: () => void): (() => void) =>
    clock.factor === 0 ? real.after(floored(ms), action) : clock.after(ms, action);
  return {
    work: async (ms, signal) => await clock.sleep(ms, signal),
    wait: async (ms, signal) => await (clock.factor === 0 ? real.sleep(floored(ms), signal) : clock.sleep(ms, signal)),
    limit,
    every: (ms, firstMs, action) => {
      let cancel = (): void => {};
      const next = (): void => {
        cancel = limit(ms, next);
        action();
      };
      cancel = limit(firstMs, next);
      return () => cancel();
    },
  };
}
