// Who changes which guest: what everything that carries out a change of a config works with.
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
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

/** How often it is looked whether the guest has given a device back. */
const LOOKS = 6;

/** @throws `stuck` where it does not in time */
export async function untilReleased(change: Change, stuck: string): Promise<void> {
  const { sim, process } = change;
  for (let looks = 0; !guestReleases(change); looks += 1) {
    if (looks === LOOKS) throw failure(stuck);
    await process.wait(sim.durations.unplugLookMs);
  }
}
