// From a copy that is there to the VM that was asked for: the same pipe for a new copy and for one that a dead run left.
import { type Claim, describeWithClaim } from '#claim/record';
import { withoutTodo } from '#claim/todo';
import { Fault } from '#domain/fault';
import type { NodeName, Vmid } from '#pve/ids';
import { putConfig, readConfig, type VmConfig } from '#pve/qemu/config';
import type { VmAt } from '#pve/qemu/vm';
import { saidBy } from '#pve/said';
import { isoVolid } from '#pve/storage/upload';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { mayPass } from '../faults.ts';
import { judgeOwn, type OwnReading, observeOwn, Unsettled } from '../observe/own-vm.ts';
import { observePlace } from '../observe/place.ts';
import type { WarningCode } from '../plan/facet.ts';
import { type Plan, planVm, type Step } from '../plan/plan.ts';
import { vmSubject } from '../subject.ts';
import { locate } from '../view/cluster-view.ts';
import { type CreateOrder, createFault } from '../create-order.ts';
import { patience } from './patience.ts';
import { deleteFreedDrives } from './freed-drives.ts';
import { deleteLostSeeds } from './lost-seeds.ts';
import { joinPool } from './pool.ts';
import { refuseLocalIsoUnderHa } from './local-iso.ts';
import { deleteOutdatedIsos, deleteStaleIsos, type UploadedIso } from './seed-isos.ts';
import { settlePending } from './settle-pending.ts';
import { runStep } from './step.ts';

export interface Unfinished {
  /** Where it was seen last. */
  readonly vm: VmAt;
  readonly incarnation: string;
  /** Somebody else has begun it, and may have left something behind. */
  readonly isResumed: boolean;
  /** As it has just been read. */
  readonly config: VmConfig;
}

/**
 * Ends with the claim `ready`. Every round begins with what PVE has, so that it does not matter who did what before.
 * Nothing of PVE's may be at work on the VM any more when this begins.
 */
export async function finishVm(ctx: Context, order: CreateOrder, target: Unfinished, call: Deadline): Promise<Vmid> {
  const { incarnation, isResumed } = target;
  const { vmid } = target.vm;
  const lane = { key: `vm:${vmid}`, width: 1 };
  const vm = order.spec.name;
  const retry = patience(ctx.clock, call, (reason) => ctx.log.info('Trying again', { vm, reason }));
  const uploads: UploadedIso[] = [];
  let node: NodeName | undefined = target.vm.node;
  let config: VmConfig | undefined = target.config;
  let mayBePending = isResumed;
  for (;;) {
    try {
      node ??= await locateOrGiveUp(ctx, order, vmid, call);
      const round = { order, vm: { node, vmid }, incarnation, isResumed, mayBePending, uploads, config };
      config = undefined;
      mayBePending = true;
      // The lane is free between the rounds: a delete need not wait for a VM that cannot be finished.
      await ctx.lanes.through([lane], call.signal, async () => await finishRound(ctx, round, call));
      ctx.vms.of(vmid).unfinished = undefined;
      return vmid;
    } catch (error) {
      // Somebody else wrote first, or the VM has moved: the next round begins with what is there.
      if (!mayPass(error, 'digest-mismatch', 'vm-missing') && !(error instanceof Unsettled)) {
        throw createFault(error, order, { vmid, ...(node === undefined ? {} : { node }) });
      }
      if (saidBy(error)?.kind === 'vm-missing') node = undefined;
      await retry.pause(createFault(error, order, { vmid }));
    } finally {
      ctx.vms.touch(vmid);
    }
  }
}

export async function locateOrGiveUp(ctx: Context, order: CreateOrder, vmid: Vmid, call: Deadline): Promise<NodeName> {
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest !== undefined) return guest.node;
  throw new Fault('busy', {
    subject: vmSubject({ name: order.spec.name, vmid }),
    wanted: 'create',
    why: 'the copy has gone while it was worked on',
    remedy: 'The next try looks again',
  });
}

interface Round {
  readonly order: CreateOrder;
  readonly vm: VmAt;
  readonly incarnation: string;
  /** Somebody else has begun it, and may have left something behind. */
  readonly isResumed: boolean;
  /** A change of its configuration may have been cut off. */
  readonly mayBePending: boolean;
  /** What this run has uploaded so far, this round included. */
  readonly uploads: UploadedIso[];
  /** What was read before it, for the first round. */
  readonly config: VmConfig | undefined;
}

async function finishRound(ctx: Context, round: Round, call: Deadline): Promise<void> {
  const { order, vm, incarnation } = round;
  let own = judgeOwn(ctx, order, vm, incarnation, round.config ?? (await readConfig(ctx.pve, vm, call)));
  if (own.claim.state === 'ready') return;
  const settled = round.mayBePending ? await settlePending(ctx, vm, own, call) : undefined;
  if (settled !== undefined) {
    requireInForce(order, vm, settled.left);
    own = await observeOwn(ctx, order, vm, incarnation, call);
  }
  const site = await observePlace(ctx, order.spec, vm.node, call);
  const planned = (): Plan => planVm({ spec: order.spec, incarnation, site }, { ...vm, values: own.config.values });
  const plan = planned();
  await refuseLocalIsoUnderHa(ctx, order, vm, plan, call);
  for (const step of plan.steps) {
    if (step.kind === 'upload-iso')
      round.uploads.push({ ...step, ...vm, volid: isoVolid(step.storage, step.fileName) });
    await runStep(ctx, vm, step, own.config.digest, call);
    if (step.kind === 'upload-iso') continue;
    const before = own.config.values;
    own = await observeOwn(ctx, order, vm, incarnation, call);
    const confirm = async (): Promise<unknown> => await observeOwn(ctx, order, vm, incarnation, call);
    await deleteFreedDrives(ctx, { vm, confirm }, before, own.config.values, call);
  }
  const { steps: left, warnings } = planned();
  requireNothingLeft(order, vm, left);
  await deleteOutdatedIsos(ctx, vm, own.config.values, round.uploads, call);
  if (round.isResumed) await deleteStaleIsos(ctx, vm, own.config.values, incarnation, call);
  await joinPool(ctx, order, vm, call);
  await markReady(ctx, vm, own, warnings, call);
  // From now on no other copy for this owner is wanted.
  if (order.spec.clone?.seedIso !== undefined) await dropLostSeeds(ctx, order, vm, incarnation, call);
  ctx.log.info('Created', { vm: order.spec.name, vmid: vm.vmid, node: vm.node, owner: order.owner.namespace });
}

/** The VM is finished, whatever comes of it: what stays is listed by `vrtg orphans`. */
async function dropLostSeeds(
  ctx: Context,
  { key }: CreateOrder,
  { vmid, node }: VmAt,
  incarnation: string,
  call: Deadline,
): Promise<void> {
  try {
    await deleteLostSeeds(ctx, { ownerKey: key, nodes: [node], finished: { vmid, incarnation } }, call);
  } catch (error) {
    ctx.log.warn('ISOs of clones that came to nothing may be left behind', { vmid, error });
  }
}

/** PVE has not taken over what it was told, or somebody has changed it meanwhile: `ready` would be a lie. */
function requireNothingLeft(order: CreateOrder, vm: VmAt, left: readonly Step[]): void {
  requireInForce(
    order,
    vm,
    left.flatMap((step) => (step.kind === 'configure' ? [...Object.keys(step.set), ...step.delete] : [step.kind])),
  );
}

function requireInForce(order: CreateOrder, vm: VmAt, options: readonly string[]): void {
  if (options.length === 0) return;
  throw new Unsettled('busy', {
    subject: vmSubject({ name: order.spec.name, ...vm }),
    wanted: 'create',
    why: `not in force yet: ${options.join(', ')}`,
    remedy: 'If somebody has started the VM, power it off in PVE; the next try goes on from here',
  });
}

/** The last write of all, and only on the very configuration that was found complete. */
async function markReady(
  ctx: Context,
  vm: VmAt,
  own: OwnReading,
  news: readonly WarningCode[],
  call: Deadline,
): Promise<void> {
  const warnings = [...new Set([...(own.claim.warnings ?? []), ...news])];
  const claim: Claim = {
    ...own.claim,
    state: 'ready',
    time: ctx.pve.serverTime() ?? own.claim.time,
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  const description = describeWithClaim(withoutTodo(own.text), claim, 'refuse');
  await putConfig(ctx.pve, vm, { digest: own.config.digest, set: { description } }, call);
}
