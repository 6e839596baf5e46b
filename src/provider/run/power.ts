// Power: from whatever state the VM is in to the one that is wanted. Being there already is success.
import { Fault } from '#domain/fault';
import type { PowerOp } from '#domain/power';
import { isUnknownOutcome } from '#pve/errors';
import type { Vmid } from '#pve/ids';
import { changePower, type PowerCall, type PowerParams } from '#pve/qemu/status';
import { type PowerReading, readPower } from '#pve/rules/power';
import { isAtLeast } from '#pve/rules/versions';
import { saidBy } from '#pve/said';
import { requireSuccess, TaskFailed, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { isTransient, toFault } from '../faults.ts';
import { type ClaimedVm, observeVm, refuseBusy } from '../observe/claimed-vm.ts';
import { refuseForeign } from '../refusals.ts';
import { vmSubject } from '../subject.ts';
import { patience } from './patience.ts';
import { powerAct } from './power-table.ts';

export interface PowerOrder {
  readonly vmid: Vmid;
  readonly op: PowerOp;
  /** How long the guest gets for a shutdown, seconds. */
  readonly gracefulSeconds: number;
}

const WANTED: Readonly<Record<PowerOp, string>> = {
  on: 'power on',
  off: 'power off',
  reboot: 'reboot',
  shutdown: 'shut down',
};

export async function changeVmPower(ctx: Context, order: PowerOrder, call: Deadline): Promise<void> {
  const wanted = WANTED[order.op];
  const retry = patience(ctx.clock, call);
  /** Set once a reboot has been handed to PVE: from then on the guest only has to come up again. */
  let isRebooting = false;
  for (;;) {
    const vm = await observeVm(ctx, order.vmid, wanted, call);
    if (vm === undefined) throw missing(order, wanted);
    refuseForeign(vm.ownership, vm.guest, wanted);
    const reading = readPower(vm.status);
    const act = powerAct(isRebooting ? 'on' : order.op, reading);
    if (act === 'done') return;
    if (act !== 'wait') refuseBusy(vm, wanted);
    if (typeof act === 'object') throw new Fault('precondition', { subject: vm.subject, wanted, ...act.refuse });
    const problem = act === 'wait' ? notYet(vm, wanted, reading) : await attempt(ctx, vm, order, act, call);
    // A task of HA's has only handed the wish on, and that of a reboot ends while the guest is down: look again.
    if (problem === undefined && act !== 'reboot' && !vm.status.haManaged) return;
    if (problem === undefined && act === 'reboot') isRebooting = true;
    await retry.pause(problem ?? notYet(vm, wanted, reading));
  }
}

function missing({ vmid }: PowerOrder, wanted: string): Fault {
  return new Fault('not-found', { subject: vmSubject({ vmid }), wanted, why: 'there is no such VM' });
}

function notYet(vm: ClaimedVm, wanted: string, reading: PowerReading): Fault {
  return new Fault('busy', {
    subject: vm.subject,
    wanted,
    why: `it is ${reading}`,
    remedy: 'The next try looks again',
  });
}

/** One call of PVE with its task. The answer is the problem that waiting may solve; others are thrown. */
async function attempt(
  ctx: Context,
  vm: ClaimedVm,
  order: PowerOrder,
  act: PowerCall,
  call: Deadline,
): Promise<Fault | undefined> {
  const doing = { subject: vm.subject, wanted: WANTED[order.op] };
  if (act === 'shutdown') refuseTooSoon(ctx, order, doing.subject);
  try {
    const upid = await changePower(ctx.pve, vm.guest, act, call, powerParams(ctx, vm, order, act, call));
    ctx.log.info('Power', { vmid: order.vmid, node: vm.guest.node, op: order.op, call: act, upid });
    requireSuccess(await waitForTask(ctx.pve, upid, call));
    return undefined;
  } catch (error) {
    if (isGuestRefusal(error, act)) throw guestRefusal(ctx, order, doing, error);
    const kind = saidBy(error)?.kind;
    // Somebody was faster, or the answer was lost: the next look at the VM tells.
    if (
      isTransient(error) ||
      isUnknownOutcome(error) ||
      kind === 'running' ||
      kind === 'stopped' ||
      kind === 'vm-missing'
    ) {
      return toFault(error, doing);
    }
    throw toFault(error, doing);
  } finally {
    ctx.vms.touch(order.vmid);
  }
}

/** Seconds kept for what follows a shutdown within the call. */
const SHUTDOWN_MARGIN_SECONDS = 3;

function powerParams(ctx: Context, vm: ClaimedVm, order: PowerOrder, act: PowerCall, call: Deadline): PowerParams {
  if (act === 'shutdown' || act === 'reboot') {
    const leftSeconds =
      Math.floor((call.remainingMs() / 1000) * Math.max(1, ctx.clock.factor)) - SHUTDOWN_MARGIN_SECONDS;
    return { timeout: Math.max(1, Math.min(order.gracefulSeconds, leftSeconds)) };
  }
  // A shutdown that is under way holds the VM's lock for all of its time (pve-behaviour 12).
  const overrules = act === 'stop' && isAtLeast(ctx.version, 8, 2) && !vm.status.haManaged;
  return overrules ? { 'overrule-shutdown': true } : {};
}

/** A guest that does not follow a graceful request ends the task so (pve-behaviour 12). */
function isGuestRefusal(error: unknown, act: PowerCall): boolean {
  const isGraceful = act === 'shutdown' || act === 'reboot';
  return isGraceful && error instanceof TaskFailed && /VM quit\/powerdown failed/.test(error.exitStatus);
}

/** A guest that has just refused is left in peace for a while: every try holds its lock for the whole time-out. */
const NEXT_SHUTDOWN_MS = 5 * 60_000;

function guestRefusal(
  ctx: Context,
  order: PowerOrder,
  doing: { subject: string; wanted: string },
  cause: unknown,
): Fault {
  ctx.vms.of(order.vmid).shutdownNotBefore = ctx.clock.now() + NEXT_SHUTDOWN_MS;
  const why = `the guest did not shut down within ${order.gracefulSeconds} s`;
  return new Fault(
    'precondition',
    { ...doing, why, remedy: 'Shut it down from inside, or power it off (Off)' },
    { cause },
  );
}

function refuseTooSoon(ctx: Context, order: PowerOrder, subject: string): void {
  const notBefore = ctx.vms.of(order.vmid).shutdownNotBefore ?? 0;
  if (ctx.clock.now() >= notBefore) return;
  throw new Fault('precondition', {
    subject,
    wanted: WANTED[order.op],
    why: 'the guest did not follow the last request',
    remedy: `Power it off (Off), or wait: it is asked again from ${new Date(notBefore).toISOString()}`,
  });
}
