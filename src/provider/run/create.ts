// Create: claim and copy at an id that PVE itself guards, then make the copy what was asked for, then `ready`.
// Repeating the call, here or in another process, goes on from what PVE has.
import { type CreateDecision, decideCreate, type UnreadableSlot } from '#claim/decide';
import { describeClaimant } from '#claim/ownership';
import type { Claim } from '#claim/record';
import { slotsFor } from '#claim/slots';
import { Fault } from '#domain/fault';
import { ownerKey } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import { observeWindow } from '../observe/window.ts';
import { refuseUnsupported } from '../plan/unsupported.ts';
import { vmSubject } from '../subject.ts';
import { copyTemplate, type Look } from './copy.ts';
import { finishVm } from './finish.ts';
import { patience } from './patience.ts';
import type { RunTime } from './run-time.ts';

const PERMISSIONS_MAX_AGE_MS = 60_000;

/** Makes the VM, or finds it made. Whatever has been made when it throws is found again by the next call. */
export async function createVm(ctx: Context, order: CreateOrder, time: RunTime): Promise<Vmid> {
  refuseUnsupported(order.spec);
  const call = time.deadline;
  const vm = order.spec.name;
  const retry = patience(ctx.clock, call, (reason) => ctx.log.info('Trying again', { vm, reason }));
  /** Slots PVE has called taken although the view showed nothing there. */
  const doubted = new Set<Vmid>();
  const look = async (): Promise<Look> => await lookAtWindow(ctx, order, doubted, call);
  for (;;) {
    const { decision, snapshot } = await look();
    switch (decision.kind) {
      case 'done':
        return decision.vmid;
      case 'resume':
        return await finishVm(ctx, order, { ...decision.claim, node: undefined }, call);
      case 'take': {
        if (time.isHandedOver) throw gone(order);
        const copy = await copyTemplate(ctx, order, { vmid: decision.vmid, snapshot, look }, time);
        if (copy.kind === 'made') return await finishVm(ctx, order, copy, call);
        if (copy.taken !== undefined) doubted.add(copy.taken);
        await retry.pause(copy.reason);
        break;
      }
      case 'wait':
        await retry.pause(unreadable(order, decision.slot));
        break;
      case 'exists':
        throw alreadyExists(order, decision);
      case 'exhausted':
        throw exhausted(ctx, order);
    }
  }
}

/** The one place that asks: the whole window on a fresh view. */
async function lookAtWindow(
  ctx: Context,
  order: CreateOrder,
  doubted: ReadonlySet<Vmid>,
  call: Deadline,
): Promise<Look> {
  const [snapshot, permissions] = await Promise.all([
    ctx.view.read(call, 0),
    ctx.permissions.read(call, PERMISSIONS_MAX_AGE_MS),
  ]);
  const seed = { instance: ctx.instance, kind: 'vm', owner: ownerKey(order.owner) } as const;
  const slots = slotsFor(seed, ctx.settings.vmidRange);
  const window = await observeWindow(slots, { pve: ctx.pve, snapshot, permissions, doubted, call });
  const now = ctx.pve.serverTime() ?? Math.floor(ctx.clock.now() / 1000);
  const wish = { instance: ctx.instance, owner: order.owner, digest: order.digest, now };
  const decision = decideCreate(window, wish);
  if (decision.kind === 'wait' && decision.slot.forbidden) throw unreadable(order, decision.slot);
  return { decision, snapshot };
}

/** Nobody waits for this create any more, so nobody may want its VM any more: whoever does asks again. */
function gone(order: CreateOrder): Fault {
  const why = 'its copy has failed or was deleted';
  return new Fault('not-found', { subject: vmSubject({ name: order.spec.name }), wanted: 'create', why });
}

function alreadyExists(order: CreateOrder, { vmid, claim }: Extract<CreateDecision, { kind: 'exists' }>): Fault {
  return new Fault('already-exists', {
    subject: vmSubject({ name: order.spec.name, vmid }),
    wanted: 'create',
    why: `VM ${vmid} of ${describeClaimant(claim)} ${existingState(order, claim)}`,
    remedy: `Delete that VM, use it under its id ${vmid}, or choose another name`,
  });
}

function existingState(order: CreateOrder, claim: Claim): string {
  if (claim.state === 'creating') return 'is being made from another request';
  if (claim.digest !== order.digest) return 'was made from another request, and this version cannot change VMs';
  return 'was made too long ago for this to be the same request again';
}

function exhausted(ctx: Context, order: CreateOrder): Fault {
  const { low, high } = ctx.settings.vmidRange;
  return new Fault('exhausted', {
    subject: vmSubject({ name: order.spec.name }),
    wanted: 'create',
    why: `all VMIDs it may have in ${low}-${high} are taken by others`,
    remedy: 'Widen PVE_VMID_RANGE',
  });
}

function unreadable(order: CreateOrder, slot: UnreadableSlot): Fault {
  return new Fault(slot.forbidden ? 'forbidden' : 'busy', {
    subject: vmSubject({ name: order.spec.name, vmid: slot.vmid }),
    wanted: 'create',
    why: `${slot.reason}, so it may be this very VM`,
    remedy: slot.forbidden ? 'Grant VM.Audit on /vms to the user and to the API token' : 'The next try looks again',
  });
}
