import type { Sim } from '../sim.ts';
import { hasSucceeded } from './task-rows.ts';

/**
 * For calls that wait a while for the task they have started.
 * @param delayMs undefined: not at all
 * @returns the UPID, or null where the task is over by then
 * @throws what `failed` makes of an exit status that is none of success
 */
export async function upidOrDone(
  sim: Sim,
  upid: string,
  delayMs: number | undefined,
  failed: (exitstatus: string) => Error,
): Promise<string | null> {
  if (delayMs === undefined) return upid;
  await Promise.race([sim.tasks.ended(upid), sim.pace.wait(delayMs)]);
  const status = sim.world.tasks[upid]?.exitstatus;
  if (status === undefined) return upid;
  if (!hasSucceeded(status)) throw failed(status);
  return null;
}
