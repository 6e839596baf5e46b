// A guest that its agent switches off or puts to sleep: as if somebody inside had done it, so that pending changes stay
// pending (pve-behaviour 11.8).
import { endRun } from '../qemu/run-end.ts';
import type { Sim } from '../sim.ts';
import type { Inside } from './inside.ts';

type Act = 'shutdown' | 'suspend-disk' | 'suspend-hybrid' | 'suspend-ram';

export function powerInside(sim: Sim, { guest }: Inside, act: Act): Record<string, never> {
  const { run } = guest;
  sim.pace.limit(sim.durations.guestShutdownMs, () => {
    if (run === undefined || guest.run !== run) return;
    if (act === 'shutdown' || act === 'suspend-disk') endRun(guest);
    else run.qmpStatus = 'suspended';
  });
  return {};
}

export const POWER_ACTS: readonly Act[] = ['shutdown', 'suspend-disk', 'suspend-hybrid', 'suspend-ram'];
