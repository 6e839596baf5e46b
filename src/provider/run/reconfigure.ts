// Reconfigure: a VM in use becomes what is asked for, as far as that is possible while it runs. What has to wait for a
// restart is left pending in PVE, where Describe finds it: nothing here stops or starts a guest.
import { ClaimTooLongError, describeWithClaim, readClaim, shorten } from '#claim/record';
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import { TaskFailed } from '#pve/tasks';
import type { DesiredVm } from '#rpc/payload/desired';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { mayPass, toFault } from '../faults.ts';
import { type ClaimedVm, observeVm, refuseBusy } from '../observe/claimed-vm.ts';
import { type Identity, identityOf, isSameVm, replaced } from '../observe/identity.ts';
import { observePlace } from '../observe/place.ts';
import { observePending, type VmInUse, wishInUse } from '../observe/vm-in-use.ts';
import { refuseImpossible } from '../plan/impossible.ts';
import { type Plan, planVm, type Step } from '../plan/plan.ts';
import { refuseForeign } from '../refusals.ts';
import { vmSubject } from '../subject.ts';
import { requireQuorum } from '../view/absence.ts';
import { confirmPlugged } from './confirm-plugged.ts';
import { patience } from './patience.ts';
import { runStep } from './step.ts';

export interface ReconfigureOrder {
  readonly vmid: Vmid;
  readonly desired: DesiredVm;
}

const WANTED = 'reconfigure';
/** Where the VM was at the last step it is looked for first. */
const WHEREABOUTS_MAX_AGE_MS = 60_000;
/** So often one and the same step is taken before it is clear that PVE does not take it. */
const MOST_REPEATS = 3;

/**
 * Step by step: each is planned on what PVE has then, and refused by PVE where that is no longer so. Whoever else edits
 * the VM meanwhile is planned with, not overwritten; and a repeated call goes on where the last one was cut off.
 */
export async function reconfigureVm(
  ctx: Context,
  order: ReconfigureOrder,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<void> {
  const retry = patience(ctx.clock, call);
  const taken: Step[] = [];
  let problem: string | undefined;
  let isTouched = false;
  let identity: Identity | undefined;
  let first: ClaimedVm | undefined;
  for (;;) {
    const vm = await observeVm(ctx, order.vmid, WANTED, call, identity === undefined ? 0 : WHEREABOUTS_MAX_AGE_MS);
    if (vm === undefined) throw missing(order);
    refuseForeign(vm.ownership, { ...vm.guest, name: vm.config.values['name'] }, WANTED, asker);
    identity ??= identityOf(vm);
    if (!isSameVm(identity, identityOf(vm))) throw replaced(vm, WANTED);
    refuseOther(vm, order);
    try {
      const seen = await observePending(ctx, vm, call);
      const step = await nextStep(ctx, seen, order, call);
      first ??= vm;
      if (step === undefined) {
        if (isTouched) await confirmPlugged(ctx, first, vm, call);
        return tell(ctx, seen, isTouched);
      }
      refuseRepeated(vm, step, taken, problem);
      if (step.kind === 'resize') await requireQuorum(ctx, vm.subject, WANTED, call);
      isTouched = true;
      tellOfOthers(ctx, seen, step);
      problem = await takeStep(ctx, vm, step, call);
      taken.push(step);
    } catch (error) {
      if (mayPass(error, 'digest-mismatch', 'vm-missing')) {
        await retry.pause(toFault(error, { subject: vm.subject, wanted: WANTED }));
      } else throw inWordsOfRequest(toFault(error, { subject: vm.subject, wanted: WANTED }));
    } finally {
      if (isTouched) ctx.vms.touch(order.vmid);
    }
  }
}

/** The next thing to do; undefined where PVE has all of it, or will have it after the next start. */
async function nextStep(
  ctx: Context,
  vm: VmInUse,
  { desired }: ReconfigureOrder,
  call: Deadline,
): Promise<Step | undefined> {
  const wish = wishInUse(desired, vm.have);
  refuseImpossible(wish.spec);
  const site = await observePlace(ctx, wish.spec, vm.guest.node, call);
  const claim = vm.ownership.kind === 'ours' ? vm.ownership.claim : undefined;
  const plan = planVm({ ...wish, incarnation: claim?.incarnation ?? '', site }, vm.have);
  const [first] = plan.steps;
  return first?.kind === 'configure' ? { ...first, set: { ...first.set, ...toldIn(ctx, vm, plan) } } : first;
}

/** The description with the warnings that are new, for a VM that can keep them. */
function toldIn(ctx: Context, { ownership, config }: VmInUse, { warnings }: Plan): Record<string, string> {
  if (ownership.kind !== 'ours') return {};
  const { claim } = ownership;
  const known = claim.warnings ?? [];
  const news = warnings.filter((code) => !known.includes(code));
  if (news.length === 0) return {};
  const { text } = readClaim(config.values['description']);
  try {
    return { description: describeWithClaim(text, { ...claim, warnings: [...known, ...news] }, 'refuse') };
  } catch (error) {
    if (!(error instanceof ClaimTooLongError)) throw error;
    ctx.log.warn('A warning finds no room in the description of the VM', { vmid: claim.vmid, news });
    return {};
  }
}

function missing({ vmid }: ReconfigureOrder): Fault {
  return new Fault('not-found', { subject: vmSubject({ vmid }), wanted: WANTED, why: 'there is no such VM' });
}

/** Throws for a VM that is not the one that is meant, or cannot be changed now. */
function refuseOther(vm: ClaimedVm, { desired }: ReconfigureOrder): void {
  const doing = { subject: vm.subject, wanted: WANTED };
  const { ownership, config } = vm;
  const isMade = ownership.kind === 'ours' && desired.name !== undefined;
  if (isMade && ownership.claim.name !== shorten(desired.name)) {
    const why = `it belongs to ${ownership.claim.name}, and ${desired.name} is to be changed`;
    throw new Fault('precondition', { ...doing, why, remedy: 'Use the id that Create of that VM answered with' });
  }
  if (config.values['template'] === '1') {
    throw new Fault('precondition', { ...doing, why: 'it is a template', remedy: 'Make a VM from the template' });
  }
  refuseBusy(vm, WANTED);
  if (config.lock === undefined) return;
  const why = `it is hibernated (lock ${config.lock})`;
  throw new Fault('precondition', { ...doing, why, remedy: 'Power it on (On) first' });
}

/**
 * The answer is what PVE could not change on a guest that runs: that is pending, and all else of the call is in force
 * (pve-behaviour 11.6).
 */
async function takeStep(ctx: Context, vm: ClaimedVm, step: Step, call: Deadline): Promise<string | undefined> {
  try {
    await runStep(ctx, vm.guest, step, vm.config.digest, call);
    return undefined;
  } catch (error) {
    const words = error instanceof TaskFailed ? error.exitStatus : '';
    const problem = /\w+: hotplug problem - .*/s.exec(words)?.[0].replace(/\s+/g, ' ').trim();
    if (problem === undefined) throw error;
    ctx.log.info('Not possible while the guest runs', { vmid: vm.guest.vmid, problem });
    return problem;
  }
}

/** A step that comes again although PVE has taken it leads nowhere. */
function refuseRepeated(vm: ClaimedVm, step: Step, taken: readonly Step[], problem: string | undefined): void {
  const key = JSON.stringify(step);
  if (taken.filter((one) => JSON.stringify(one) === key).length < MOST_REPEATS) return;
  throw new Fault('busy', {
    subject: vm.subject,
    wanted: WANTED,
    why: problem ?? `PVE does not take over ${subjectOf(step)}, or somebody takes it back`,
    remedy: 'The next try goes on from here',
  });
}

function subjectOf(step: Step): string {
  if (step.kind === 'configure') return [...Object.keys(step.set), ...step.delete].join(', ');
  return step.kind === 'resize' ? `the size of ${step.disk}` : step.kind;
}

/** Facets name the fields of a Create; here they are parts of one field. */
const PARTS: Readonly<Record<string, string>> = {
  class_json: 'Class',
  networks_json: 'Networks',
  disks_json: 'Disks',
  placement_json: 'Placement',
  user_data: 'UserData',
  meta_data: 'MetaData',
};

function inWordsOfRequest(fault: Fault): Fault {
  const [, field = '', rest = ''] = /^([a-z]+_[a-z]+)(.*)$/s.exec(fault.text.subject) ?? [];
  const part = PARTS[field];
  return part === undefined
    ? fault
    : new Fault(fault.kind, { ...fault.text, subject: `desired_json.${part}${rest}` }, { cause: fault.cause });
}

/** What waited already, perhaps by somebody else's hand, and is taken back, or along: a VM that is off takes all at once. */
function tellOfOthers(ctx: Context, { guest, status, pending }: VmInUse, step: Step): void {
  if (step.kind !== 'configure' || pending.length === 0) return;
  const keys = pending.map(({ key }) => key);
  const replaced = keys.filter((key) => key in step.set || step.delete.includes(key));
  const takenAlong = status.status === 'stopped' ? keys.filter((key) => !replaced.includes(key)) : [];
  if (replaced.length + takenAlong.length === 0) return;
  ctx.log.info('Options were pending already', { vmid: guest.vmid, replaced, now_in_force: takenAlong });
}

function tell(ctx: Context, { guest, status, pending }: VmInUse, isChanged: boolean): void {
  if (!isChanged) return;
  ctx.log.info('Reconfigured', {
    vmid: guest.vmid,
    node: guest.node,
    pending: pending.map(({ key }) => key),
    restart_required: pending.length > 0 && status.status !== 'stopped',
  });
}
