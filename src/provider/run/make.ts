// The making of a VM: by a clone, or from nothing. Everything that can be found wrong is found before it; nothing is
// written to what is made before its task has ended (pve-behaviour 26).
import type { CreateDecision } from '#claim/decide';
import { cloneFamily, newIncarnation } from '#claim/incarnation';
import { type Claim, describeWithClaim } from '#claim/record';
import { Fault } from '#domain/fault';
import { isUnknownOutcome } from '#pve/errors';
import type { NodeName, Upid, Vmid } from '#pve/ids';
import { saidBy } from '#pve/said';
import { requireSuccess, TaskFailed, type TaskResult, TaskStillRunning, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Lane } from '#runtime/lanes';
import type { Context } from '../context.ts';
import { type CreateOrder, createFault } from '../create-order.ts';
import { mayPass } from '../faults.ts';
import { onBestNode } from '../observe/candidates.ts';
import { observePlace } from '../observe/place.ts';
import type { IsoUpload } from '../plan/facet.ts';
import { planVm, type Step } from '../plan/plan.ts';
import { vmSubject } from '../subject.ts';
import { requireAudit } from '../view/absence.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import { cloneParts, dropSeed, uploadSeed } from './clone-parts.ts';
import { chooseSlot } from './free-slot.ts';
import { deleteLeftDisks } from './left-disks.ts';
import { imageMaking } from './images/making.ts';
import type { Making, NewVm } from './making.ts';
import { originalsOf, planMaking } from './plan-making.ts';
import { checkPool } from './pool.ts';
import type { RunTime } from './run-time.ts';

export type Copy =
  | Made
  /** The id was taken, a lock was not to be had, or nobody knows: look at the window again. */
  | { readonly kind: 'look-again'; readonly reason: Error; readonly taken: Vmid | undefined };

interface Made {
  readonly kind: 'made';
  readonly vmid: Vmid;
  readonly incarnation: string;
  /** Ms of the clock: nobody looks again before. */
  readonly visibleAt: number;
}

/** The slots that were free at the last look, and how to look again. */
export interface FreeSlots {
  readonly free: readonly Vmid[];
  readonly snapshot: Snapshot;
  readonly look: () => Promise<{ readonly decision: CreateDecision; readonly snapshot: Snapshot }>;
}

/** Copies at once from one template, and onto one node: PVE's storage locks wait 10 s and then fail. */
const PER_SOURCE = 4;
const PER_NODE = 4;

export async function makeVm(ctx: Context, order: CreateOrder, slots: FreeSlots, time: RunTime): Promise<Copy> {
  const call = time.deadline;
  // Before the queue, so that nobody waits in it for a refusal.
  const prepared = await prepare(ctx, order, { free: slots.free, view: slots.snapshot }, call);
  const { from, node, target } = prepared.making;
  const lanes: Lane[] = [
    { key: from, width: PER_SOURCE },
    { key: `node:${node}`, width: PER_NODE },
  ];
  const copy = await ctx.lanes.through(lanes, call.signal, async (hasWaited) => {
    if (!hasWaited) return await run(ctx, order, prepared, time);
    // While it waited others have been at work: window and source are looked at again right before the making.
    const { decision, snapshot } = await slots.look();
    if (decision.kind !== 'take') return overtaken(order, 'a VM of it has been made meanwhile');
    const now = await prepare(ctx, order, { free: decision.free, view: snapshot, only: target }, call);
    const isElsewhere = now.making.from !== from || now.making.node !== node;
    return isElsewhere ? overtaken(order, 'its template has moved') : await run(ctx, order, now, time);
  });
  if (copy.kind !== 'made') return copy;
  // Others may copy meanwhile.
  await untilThen(ctx, copy.visibleAt, time);
  // A clone finishes itself, whoever goes on with it; what else is made is gone on with by another create.
  if (order.kind !== 'clone') time.copying(undefined);
  return copy;
}

async function untilThen({ clock }: Context, at: number, { deadline }: RunTime): Promise<void> {
  await clock.sleep(Math.max(0, at - clock.now()), deadline.signal);
}

function overtaken(order: CreateOrder, why: string): Copy {
  const subject = vmSubject({ name: order.spec.name });
  return { kind: 'look-again', reason: new Fault('busy', { subject, wanted: 'create', why }), taken: undefined };
}

interface Prepared {
  readonly making: Making;
  readonly vm: NewVm;
  readonly incarnation: string;
  /** Uploaded before the copy. */
  readonly seed: IsoUpload | undefined;
}

interface Ground {
  readonly free: readonly Vmid[];
  readonly view: Snapshot;
  /** The node that has been found before. */
  readonly only?: NodeName;
}

/** Reads what the making and its changes need, and plans these once for nothing: a wish that cannot be is refused here. */
async function prepare(ctx: Context, order: CreateOrder, ground: Ground, call: Deadline): Promise<Prepared> {
  const { spec } = order;
  const [originals, vmid] = await Promise.all([
    originalsOf(ctx, order, ground.view, call),
    chooseSlot(ctx, ground.free, call),
  ]);
  await requireAudit(ctx, vmSubject({ name: spec.name }), 'create', call);
  const pool = await checkPool(ctx, order, vmid, call);
  const incarnation = newIncarnation(order.kind === 'clone' ? cloneFamily(order.key) : undefined);
  const { view, only } = ground;
  const search = { order, snapshot: view, homes: originals.map(({ guest }) => guest.node), only };
  const { making, warnings, upload } = await onBestNode(
    ctx,
    search,
    async (node, asked) => {
      // A template is made by its own rules.
      if (order.image !== undefined) {
        const template = await imageMaking(ctx, order, order.image, { view, node, asked, pool }, call);
        return { making: template, warnings: template.warnings ?? [], upload: undefined };
      }
      const [site, planned] = await Promise.all([
        observePlace(ctx, spec, node, call),
        planMaking(ctx, order, originals, { view, node, asked, pool }, call),
      ]);
      const have = { vmid, node, values: planned.values };
      const plan = planVm({ spec, incarnation, site }, have);
      return { making: planned, warnings: plan.warnings, upload: plan.steps.find(isUpload) };
    },
    call,
  );
  const cloned = order.clone === undefined ? undefined : cloneParts(order, originals[0], upload, incarnation);
  const codes = [...new Set([...warnings, ...(cloned?.warnings ?? [])])];
  const claim = newClaim(ctx, order, { vmid, incarnation, warnings: codes });
  const kept = cloned?.todo ?? making.keeps?.(incarnation);
  const description = describeWithClaim(making.text, claim, 'cut', kept);
  const vm = { vmid, name: spec.name, description, ...(pool === undefined ? {} : { pool }) };
  return { making, vm, incarnation, seed: cloned?.seed };
}

const isUpload = (step: Step): step is Step & { kind: 'upload-iso' } => step.kind === 'upload-iso';

function newClaim(
  ctx: Context,
  { owner, digest, kind }: CreateOrder,
  { vmid, incarnation, warnings }: Pick<Claim, 'vmid' | 'incarnation'> & { readonly warnings: readonly string[] },
): Claim {
  return {
    incarnation,
    digest,
    instance: ctx.instance,
    kind,
    name: owner.name,
    ...(owner.namespace === undefined ? {} : { namespace: owner.namespace }),
    ...(owner.uid === undefined ? {} : { uid: owner.uid }),
    state: 'creating',
    time: ctx.pve.serverTime() ?? 0,
    vmid,
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

async function run(ctx: Context, order: CreateOrder, prepared: Prepared, time: RunTime): Promise<Copy> {
  const { making, vm, incarnation } = prepared;
  const { vmid } = vm;
  const lane = { key: `vm:${vmid}`, width: 1 };
  try {
    const visibleAt = await ctx.lanes.through(
      [lane],
      time.deadline.signal,
      async () => await beginAndWait(ctx, prepared, time),
    );
    return { kind: 'made', vmid, incarnation, visibleAt };
  } catch (error) {
    time.copying(undefined);
    await deleteLeftDisks(ctx, { node: making.node, vmid }, error, time.deadline);
    const isTaken = saidBy(error)?.kind === 'vmid-taken';
    if (!isTaken && !mayPass(error)) throw error;
    const reason = createFault(error, order, { vmid, node: making.node });
    return { kind: 'look-again', reason, taken: isTaken ? vmid : undefined };
  } finally {
    ctx.vms.touch(vmid);
  }
}

/**
 * Nobody looks again before: a worker may wait a second for the template's lock, and a new VM takes half a second to
 * show in every node's view (pve-behaviour 13.5, 26).
 */
const VISIBLE_AFTER_MS = 2_000;

/** @returns when it is visible to all, ms of the clock */
async function beginAndWait(ctx: Context, { making, vm, incarnation, seed }: Prepared, time: RunTime): Promise<number> {
  const { vmid, name } = vm;
  let visibleAt = 0;
  const untilVisible = async (): Promise<void> => await untilThen(ctx, visibleAt, time);
  const at = { node: making.target, vmid };
  const upid = await uploadSeed(ctx, seed, at, time.deadline)
    .then(async () => {
      visibleAt = ctx.clock.now() + VISIBLE_AFTER_MS;
      return await begin(making, vm, time, untilVisible);
    })
    .catch(async (error: unknown) => {
      // What may have begun all the same will need its ISO.
      if (!isUnknownOutcome(error)) await dropSeed(ctx, seed, at, time.deadline);
      throw error;
    });
  const { from, target: node } = making;
  ctx.log.info('Making a VM', { vm: name, vmid, from, node, upid });
  time.copying({ vmid, incarnation, upid });
  try {
    requireSuccess(await waitForCopy(ctx, upid, time));
    return visibleAt;
  } catch (error) {
    if (error instanceof TaskFailed) await dropSeed(ctx, seed, at, time.deadline);
    throw error;
  }
}

/** What has had no answer may have begun all the same. */
async function begin(making: Making, vm: NewVm, time: RunTime, untilVisible: () => Promise<void>): Promise<Upid> {
  try {
    return await making.begin(vm, time.deadline);
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
