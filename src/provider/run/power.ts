// Power: from whatever state the VM is in to the one that is wanted. Being there already is success.
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { PowerOp } from '#domain/power';
import { isUnknownOutcome } from '#pve/errors';
import type { Upid, Vmid } from '#pve/ids';
import { changePower, type PowerCall, type PowerParams } from '#pve/qemu/status';
import { type PowerReading, readPower } from '#pve/rules/power';
import { isAtLeast } from '#pve/rules/versions';
import { requireSuccess, TaskFailed, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { mayPass, toFault } from '../faults.ts';
import { type ClaimedVm, observeVm, refuseBusy } from '../observe/claimed-vm.ts';
import { hasSucceeded, taskWithin } from '../observe/recent-task.ts';
import { type Identity, identityOf, isSameVm, replaced } from '../observe/identity.ts';
import { refuseForeign } from '../refusals.ts';
import { vmSubject } from '../subject.ts';
import { patience } from './patience.ts';
import { type PowerAct, powerAct } from './power-table.ts';

export interface PowerOrder {
  readonly vmid: Vmid;
  readonly op: PowerOp;
  /** How long the guest gets for a shutdown, seconds. */
  readonly gracefulSeconds: number;
  /** How long ago the same was first asked for; undefined where nobody tells. */
  readonly askedSecondsAgo?: number | undefined;
}

const WANTED: Readonly<Record<PowerOp, string>> = {
  on: 'power on',
  off: 'power off',
  reboot: 'reboot',
  shutdown: 'shut down',
};

export async function changeVmPower(
  ctx: Context,
  order: PowerOrder,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<void> {
  const wanted = WANTED[order.op];
  const retry = patience(ctx.clock, call);
  /** What PVE has taken on and not finished yet: a reboot of its two halves, or a wish handed to HA. */
  let pending: Pending | undefined;
  let identity: Identity | undefined;
  for (;;) {
    const vm = await observeVm(ctx, order.vmid, wanted, call);
    if (vm === undefined) throw missing(order, wanted);
    refuseForeign(vm.ownership, vm.guest, wanted, asker);
    identity ??= identityOf(vm);
    if (!isSameVm(identity, identityOf(vm))) throw replaced(vm, wanted);
    const reading = readPower(vm.status);
    const act = nextAct(ctx, order, pending, reading);
    if (act === 'done') return;
    if (typeof act === 'object') throw new Fault('precondition', { subject: vm.subject, wanted, ...act.refuse });
    if (act === 'wait') {
      await retry.pause(notYet(vm, wanted, reading));
      continue;
    }
    refuseBusy(vm, wanted);
    const outcome = await attempt(ctx, vm, order, act, call);
    if (outcome !== undefined) await retry.pause(outcome);
    else if (act !== 'reboot' && !vm.status.haManaged) return;
    else pending = { act, since: ctx.clock.now() };
  }
}

interface Pending {
  readonly act: PowerCall;
  /** ms of the clock. */
  readonly since: number;
}

/** PVE's event daemon starts a rebooted guest again, and HA carries out what it was handed, within seconds. */
const PENDING_MS = 20_000;

/** What is pending is not asked for again while it may still come to pass. */
function nextAct(ctx: Context, order: PowerOrder, pending: Pending | undefined, reading: PowerReading): PowerAct {
  const op = pending?.act === 'reboot' ? 'on' : order.op;
  const act = powerAct(op, reading);
  const isPending = pending !== undefined && ctx.clock.now() - pending.since < PENDING_MS;
  return isPending && act !== 'done' && typeof act !== 'object' ? 'wait' : act;
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
  const params = powerParams(ctx, vm, order, act, call);
  try {
    const upid =
      act === 'reboot' ? await rebootOnce(ctx, vm, order, params, call) : await send(ctx, vm, act, params, call);
    ctx.log.info('Power', { vmid: order.vmid, node: vm.guest.node, op: order.op, call: act, upid });
    requireSuccess(await waitForTask(ctx.pve, upid, call));
    if (act === 'stop') ctx.vms.of(order.vmid).shutdownNotBefore = undefined;
    return undefined;
  } catch (error) {
    if (isGuestRefusal(error, act)) throw guestRefusal(ctx, order, doing, params.timeout, error);
    const fault = toFault(error, doing);
    // Somebody was faster, or the answer was lost: the next look at the VM tells.
    if (mayPass(error, 'running', 'stopped', 'vm-missing')) return fault;
    throw fault;
  } finally {
    ctx.vms.touch(order.vmid);
  }
}

async function send(ctx: Context, vm: ClaimedVm, act: PowerCall, params: PowerParams, call: Deadline): Promise<Upid> {
  return await changePower(ctx.pve, vm.guest, act, call, params);
}

/** A second reboot would throw the guest back: one that was asked for before, or whose answer was lost, is looked for first. */
async function rebootOnce(
  ctx: Context,
  vm: ClaimedVm,
  { askedSecondsAgo }: PowerOrder,
  params: PowerParams,
  call: Deadline,
): Promise<Upid> {
  const earlier =
    askedSecondsAgo === undefined ? undefined : await taskWithin(ctx, vm, 'qmreboot', askedSecondsAgo, call);
  if (earlier !== undefined && (earlier.running || hasSucceeded(earlier))) return earlier.upid;
  try {
    return await send(ctx, vm, 'reboot', params, call);
  } catch (error) {
    const sent = isUnknownOutcome(error) ? await taskWithin(ctx, vm, 'qmreboot', 0, call) : undefined;
    if (sent === undefined) throw error;
    return sent.upid;
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
  seconds: number | undefined,
  cause: unknown,
): Fault {
  ctx.vms.of(order.vmid).shutdownNotBefore = ctx.clock.now() + NEXT_SHUTDOWN_MS;
  const why = `the guest did not shut down within ${seconds ?? order.gracefulSeconds} s`;
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
