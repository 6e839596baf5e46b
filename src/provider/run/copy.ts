// The copy of a template. Everything that can be found wrong is found before it; nothing is written to it before its
// task has ended (pve-behaviour 26).
import { newIncarnation } from '#claim/incarnation';
import { type Claim, describeWithClaim, readClaim } from '#claim/record';
import { invalidSpec } from '#domain/fault';
import { isUnknownOutcome } from '#pve/errors';
import type { NodeName, Upid, Vmid } from '#pve/ids';
import { cloneVm } from '#pve/qemu/clone';
import { saidBy } from '#pve/said';
import { requireSuccess, TaskStillRunning, TaskUnknown, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { isTransient } from '../faults.ts';
import { chooseDiskStorage, observePlace } from '../observe/place.ts';
import { observeTemplate, type Template } from '../observe/template.ts';
import { planVm } from '../plan/plan.ts';
import type { Lane } from '../queue/lanes.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import { type CreateOrder, createFault } from './create-order.ts';
import type { Handover } from './handover.ts';

export type Copy =
  | { readonly kind: 'made'; readonly vmid: Vmid; readonly incarnation: string; readonly node: NodeName }
  /** The id was taken, a lock was not to be had, or nobody knows: look at the window again. */
  | { readonly kind: 'look-again'; readonly reason: Error };

/** Copies at once from one template, and onto one node: PVE's storage locks wait 10 s and then fail. */
const PER_TEMPLATE = 4;
const PER_NODE = 4;

export async function copyTemplate(
  ctx: Context,
  order: CreateOrder,
  vmid: Vmid,
  snapshot: Snapshot,
  call: Deadline,
  handover: Handover,
): Promise<Copy> {
  const copy = await prepareCopy(ctx, order, vmid, snapshot, call);
  const lanes: Lane[] = [
    { key: `template:${copy.template.guest.vmid}`, width: PER_TEMPLATE },
    { key: `node:${copy.template.guest.node}`, width: PER_NODE },
  ];
  return await ctx.lanes.through(lanes, call.signal, async () => await runCopy(ctx, order, copy, call, handover));
}

interface PreparedCopy {
  readonly vmid: Vmid;
  readonly template: Template;
  readonly storage: string | undefined;
  readonly claim: Claim;
  readonly description: string;
}

/** Reads what the copy and its changes need, and plans these once for nothing: a wish that cannot be is refused here. */
async function prepareCopy(
  ctx: Context,
  order: CreateOrder,
  vmid: Vmid,
  snapshot: Snapshot,
  call: Deadline,
): Promise<PreparedCopy> {
  const { spec, owner, digest } = order;
  if (spec.image.kind !== 'template') throw invalidSpec('image_json', 'names no template', 'Name a template');
  const template = await observeTemplate(ctx.pve, snapshot, spec.image, call);
  const { node } = template.guest;
  refuseOtherNode(order, node);
  const [site, storage] = await Promise.all([
    observePlace(ctx, spec, node, call),
    chooseDiskStorage(ctx, spec, node, call),
  ]);
  const incarnation = newIncarnation();
  const { warnings } = planVm({ spec, incarnation, site }, { vmid, node, values: template.config.values });
  const claim: Claim = {
    incarnation,
    digest,
    instance: ctx.instance,
    kind: 'vm',
    name: owner.name,
    ...(owner.namespace === undefined ? {} : { namespace: owner.namespace }),
    ...(owner.uid === undefined ? {} : { uid: owner.uid }),
    state: 'creating',
    time: ctx.pve.serverTime() ?? 0,
    vmid,
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  const { text } = readClaim(template.config.values['description']);
  return { vmid, template, storage, claim, description: describeWithClaim(text, claim, 'cut') };
}

/** This version copies where the template is. */
function refuseOtherNode({ spec }: CreateOrder, node: NodeName): void {
  const wanted = spec.placement.node;
  if (wanted === undefined || wanted === node) return;
  throw invalidSpec(
    'placement_json.Host',
    `the template is on ${node}, not on ${wanted}`,
    `Leave it out, or use a template on ${wanted}`,
  );
}

async function runCopy(
  ctx: Context,
  order: CreateOrder,
  copy: PreparedCopy,
  call: Deadline,
  handover: Handover,
): Promise<Copy> {
  const { vmid, claim, template } = copy;
  const { incarnation } = claim;
  try {
    const upid = await cloneVm(
      ctx.pve,
      template.guest,
      {
        newid: vmid,
        name: order.spec.name,
        description: copy.description,
        full: true,
        ...(copy.storage === undefined ? {} : { storage: copy.storage }),
      },
      call,
    );
    ctx.log.info('Copying a template', { vm: order.spec.name, vmid, template: template.guest.vmid, upid });
    await waitForCopy(ctx, { vmid, incarnation, upid }, call, handover);
    return { kind: 'made', vmid, incarnation, node: template.guest.node };
  } catch (error) {
    if (mayBeElsewhere(error)) return { kind: 'look-again', reason: createFault(error, order) };
    throw error;
  } finally {
    ctx.vms.touch(vmid);
  }
}

/** A copy that outlives its call goes on without it; the caller gets a task to ask for. */
async function waitForCopy(
  ctx: Context,
  copy: { vmid: Vmid; incarnation: string; upid: Upid },
  call: Deadline,
  handover: Handover,
): Promise<void> {
  try {
    requireSuccess(await waitForTask(ctx.pve, copy.upid, call));
  } catch (error) {
    if (!(error instanceof TaskStillRunning)) throw error;
    const own = handover.take(copy);
    requireSuccess(await waitForTask(ctx.pve, copy.upid, own, { timeoutMs: Number.POSITIVE_INFINITY }));
  }
}

/** Somebody has the id, a lock came too late, or the answer was lost: in all of them PVE, not we, knows what is there. */
function mayBeElsewhere(error: unknown): boolean {
  return (
    isTransient(error) ||
    isUnknownOutcome(error) ||
    error instanceof TaskUnknown ||
    saidBy(error)?.kind === 'vmid-taken'
  );
}
