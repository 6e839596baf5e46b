// How long tasks of each type usually take, and from that when to look next.

/** Learnt durations, shared by everybody who waits on one PVE. */
export interface TaskTimes {
  /** The usual duration of a type, ms; undefined before the first one. */
  usualMs(type: string): number | undefined;
  learn(type: string, durationMs: number): void;
}

/** Weight of the newest duration in the running mean. */
const NEWEST = 0.3;

export function createTaskTimes(): TaskTimes {
  const means = new Map<string, number>();
  return {
    usualMs: (type) => means.get(type),
    learn: (type, durationMs) => {
      const mean = means.get(type) ?? durationMs;
      means.set(type, mean + NEWEST * (durationMs - mean));
    },
  };
}

/** First wait, and the shortest one, ms. */
const FIRST_MS = 100;

/**
 * The waits between the looks at one task, ms: up to its usual end in steps of at most `pollIntervalMs`, then 100 ms
 * doubling up to `pollIntervalMs`. Never more than 4 looks and one per second.
 */
export function* pollPauses(usualMs: number | undefined, pollIntervalMs: number): Generator<number, never> {
  let left = usualMs ?? 0;
  while (left > FIRST_MS) {
    const pause = Math.min(left, Math.max(FIRST_MS, pollIntervalMs));
    left -= pause;
    yield Math.max(FIRST_MS, pause);
  }
  for (let pause = FIRST_MS; ; pause = Math.min(pause * 2, Math.max(FIRST_MS, pollIntervalMs))) yield pause;
}
