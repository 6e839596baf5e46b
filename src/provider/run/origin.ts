// Before anything is written to a copy whose task nobody remembers: PVE shows a new configuration unlocked before its
// task has ended, and takes it away again if a later step of the task fails (pve-behaviour 26).
import { readClaim } from '#claim/record';
import { Fault } from '#domain/fault';
import { hasPrivilege } from '#pve/access/permissions';
import type { Upid, Vmid } from '#pve/ids';
import { activeTasks, type TaskEntry } from '#pve/nodes/tasks';
import { readConfig } from '#pve/qemu/config';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { vmSubject } from '../subject.ts';
import { locate } from '../view/cluster-view.ts';
import type { CreateOrder } from '../create-order.ts';
import { patience } from './patience.ts';

const PERMISSIONS_MAX_AGE_MS = 60_000;

/** Node clocks and the clock of whoever wrote the claim may differ by so much. */
const CLOCK_SKEW_SECONDS = 120;

/** Waits until no task that can have made the VM is active on its node any more. */
export async function waitForOrigin(ctx: Context, order: CreateOrder, vmid: Vmid, call: Deadline): Promise<void> {
  const retry = patience(ctx.clock, call);
  /** Those that were active when the copy was first seen complete: later ones cannot be its origin. */
  let suspects: ReadonlySet<Upid> | undefined;
  for (;;) {
    const guest = await locate(ctx.pve, ctx.view, vmid, call);
    if (guest === undefined) return;
    const config = await readConfig(ctx.pve, guest, call);
    const reading = readClaim(config.values['description']);
    const isComplete = config.lock === undefined && reading.kind === 'claim';
    if (isComplete) {
      await requireAudit(ctx, order, guest.node, call);
      const active = await activeTasks(ctx.pve, guest.node, call);
      const since = reading.claim.time - CLOCK_SKEW_SECONDS;
      suspects ??= new Set(active.filter((task) => mayHaveMade(task, vmid, since)).map((task) => task.upid));
      if (!active.some((task) => suspects?.has(task.upid))) return;
    }
    const why = isComplete
      ? 'the task that made it may still be running'
      : `it is locked (${config.lock ?? 'no claim'})`;
    const subject = vmSubject({ name: order.spec.name, vmid, node: guest.node });
    await retry.pause(new Fault('busy', { subject, wanted: 'create', why, remedy: 'The next try goes on from here' }));
  }
}

/** A qmclone carries its source's id, not the copy's (pve-behaviour 6.1). The claim is written before the copy begins. */
function mayHaveMade(task: TaskEntry, vmid: Vmid, since: number): boolean {
  return task.starttime >= since && (task.type === 'qmclone' || task.id === String(vmid));
}

/** Without Sys.Audit PVE lists our own tasks only, and says nothing about it (pve-behaviour 28.4). */
async function requireAudit(ctx: Context, order: CreateOrder, node: string, call: Deadline): Promise<void> {
  const permissions = await ctx.permissions.read(call, PERMISSIONS_MAX_AGE_MS);
  if (hasPrivilege(permissions, `/nodes/${node}`, 'Sys.Audit')) return;
  throw new Fault('forbidden', {
    subject: vmSubject({ name: order.spec.name }),
    wanted: `see whether its copy on ${node} has ended`,
    why: `we may not see all tasks of the node`,
    remedy: `Grant Sys.Audit on /nodes/${node} to the user and to the API token`,
  });
}
