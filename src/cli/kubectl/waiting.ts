import type { Clock } from '#runtime/clock';

export interface Waiting {
  /** Undefined: the wish is written, and that is all. */
  readonly waitMs: number | undefined;
  readonly clock: Clock;
}

const PAUSE_MS = 500;

/** Looks again and again; undefined where the time is over and `look` has given nothing but that. */
export async function waitFor<T>(
  { waitMs = 0, clock }: Waiting,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const until = clock.now() + waitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || clock.now() >= until) return found;
    await clock.sleep(PAUSE_MS);
  }
}
