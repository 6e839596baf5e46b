// The HA managers at work: the master's rounds and those of every node.
import type { Sim } from '../sim.ts';
import { masterRound } from './crm.ts';
import { type Busy, nodeRound } from './lrm.ts';

/**
 * @param setPower of a node: a watchdog takes it away and gives it back
 * @returns stops them
 */
export function startManagers(sim: Sim, setPower: (node: string, on: boolean) => void): () => void {
  const busy: Busy = new Map();
  const { haRoundMs, haResetMs } = sim.durations;
  const stops = new Set<() => void>();
  const reset = (node: string): void => {
    setPower(node, false);
    stops.add(sim.pace.limit(haResetMs, () => setPower(node, true)));
  };
  stops.add(sim.pace.every(haRoundMs, haRoundMs, () => masterRound(sim)));
  stops.add(
    sim.pace.every(haRoundMs, haRoundMs / 2, () => {
      for (const name of sim.world.ha.managers) nodeRound(sim, name, busy, reset);
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}
