import type { Claim } from '#claim/record';
import { isDead, lookAgain } from '#claim/quiet';
import { hasPrivilege, readPermissions } from '#pve/access/permissions';
import type { NodeName } from '#pve/ids';
import { activeTasks, type TaskEntry } from '#pve/nodes/tasks';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';

/**
 * `worked-on`: a task that may be making it is active. `quiet`: none is, at this look. `dead`: so it has been for half a
 * minute, and nothing has changed. `unknown`: we may not see all tasks of its node, and PVE says nothing about those it
 * leaves out (pve-behaviour 28.4).
 */
export type Life = 'worked-on' | 'quiet' | 'dead' | 'unknown';

/**
 * Looks at an unfinished VM and adds the look to what this process remembers of it.
 * @param origins other nodes on which the task that made it may run: a clone for another node is made by its original's.
 */
export async function observeLife(
  ctx: Context,
  vm: VmAt,
  digest: string,
  claim: Claim | undefined,
  call: Deadline,
  origins: readonly NodeName[] = [],
): Promise<Life> {
  const lists = await Promise.all([vm.node, ...origins].map(async (node) => await allActiveTasks(ctx, node, call)));
  if (lists.includes(undefined)) return 'unknown';
  const tasks = lists.flatMap((list) => list ?? []);
  const now = ctx.clock.now();
  const record = ctx.vms.of(vm.vmid);
  record.quiet = lookAgain(record.quiet, vm.vmid, {
    node: vm.node,
    digest,
    tasks,
    now,
    pveNow: ctx.pve.serverTime() ?? 0,
    begunAt: claim?.time,
  });
  if (record.quiet.since === undefined) return 'worked-on';
  return isDead(record.quiet) ? 'dead' : 'quiet';
}

/** Undefined where we may not see all of them. */
async function allActiveTasks(ctx: Context, node: NodeName, call: Deadline): Promise<readonly TaskEntry[] | undefined> {
  // Asked for its path alone: the whole list hides entries that take all rights away.
  const aclPath = `/nodes/${node}`;
  if (!hasPrivilege(await readPermissions(ctx.pve, call, aclPath), aclPath, 'Sys.Audit')) return undefined;
  return await activeTasks(ctx.pve, node, call);
}

/** What helps where life is `unknown`. */
export function auditRemedy(vm: VmAt): string {
  return `Grant Sys.Audit on /nodes/${vm.node} to the user and to the API token`;
}
