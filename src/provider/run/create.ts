// Create: claim and copy at an id that PVE itself guards, look whether somebody else has done the same, then make the
// copy what was asked for, then `ready`. Repeating the call, here or in another process, goes on from what PVE has.
import { type CreateDecision, decideCreate, type OwnVm } from '#claim/decide';
import { slotsFor } from '#claim/slots';
import type { Vmid } from '#pve/ids';
import type { VmConfig } from '#pve/qemu/config';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import { asDecided } from '../clone-request.ts';
import type { Context } from '../context.ts';
import { type CreateOrder, createFault } from '../create-order.ts';
import { isForGood, mayPass } from '../faults.ts';
import { observeWindow, type SeenSlot } from '../observe/window.ts';
import { refuseUnsupported } from '../plan/unsupported.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import { makeVm } from './make.ts';
import {
  alreadyExists,
  copyIsGone,
  exhausted,
  madeFromOther,
  othersAtWork,
  tooManyLeft,
  unreadable,
} from './create-faults.ts';
import { finishVm } from './finish.ts';
import { finishImage } from './images/finish-image.ts';
import { refuseLostClaim } from './lost-claim.ts';
import { stillInTheMaking } from './origin.ts';
import { type Patience, patience } from './patience.ts';
import type { RunTime } from './run-time.ts';
import { takeOut, type Unwanted } from './take-out.ts';

const PERMISSIONS_MAX_AGE_MS = 60_000;

/** With so many of one owner that cannot be removed no other is made: each would be one more. */
const MOST_LEFT_BEHIND = 2;

/** What one run remembers between its looks at the window. */
interface Run {
  readonly order: CreateOrder;
  readonly time: RunTime;
  readonly retry: Patience;
  /** Slots PVE has called taken although the view showed nothing there. */
  readonly doubted: Set<Vmid>;
  /** Losers that are void, but that PVE does not let us remove. */
  readonly leftBehind: Set<Vmid>;
  /** Incarnations of copies by others that this run has seen ended. */
  readonly ended: Set<string>;
  /** VMs this run has said to be at work on. */
  readonly making: Set<Vmid>;
  /** The copy this run has made; its task has ended. */
  copied: { readonly vmid: Vmid; readonly incarnation: string } | undefined;
}

/** What one look at the window of slots gave. */
export interface Look {
  readonly decision: CreateDecision;
  readonly snapshot: Snapshot;
  readonly window: readonly SeenSlot[];
}

/** Makes the VM, or finds it made. Whatever has been made when it throws is found again by the next call. */
export async function createVm(ctx: Context, order: CreateOrder, time: RunTime): Promise<Vmid> {
  refuseUnsupported(order.spec);
  const tell = (reason: Error): void => ctx.log.info('Trying again', { vm: order.spec.name, reason });
  const retry = patience(ctx.clock, time.deadline, tell);
  const run: Run = {
    order,
    time,
    retry,
    doubted: new Set(),
    leftBehind: new Set(),
    ended: new Set(),
    making: new Set(),
    copied: undefined,
  };
  try {
    for (;;) {
      const made = await advance(ctx, run, await lookAtWindow(ctx, run));
      if (made !== undefined) return made;
    }
  } catch (error) {
    throw run.copied === undefined ? retry.blame(error) : error;
  } finally {
    for (const vmid of run.making) ctx.vms.of(vmid).isBeingMade = false;
  }
}

/** One step from one look; undefined where it is to be looked again. */
async function advance(ctx: Context, run: Run, { decision, snapshot, window }: Look): Promise<Vmid | undefined> {
  const { order, time, retry } = run;
  switch (decision.kind) {
    case 'done':
      return decision.vmid;
    case 'take-out':
      for (const loser of decision.losers) await takeOutLoser(ctx, run, loser, decision.besideReady);
      return undefined;
    case 'resume': {
      const slot = window.find(({ vmid }) => vmid === decision.vmid);
      const node = snapshot.guests.get(decision.vmid)?.node;
      if (slot?.config === undefined || node === undefined) return undefined;
      const vm = { node, vmid: decision.vmid };
      return await resume(ctx, run, decision, vm, { config: slot.config, view: snapshot });
    }
    case 'take': {
      refuseLostClaim(ctx, order, window);
      if (run.leftBehind.size >= MOST_LEFT_BEHIND) throw tooManyLeft(order, run.leftBehind);
      // What a run has copied and no longer finds was taken away by somebody: not to be made again without being asked.
      if (time.isHandedOver || run.copied !== undefined) throw copyIsGone(order);
      const look = async (): Promise<Look> => await lookAtWindow(ctx, run);
      const copy = await makeVm(ctx, order, { free: decision.free, snapshot, look }, time);
      if (copy.kind === 'made') {
        run.copied = copy;
        isMaking(ctx, run, copy.vmid);
        return undefined;
      }
      if (copy.taken !== undefined) run.doubted.add(copy.taken);
      await retry.pause(copy.reason);
      return undefined;
    }
    case 'wait':
      if (decision.slot.cause === 'forbidden') throw unreadable(order, decision.slot);
      await retry.pause(unreadable(order, decision.slot));
      return undefined;
    case 'other-request':
      throw time.isHandedOver || run.copied !== undefined ? copyIsGone(order) : madeFromOther(order, decision);
    case 'exists':
      throw alreadyExists(order, decision);
    case 'exhausted':
      throw exhausted(ctx, order);
  }
}

/** Goes on with an unfinished VM, once nothing of PVE's works on it any more. */
async function resume(
  ctx: Context,
  run: Run,
  own: OwnVm,
  vm: VmAt,
  seen: { readonly config: VmConfig; readonly view: Snapshot },
): Promise<Vmid | undefined> {
  const { order, retry } = run;
  const call = run.time.deadline;
  const { incarnation } = own.claim;
  const isMine = incarnation === run.copied?.incarnation;
  const reason = isMine ? undefined : await stillInTheMaking(ctx, order, own, vm, seen, call);
  if (reason !== undefined) {
    await retry.pause(reason);
    return undefined;
  }
  // The look that led here read the slots one after the other, some perhaps before this copy had ended: only one that
  // begins now tells what else there is.
  if (!isMine && !run.ended.has(incarnation)) {
    run.ended.add(incarnation);
    return undefined;
  }
  isMaking(ctx, run, vm.vmid);
  run.time.hasBegun(vm.vmid);
  if (order.kind === 'clone' && !isMine) run.time.copying({ vmid: vm.vmid, incarnation, upid: undefined });
  try {
    const unfinished = { vm, incarnation, isResumed: !isMine, config: seen.config };
    if (order.image !== undefined) return await finishImage(ctx, order, unfinished, run.time);
    const decided = asDecided(order, seen.config.values['description'], incarnation);
    return await finishVm(ctx, decided, unfinished, call);
  } catch (error) {
    const fault = createFault(error, order, vm);
    // The id of a template may have been promised: only what nobody else knows of is taken out.
    const isPromised = order.image !== undefined && (run.time.isHandedOver || !isMine);
    if (isForGood(fault) && !isPromised)
      await takeOutFailed(ctx, { name: order.spec.name, vmid: vm.vmid, incarnation }, call);
    throw fault;
  }
}

/** From now on this process answers for the VM. */
function isMaking(ctx: Context, run: Run, vmid: Vmid): void {
  const record = ctx.vms.of(vmid);
  record.createHasFailed = false;
  record.isBeingMade = true;
  record.unfinished = run.order.spec.name;
  run.making.add(vmid);
}

/** @param mayStay a loser that PVE does not let us take out keeps nobody from a VM that is finished. */
async function takeOutLoser(ctx: Context, run: Run, { vmid, claim }: OwnVm, mayStay: boolean): Promise<void> {
  const { order, time, retry } = run;
  const unwanted = { name: order.spec.name, vmid, incarnation: claim.incarnation };
  try {
    const outcome = await takeOut(ctx, unwanted, time.deadline);
    if (outcome === 'left') run.leftBehind.add(vmid);
    if (outcome === 'moved-on') await retry.pause(othersAtWork(order, vmid));
  } catch (error) {
    if (mayPass(error)) return await retry.pause(createFault(error, order));
    if (!mayStay || !isForGood(createFault(error, order))) throw error;
    ctx.log.warn('A second VM of one owner cannot be taken out; "vrtg orphans" lists it', { vmid, error });
    run.leftBehind.add(vmid);
  }
}

/** What cannot be finished goes before the caller hears of it. What cannot be taken out now is so by the next call. */
async function takeOutFailed(ctx: Context, unwanted: Unwanted, call: Deadline): Promise<void> {
  try {
    await takeOut(ctx, unwanted, call);
  } catch (error) {
    ctx.log.warn('A VM whose create has failed is not taken out yet', { vmid: unwanted.vmid, error });
  }
}

/** The one place that asks: the whole window on a fresh view. */
async function lookAtWindow(ctx: Context, run: Run): Promise<Look> {
  const { order, doubted, leftBehind, copied } = run;
  const call = run.time.deadline;
  const snapshot = await ctx.view.read(call, 0);
  // A right that was taken away before the view was read is missing after it. A copy that shows tells the same.
  const showsOwn = copied !== undefined && snapshot.guests.has(copied.vmid);
  const maxAgeMs = showsOwn ? PERMISSIONS_MAX_AGE_MS : 0;
  const [permissions, aclPaths] = await Promise.all([
    ctx.permissions.read(call, maxAgeMs),
    ctx.aclPaths.read(call, maxAgeMs),
  ]);
  const seed = { instance: ctx.instance, kind: order.kind, owner: order.key };
  const slots = new Set(slotsFor(seed, ctx.settings.vmidRange));
  if (order.begun !== undefined) slots.add(order.begun);
  const window = await observeWindow(ctx, [...slots], { snapshot, permissions, aclPaths, doubted, call });
  const decision = decideCreate(window, {
    instance: ctx.instance,
    owner: order.owner,
    kind: order.kind,
    digest: order.digest,
    now: ctx.pve.serverTime() ?? Math.floor(ctx.clock.now() / 1000),
    mayReplace: copied === undefined,
    leftBehind,
  });
  return { decision, snapshot, window };
}
