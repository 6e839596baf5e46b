import type { Clock } from '#runtime/clock';

/**
 * Waits `ms` before something that failed is tried again. Throws `failure` where `signal` ends the wait: what was
 * heard says more than that the time is over.
 */
export async function pauseOrThrow(clock: Clock, ms: number, signal: AbortSignal, failure: unknown): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch {
    throw failure;
  }
}
