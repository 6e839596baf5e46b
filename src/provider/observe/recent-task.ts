// What PVE has lately begun to do with a VM: what was asked for once, and not heard of, is found there.
import { listTasks, type TaskEntry } from '#pve/nodes/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { ClaimedVm } from './claimed-vm.ts';

/** The clocks of two nodes may differ by so much. */
const CLOCK_SLACK_SECONDS = 2;

/** The latest task of the type, if it was begun in these last seconds before the look at the VM; none where PVE tells no time. */
export async function taskWithin(
  ctx: Context,
  { guest, observedSeconds }: Pick<ClaimedVm, 'guest' | 'observedSeconds'>,
  type: 'qmreboot' | 'qmrollback',
  seconds: number,
  call: Deadline,
): Promise<TaskEntry | undefined> {
  if (observedSeconds === 0) return undefined;
  const filter = { source: 'all', vmid: guest.vmid, type, limit: 1 } as const;
  const [latest] = await listTasks(ctx.pve, guest.node, call, filter);
  const since = observedSeconds - seconds - CLOCK_SLACK_SECONDS;
  return latest === undefined || latest.starttime < since ? undefined : latest;
}

export function hasSucceeded({ running, exitStatus = '' }: TaskEntry): boolean {
  return !running && /^(OK|WARNINGS: \d+)$/.test(exitStatus);
}
