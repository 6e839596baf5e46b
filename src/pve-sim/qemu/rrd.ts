// `GET .../rrddata`: a guest's figures over time. They mean nothing.
import { samples } from '../rrd-samples.ts';
import type { Sim } from '../sim.ts';
import type { Guest } from '../world/world.ts';
import { daemonRow } from './guest-status.ts';

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
  const row = Object.entries(daemonRow(sim, guest));
  const figures = Object.fromEntries(row.filter(([name]) => FIGURES.includes(name)));
  const since = guest.run === undefined ? Number.POSITIVE_INFINITY : guest.run.startedAt / 1000;
  return samples(sim, timeframe, since, figures);
}
