import type { Clock } from '#runtime/clock';

/** Whether an endpoint that was given up can be relied on again. */
export interface Trial {
  good(): void;
  bad(): void;
  /** It has been good for long enough. */
  isOver(): boolean;
  /** It is in use again. */
  begin(): void;
  /** It has been given up. */
  end(): void;
}

/** Ms of the clock that it has to be good for; doubled with each relapse, up to the second. */
const PATIENCE_MS = 10_000;
const MOST_PATIENCE_MS = 600_000;
/** Ms of the clock in use after which giving it up is no relapse. */
const STEADY_MS = 600_000;

export function createTrial(clock: Clock): Trial {
  let patienceMs = PATIENCE_MS;
  let goodSince: number | undefined;
  let inUseSince: number | undefined;
  return {
    good: () => {
      goodSince ??= clock.now();
    },
    bad: () => {
      goodSince = undefined;
    },
    isOver: () => goodSince !== undefined && clock.now() - goodSince >= patienceMs,
    begin: () => {
      inUseSince = clock.now();
    },
    end: () => {
      const isRelapse = inUseSince !== undefined && clock.now() - inUseSince < STEADY_MS;
      patienceMs = isRelapse ? Math.min(patienceMs * 2, MOST_PATIENCE_MS) : PATIENCE_MS;
      goodSince = undefined;
      inUseSince = undefined;
    },
  };
}
