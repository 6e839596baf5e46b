// Describe: what a VM is now. From the cluster's view where that can be trusted, else from the VM's own node.
import type { Claim } from '#claim/record';
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { PowerState } from '#domain/power';
import type { GuestEntry } from '#pve/cluster/resources';
import { readClusterStatus } from '#pve/cluster/status';
import type { Vmid } from '#pve/ids';
import { readStatus } from '#pve/qemu/status';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { forgetIps, guestIps } from '../observe/guest-ips.ts';
import { auditRemedy, observeLife } from '../observe/quiet.ts';
import { readDetails } from '../observe/vm-details.ts';
import { lockedFault, refuseContainer, refuseForeign } from '../refusals.ts';
import { vmSubject } from '../subject.ts';
import { proveAbsent } from '../view/absence.ts';
import { atGuest } from '../view/cluster-view.ts';
import { claimOnSight } from '../run/claim-on-sight.ts';
import type { CreateRuns } from '../run/create-runs.ts';
import { goOnWith } from './clone-task.ts';
import { consoleUrl } from './console-url.ts';
import { powerState } from './power-state.ts';
import type { VmDetails } from '../view/vm-memory.ts';
import { rawRecord } from './raw-record.ts';
import type { Observation } from './observation.ts';

export interface Description {
  readonly powerState: PowerState;
  readonly ips: readonly string[];
  readonly consoleUrl: string;
  readonly raw: Readonly<Record<string, string>>;
}

const VIEW_MAX_AGE_MS = 6_000;
/** After an operation of ours the view may show the state before it for so long (pve-behaviour 26). */
const TOUCHED_MS = 15_000;

/** Undefined for a VM that is proven absent, and for one whose create has failed: the manager then creates it again. */
export async function describeVm(
  ctx: Context,
  runs: CreateRuns,
  vmid: Vmid,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<Description | undefined> {
  const whereabouts = { pve: ctx.pve, view: ctx.view, vmid, call, maxAgeMs: VIEW_MAX_AGE_MS };
  const description = await atGuest(whereabouts, async (guest, takenAt) => {
    refuseContainer(guest);
    return await describeGuest({ ctx, runs }, guest, takenAt, asker, call);
  });
  if (description === 'given-up') return undefined;
  if (description === undefined) {
    ctx.vms.of(vmid).details = undefined;
    await proveAbsent(ctx, vmid, 'describe', call);
    return undefined;
  }
  ctx.vms.seen(vmid);
  return description;
}

interface Means {
  readonly ctx: Context;
  readonly runs: CreateRuns;
}

async function describeGuest(
  { ctx, runs }: Means,
  guest: GuestEntry,
  takenAt: number,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<Description | 'given-up'> {
  const seen = await observeState(ctx, guest, takenAt, call);
  const record = ctx.vms.of(guest.vmid);
  const details = await currentDetails(ctx, seen, asker, call);
  refuseForeign(details.ownership, { ...guest, name: details.values['name'] }, 'describe', asker);
  refuseRemnant(guest, details);
  if (await isGivenUp({ ctx, runs }, guest, details, call)) return 'given-up';
  const state = powerState(seen);
  if (state === undefined) throw unknownState(guest);
  if (state !== 'On' || record.told !== state) forgetIps(ctx, record.agent);
  record.told = state;
  const ips = state === 'On' ? await guestIps(ctx, guest, details.values, call) : [];
  return { powerState: state, ips, consoleUrl: consoleUrl(ctx, guest), raw: rawRecord(ctx, seen, details) };
}

/**
 * Whether there is no VM yet, and none will be: it is being taken away, or nobody works on its create any more. The
 * manager then creates it again, which goes on with what is there. Throws `busy` while somebody may still be at work.
 */
async function isGivenUp(
  { ctx, runs }: Means,
  guest: GuestEntry,
  details: VmDetails,
  call: Deadline,
): Promise<boolean> {
  const claim = details.ownership.kind === 'ours' ? details.ownership.claim : undefined;
  if (claim?.state === 'void') return true;
  const isStub = details.ownership.kind === 'unclaimed' && isCopyLock(details.lock);
  if (claim?.state !== 'creating' && !isStub) return false;
  const record = ctx.vms.of(guest.vmid);
  if (record.createHasFailed && !record.isBeingMade) return true;
  if (claim?.kind === 'clone') return await takeUpClone({ ctx, runs }, guest, details, claim, call);
  const life = record.isBeingMade ? 'worked-on' : await observeLife(ctx, guest, details.digest, claim, call);
  if (life === 'dead') return true;
  const doing = { subject: vmSubject({ ...guest, name: details.values['name'] ?? guest.name }), wanted: 'describe' };
  if (life === 'unknown') {
    const why = 'it is not finished, and we may not see whether it is still being made';
    throw new Fault('forbidden', { ...doing, why, remedy: auditRemedy(guest) });
  }
  throw new Fault('busy', { ...doing, why: 'it is still being made', remedy: 'The next try asks again' });
}

/** Nobody asks for a clone again, so it is taken up here; throws until it is finished. */
async function takeUpClone(
  { ctx, runs }: Means,
  guest: GuestEntry,
  details: VmDetails,
  claim: Claim,
  call: Deadline,
): Promise<never> {
  const { isBeingMade } = ctx.vms.of(guest.vmid);
  const verdict = isBeingMade ? undefined : await goOnWith(ctx, runs, { guest, config: details, claim }, call);
  const why = verdict?.error === undefined || verdict.error === '' ? 'it is still being cloned' : verdict.error;
  const subject = vmSubject({ ...guest, name: details.values['name'] ?? guest.name });
  throw new Fault('busy', { subject, wanted: 'describe', why, remedy: 'The next try asks again' });
}

/** Its disks are gone, and its configuration too but for this lock: it is neither there nor absent. */
function refuseRemnant(guest: GuestEntry, { lock }: VmDetails): void {
  if (lock === 'destroyed') throw lockedFault({ ...guest, subject: vmSubject(guest), lock }, 'describe');
}

function isCopyLock(lock: string | undefined): boolean {
  return lock === 'clone' || lock === 'create';
}

/** The state as the view has it, if that is what was told last and nothing of ours is newer; else asked of the node. */
async function observeState(ctx: Context, guest: GuestEntry, takenAt: number, call: Deadline): Promise<Observation> {
  const record = ctx.vms.of(guest.vmid);
  const isTouched = record.touchedAt !== undefined && ctx.clock.now() - record.touchedAt < TOUCHED_MS;
  const facts = { status: guest.status, lock: guest.lock };
  const inView = powerState(facts);
  if (!isTouched && inView !== undefined && inView === record.told) {
    return { guest, ...facts, qmpStatus: undefined, source: 'view', observedAt: takenAt };
  }
  return await observeDirectly(ctx, guest, call);
}

async function observeDirectly(ctx: Context, guest: GuestEntry, call: Deadline): Promise<Observation> {
  await refuseOfflineNode(ctx, guest, call);
  const status = await readStatus(ctx.pve, guest, call);
  return {
    guest,
    status: status.status,
    qmpStatus: status.qmpStatus,
    lock: status.lock,
    source: 'direct',
    observedAt: ctx.clock.now(),
  };
}

/** `unknown` in the view is a new guest, or one whose node has been silent for minutes. */
async function refuseOfflineNode(ctx: Context, guest: GuestEntry, call: Deadline): Promise<void> {
  if (guest.status !== 'unknown') return;
  const cluster = await readClusterStatus(ctx.pve, call);
  const node = cluster.nodes.find((one) => one.name === guest.node);
  if (node === undefined || node.online) return;
  throw new Fault('precondition', {
    subject: vmSubject(guest),
    wanted: 'describe',
    why: `node ${guest.node} is offline`,
    remedy: 'Bring the node back, or let HA recover the VM',
  });
}

function unknownState(guest: GuestEntry): Fault {
  return new Fault('busy', {
    subject: vmSubject(guest),
    wanted: 'describe',
    why: `PVE does not know its state ("${guest.status}")`,
    remedy: 'The next try asks again',
  });
}

/** What is read rarely may be so old; spread, so that not all VMs are read at once. */
const DETAILS_MAX_AGE_MS = 3_600_000;
const SPREAD = 0.25;

/**
 * Read again where the VM has moved, is locked, has changed its state or its name, is unknown to the view or was
 * changed by us: then it may all be different, or be another VM; else about once an hour.
 */
async function currentDetails(
  ctx: Context,
  seen: Observation,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<VmDetails> {
  const { guest } = seen;
  const record = ctx.vms.of(guest.vmid);
  const known = record.details;
  if (known !== undefined && isCurrent(ctx, seen, known)) return known;
  const { touchedAt } = record;
  const readAt = ctx.clock.now();
  const spread = 1 - SPREAD * ((guest.vmid % 100) / 100);
  let read = await readDetails(ctx, guest, call);
  if (await claimOnSight(ctx, guest, read, asker, call)) read = await readDetails(ctx, guest, call);
  const details = {
    ...read,
    readAt,
    readAgainAt: readAt + DETAILS_MAX_AGE_MS * spread,
  };
  // What was read while an operation of ours changed the VM is old already.
  if (record.touchedAt === touchedAt) record.details = details;
  return details;
}

function isCurrent(ctx: Context, seen: Observation, known: VmDetails): boolean {
  const { guest } = seen;
  const isSameGuest = guest.node === known.node && guest.status !== 'unknown' && guest.name === known.values['name'];
  const isFinished = known.ownership.kind !== 'ours' || known.ownership.claim.state === 'ready';
  const isSameState = isFinished && seen.lock === undefined && powerState(seen) === ctx.vms.of(guest.vmid).told;
  return isSameGuest && isSameState && ctx.clock.now() < known.readAgainAt;
}
