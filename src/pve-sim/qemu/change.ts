// Who changes which guest: what everything that carries out a change of a config works with.
import type { Process } from '../process.ts';
import type { Sim } from '../sim.ts';
import type { Guest } from '../world/world.ts';

export interface Change {
  readonly sim: Sim;
  /** An API call or a task's worker, under the guest's lock. */
  readonly process: Process;
  /** On whose behalf: some rights are asked only when the moment has come. */
  readonly user: string;
  readonly guest: Guest;
}

/** Whether the system inside gives a device back when it is asked to: it has to be up, and willing. */
export function guestReleases({ sim, guest }: Change): boolean {
  const { run, behaviour } = guest;
  const isUp = run?.qmpStatus === 'running' && run.hasSystem && sim.clock.now() >= run.bootedAt;
  return isUp && behaviour.unplug !== 'refused';
}
