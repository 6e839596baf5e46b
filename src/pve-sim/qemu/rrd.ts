// `GET .../rrddata`: a guest's figures over time, one sample per step back from now. The figures mean nothing.
import { nowSeconds, type Sim } from '../sim.ts';
import type { Guest } from '../world/world.ts';
import { daemonRow } from './guest-status.ts';

/** Seconds per step, as the round-robin files have them. */
const STEPS: Readonly<Record<string, number>> = { hour: 60, day: 1800, week: 10_800, month: 43_200, year: 604_800 };
const SAMPLES = 70;
const FIGURES = [
  'maxcpu',
  'maxmem',
  'maxdisk',
  'cpu',
  'mem',
  'memhost',
  'disk',
  'netin',
  'netout',
  'diskread',
  'diskwrite',
];

export function guestSamples(sim: Sim, guest: Guest, timeframe: string): Record<string, unknown>[] {
  const step = STEPS[timeframe] ?? 60;
  const last = Math.floor(nowSeconds(sim) / step) * step;
  const row = Object.entries(daemonRow(sim, guest));
  const figures = Object.fromEntries(row.filter(([name]) => FIGURES.includes(name)));
  const since = guest.run === undefined ? Number.POSITIVE_INFINITY : guest.run.startedAt / 1000;
  return Array.from({ length: SAMPLES }, (_, index) => {
    const time = last - (SAMPLES - 1 - index) * step;
    return time >= since ? { time, ...figures } : { time };
  });
}
