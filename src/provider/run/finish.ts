// From a copy that is there to the VM that was asked for: the same pipe for a new copy and for one that a dead run left.
import { type Claim, describeWithClaim } from '#claim/record';
import { Fault } from '#domain/fault';
import { isUnknownOutcome } from '#pve/errors';
import type { NodeName, Vmid } from '#pve/ids';
import { putConfig } from '#pve/qemu/config';
import type { VmAt } from '#pve/qemu/vm';
import { saidBy } from '#pve/said';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { isTransient } from '../faults.ts';
import { type OwnVm, observeOwn } from '../observe/own-vm.ts';
import { observePlace } from '../observe/place.ts';
import { planVm } from '../plan/plan.ts';
import { vmSubject } from '../subject.ts';
import { locate } from '../view/cluster-view.ts';
import { type CreateOrder, createFault } from './create-order.ts';
import { waitForOrigin } from './origin.ts';
import { patience } from './patience.ts';
import { runStep } from './step.ts';

export interface Unfinished {
  readonly vmid: Vmid;
  readonly incarnation: string;
  /** Where our own copy has just been made; undefined for one whose task we do not know. */
  readonly node: NodeName | undefined;
}

/** Ends with the claim `ready`. Every round begins with what PVE has, so that it does not matter who did what before. */
export async function finishVm(ctx: Context, order: CreateOrder, target: Unfinished, call: Deadline): Promise<Vmid> {
  const retry = patience(ctx.clock, call);
  let node = target.node;
  if (node === undefined) await waitForOrigin(ctx, order, target, call);
  for (;;) {
    try {
      node ??= await locateOrWait(ctx, order, target.vmid, call);
      await finishRound(ctx, order, { node, vmid: target.vmid }, target.incarnation, call);
      return target.vmid;
    } catch (error) {
      if (!canGoOn(error)) throw error;
      if (saidBy(error)?.kind === 'vm-missing') node = undefined;
      await retry.pause(createFault(error, order));
    } finally {
      ctx.vms.touch(target.vmid);
    }
  }
}

/** Somebody else wrote first, a lock came too late, the answer was lost or the VM has moved: the next round sees. */
function canGoOn(error: unknown): boolean {
  const kind = saidBy(error)?.kind;
  return isTransient(error) || isUnknownOutcome(error) || kind === 'digest-mismatch' || kind === 'vm-missing';
}

async function locateOrWait(ctx: Context, order: CreateOrder, vmid: Vmid, call: Deadline): Promise<NodeName> {
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest !== undefined) return guest.node;
  throw new Fault('busy', {
    subject: vmSubject({ name: order.spec.name, vmid }),
    wanted: 'create',
    why: 'the copy has gone while it was worked on',
    remedy: 'The next try looks again',
  });
}

async function finishRound(
  ctx: Context,
  order: CreateOrder,
  vm: VmAt,
  incarnation: string,
  call: Deadline,
): Promise<void> {
  let own = await observeOwn(ctx, order, vm, incarnation, call);
  if (own.claim.state === 'ready') return;
  const site = await observePlace(ctx, order.spec, vm.node, call);
  const { steps } = planVm({ spec: order.spec, incarnation, site }, { ...vm, values: own.config.values });
  for (const step of steps) {
    await runStep(ctx, vm, step, own.config.digest, call);
    if (step.kind !== 'upload-iso') own = await observeOwn(ctx, order, vm, incarnation, call);
  }
  await markReady(ctx, vm, own, call);
  ctx.log.info('Created', { vm: order.spec.name, vmid: vm.vmid, node: vm.node, owner: order.owner.namespace });
}

/** The last write of all, and only on the very configuration that was found complete. */
async function markReady(ctx: Context, vm: VmAt, own: OwnVm, call: Deadline): Promise<void> {
  const claim: Claim = { ...own.claim, state: 'ready', time: ctx.pve.serverTime() ?? own.claim.time };
  const description = describeWithClaim(own.text, claim, 'refuse');
  await putConfig(ctx.pve, vm, { digest: own.config.digest, set: { description } }, call);
}
