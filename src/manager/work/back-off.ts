/** How long nothing is tried again after the `failures`-th failure in a row, in ms. */
export function backOffMs(failures: number, { fromMs, toMs }: { fromMs: number; toMs: number }): number {
  const full = Math.min(toMs, fromMs * 2 ** Math.max(0, failures - 1));
  // So that what failed together does not come back together.
  return full * (0.8 + 0.4 * Math.random());
}

/** For what passes by itself. */
export const PASSING = { fromMs: 1000, toMs: 30_000 } as const;
/** For what somebody has to change: a change is seen at once where it is one of the API. */
export const STUCK = { fromMs: 5000, toMs: 300_000 } as const;
