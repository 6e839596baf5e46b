import { listClusterTasks } from '#pve/cluster/tasks';
import type { Vmid } from '#pve/ids';
import type { TaskEntry } from '#pve/nodes/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';

/** A delete that is still on its way destroys whoever has the id by then (pve-behaviour 28.6). */
const REST_SECONDS = 5 * 60;

/**
 * The first of the free ids at which nothing was destroyed in the last minutes, by this process or by another; where
 * there is none, the one whose destroy is the longest ago.
 */
export async function chooseSlot(ctx: Context, free: readonly Vmid[], call: Deadline): Promise<Vmid> {
  const tasks = await listClusterTasks(ctx.pve, call);
  const now = ctx.pve.serverTime() ?? 0;
  const ages = free.map((vmid) => ({ vmid, age: secondsSinceDestroy(ctx, vmid, tasks, now) }));
  const rested = ages.find(({ age }) => age >= REST_SECONDS) ?? ages.toSorted((a, b) => b.age - a.age)[0];
  if (rested === undefined) throw new RangeError('there is no free slot');
  return rested.vmid;
}

/** Infinity where none is known. */
function secondsSinceDestroy(ctx: Context, vmid: Vmid, tasks: readonly TaskEntry[], now: number): number {
  const destroySentAt = ctx.vms.peek(vmid)?.destroySentAt;
  const own = destroySentAt === undefined ? Number.POSITIVE_INFINITY : (ctx.clock.now() - destroySentAt) / 1000;
  const others = tasks
    .filter((task) => task.type === 'qmdestroy' && task.id === String(vmid))
    .map((task) => now - (task.endtime ?? now));
  return Math.min(own, ...others);
}
