// The copy of a template. Everything that can be found wrong is found before it; nothing is written to it before its
// task has ended (pve-behaviour 26).
import type { CreateDecision } from '#claim/decide';
import { newIncarnation } from '#claim/incarnation';
import { type Claim, describeWithClaim, readClaim } from '#claim/record';
import { Fault, invalidSpec } from '#domain/fault';
import type { NodeName, Upid, Vmid } from '#pve/ids';
import { isUnknownOutcome } from '#pve/errors';
import { type CloneOptions, cloneVm } from '#pve/qemu/clone';
import { saidBy } from '#pve/said';
import { requireSuccess, type TaskResult, TaskStillRunning, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Lane } from '#runtime/lanes';
import type { Context } from '../context.ts';
import { mayPass } from '../faults.ts';
import { chooseDiskStorage, observePlace } from '../observe/place.ts';
import { observeTemplate, type Template } from '../observe/template.ts';
import { copyFormat } from '../plan/disk-format.ts';
import { bootStorage } from '../plan/drives.ts';
import { planVm } from '../plan/plan.ts';
import { vmSubject } from '../subject.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import { type CreateOrder, createFault } from '../create-order.ts';
import { requireAudit } from '../view/absence.ts';
import { chooseSlot } from './free-slot.ts';
import { checkPool } from './pool.ts';
import type { RunTime } from './run-time.ts';

export type Copy =
  | { readonly kind: 'made'; readonly vmid: Vmid; readonly incarnation: string }
  /** The id was taken, a lock was not to be had, or nobody knows: look at the window again. */
  | { readonly kind: 'look-again'; readonly reason: Error; readonly taken: Vmid | undefined };

/** The slots that were free at the last look, and how to look again. */
export interface FreeSlots {
  readonly free: readonly Vmid[];
  readonly snapshot: Snapshot;
  readonly look: () => Promise<{ readonly decision: CreateDecision; readonly snapshot: Snapshot }>;
}

/** Copies at once from one template, and onto one node: PVE's storage locks wait 10 s and then fail. */
const PER_TEMPLATE = 4;
const PER_NODE = 4;

export async function copyTemplate(ctx: Context, order: CreateOrder, slots: FreeSlots, time: RunTime): Promise<Copy> {
  const call = time.deadline;
  const template = await observeOrderedTemplate(ctx, order, slots.snapshot, call);
  // Before the queue, so that nobody waits in it for a refusal.
  const prepared = await prepareCopy(ctx, order, slots.free, template, call);
  const lanes: Lane[] = [
    { key: `template:${template.guest.vmid}`, width: PER_TEMPLATE },
    { key: `node:${template.guest.node}`, width: PER_NODE },
  ];
  return await ctx.lanes.through(lanes, call.signal, async (hasWaited) => {
    if (!hasWaited) return await runCopy(ctx, order, prepared, time);
    // While it waited others have been at work: window and template are looked at again right before the copy.
    const { decision, snapshot } = await slots.look();
    if (decision.kind !== 'take') return overtaken(order, 'a VM of it has been made meanwhile');
    const now = await observeOrderedTemplate(ctx, order, snapshot, call);
    const isElsewhere = now.guest.vmid !== template.guest.vmid || now.guest.node !== template.guest.node;
    if (isElsewhere) return overtaken(order, 'the template has moved');
    return await runCopy(ctx, order, await prepareCopy(ctx, order, decision.free, now, call), time);
  });
}

function overtaken(order: CreateOrder, why: string): Copy {
  const subject = vmSubject({ name: order.spec.name });
  return { kind: 'look-again', reason: new Fault('busy', { subject, wanted: 'create', why }), taken: undefined };
}

async function observeOrderedTemplate(
  ctx: Context,
  order: CreateOrder,
  snapshot: Snapshot,
  call: Deadline,
): Promise<Template> {
  const { image } = order.spec;
  if (image.kind !== 'template') throw invalidSpec('image_json', 'names no template', 'Name a template');
  const template = await observeTemplate(ctx.pve, snapshot, image, call);
  refuseOtherNode(order, template.guest.node);
  return template;
}

interface PreparedCopy {
  readonly vmid: Vmid;
  readonly template: Template;
  readonly storage: string | undefined;
  readonly format: 'qcow2' | 'raw' | undefined;
  /** Where the copy has to be made in its pool. */
  readonly pool: string | undefined;
  readonly claim: Claim;
  readonly description: string;
}

/** Reads what the copy and its changes need, and plans these once for nothing: a wish that cannot be is refused here. */
async function prepareCopy(
  ctx: Context,
  order: CreateOrder,
  free: readonly Vmid[],
  template: Template,
  call: Deadline,
): Promise<PreparedCopy> {
  const { spec, owner, digest } = order;
  const { node } = template.guest;
  const [site, storage, vmid] = await Promise.all([
    observePlace(ctx, spec, node, call),
    chooseDiskStorage(ctx, spec, node, call),
    chooseSlot(ctx, free, call),
  ]);
  await requireAudit(ctx, vmSubject({ name: spec.name }), 'create', call);
  const pool = await checkPool(ctx, order, vmid, call);
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
  const onto = storage ?? bootStorage(template.config.values) ?? '';
  const format = copyFormat(spec, site.host.storageTypes[onto]);
  return { vmid, template, storage, format, pool, claim, description: describeWithClaim(text, claim, 'cut') };
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

async function runCopy(ctx: Context, order: CreateOrder, copy: PreparedCopy, time: RunTime): Promise<Copy> {
  const { vmid, claim, template } = copy;
  const { node } = template.guest;
  const lane = { key: `vm:${vmid}`, width: 1 };
  try {
    await ctx.lanes.through([lane], time.deadline.signal, async () => await cloneAndWait(ctx, order, copy, time));
    return { kind: 'made', vmid, incarnation: claim.incarnation };
  } catch (error) {
    const isTaken = saidBy(error)?.kind === 'vmid-taken';
    if (!isTaken && !mayPass(error)) throw error;
    return { kind: 'look-again', reason: createFault(error, order, { vmid, node }), taken: isTaken ? vmid : undefined };
  } finally {
    ctx.vms.touch(vmid);
  }
}

/**
 * Nobody looks again before: the worker may wait a second for the template's lock, and a new VM takes half a second to
 * show in every node's view (pve-behaviour 13.5, 26).
 */
const VISIBLE_AFTER_MS = 2_000;

async function cloneAndWait(ctx: Context, order: CreateOrder, copy: PreparedCopy, time: RunTime): Promise<void> {
  const { vmid, claim, template, storage, format, pool, description } = copy;
  const options = {
    newid: vmid,
    name: order.spec.name,
    description,
    full: true,
    ...(storage === undefined ? {} : { storage }),
    ...(format === undefined ? {} : { format }),
    ...(pool === undefined ? {} : { pool }),
  };
  const sentAt = ctx.clock.now();
  const untilVisible = async (): Promise<void> => {
    await ctx.clock.sleep(Math.max(0, sentAt + VISIBLE_AFTER_MS - ctx.clock.now()), time.deadline.signal);
  };
  const upid = await startClone(ctx, template, options, time, untilVisible);
  ctx.log.info('Copying a template', { vm: order.spec.name, vmid, template: template.guest.vmid, upid });
  time.copying({ vmid, incarnation: claim.incarnation, upid });
  try {
    requireSuccess(await waitForCopy(ctx, upid, time));
    await untilVisible();
  } finally {
    time.copying(undefined);
  }
}

/** A clone whose answer was lost may have begun all the same. */
async function startClone(
  ctx: Context,
  template: Template,
  options: CloneOptions,
  time: RunTime,
  untilVisible: () => Promise<void>,
): Promise<Upid> {
  try {
    return await cloneVm(ctx.pve, template.guest, options, time.deadline);
  } catch (error) {
    if (isUnknownOutcome(error)) await untilVisible();
    throw error;
  }
}

/** A copy that takes longer than tasks are waited for goes on without its call; the caller gets a task to ask for. */
async function waitForCopy(ctx: Context, upid: Upid, time: RunTime): Promise<TaskResult> {
  try {
    return await waitForTask(ctx.pve, upid, time.deadline);
  } catch (error) {
    if (!(error instanceof TaskStillRunning) || time.deadline.signal.aborted) throw error;
    time.handOver();
    return await waitForTask(ctx.pve, upid, time.deadline, { timeoutMs: Number.POSITIVE_INFINITY });
  }
}
