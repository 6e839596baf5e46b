// The histories of nodes and guests: samples back from now. Whoever they are of has always been what it is.
import { nowSeconds, type Sim } from './sim.ts';

const SAMPLES = 70;
/** Seconds per step, as the round-robin files have them. */
const STEPS: Readonly<Record<string, number>> = {
  hour: 60,
  day: 1800,
  week: 10_800,
  month: 43_200,
  year: 604_800,
  decade: 6_048_000,
};

/** @param since seconds: what was before has nothing but its time */
export function samples(
  sim: Sim,
  timeframe: string,
  since: number,
  figures: Readonly<Record<string, unknown>>,
): Record<string, unknown>[] {
  const step = STEPS[timeframe] ?? 60;
  const last = Math.floor(nowSeconds(sim) / step) * step;
  return Array.from({ length: SAMPLES }, (_, index) => {
    const time = last - (SAMPLES - 1 - index) * step;
    return time < since ? { time } : { time, ...figures };
  });
}
