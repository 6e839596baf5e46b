// Delete: take the VM out of HA, stop it, free its ISOs, destroy it; each only after a look that it is still ours.
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import { PveError } from '#pve/errors';
import type { Vmid } from '#pve/ids';
import { deleteHaResource } from '#pve/cluster/ha';
import { changePower } from '#pve/qemu/status';
import { readPower } from '#pve/rules/power';
import { isAtLeast } from '#pve/rules/versions';
import { requireSuccess, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { mayPass, toFault } from '../faults.ts';
import { type ClaimedVm, observeVm } from '../observe/claimed-vm.ts';
import { linkedClones } from '../observe/linked-clones.ts';
import { shortList } from '../observe/original.ts';
import { type Identity, identityOf, isSameVm, replaced } from '../observe/identity.ts';
import { isInTheMaking } from '../observe/window.ts';
import { lockedFault, refuseForeign, refuseUnclaimed } from '../refusals.ts';
import { requireQuorum } from '../view/absence.ts';
import { claimOnSight } from './claim-on-sight.ts';
import { destroyWithIsos, type Doomed, markVoid } from './destroy.ts';
import { patience } from './patience.ts';

const WANTED = 'delete';

/** A VM that is ours to delete, and what tells it from another one at the same id. */
interface Target extends ClaimedVm {
  readonly identity: Identity;
}

/** Returns when the VM is gone, or proven to have been gone before. */
export async function deleteVm(ctx: Context, vmid: Vmid, owner: Partial<Owner>, call: Deadline): Promise<void> {
  const retry = patience(ctx.clock, call);
  let identity: Identity | undefined;
  for (;;) {
    const vm = await observeTarget(ctx, { vmid, owner, identity }, call);
    if (vm === undefined) return;
    identity = vm.identity;
    try {
      if ((await deleteRound(ctx, vm, owner, call)) === 'look-again') continue;
      return;
    } catch (error) {
      const problem = toFault(error, { subject: vm.subject, wanted: WANTED });
      if (!mayPass(error, 'running', 'stopped', 'vm-missing', 'digest-mismatch')) throw problem;
      ctx.vms.touch(vmid);
      await retry.pause(problem);
    }
  }
}

interface Wanted {
  readonly vmid: Vmid;
  readonly owner: Partial<Owner>;
  /** With which this delete began; undefined at its first look. */
  readonly identity: Identity | undefined;
}

/** Undefined for a VM that is gone, or whose id another VM has got meanwhile. */
async function observeTarget(ctx: Context, wanted: Wanted, call: Deadline): Promise<Target | undefined> {
  const vm = await observeVm(ctx, wanted.vmid, WANTED, call);
  if (vm === undefined) return undefined;
  const { ownership, guest } = vm;
  const identity = identityOf(vm);
  const isOther = wanted.identity !== undefined && !isSameVm(wanted.identity, identity);
  // A remnant of a destroy has lost all that could tell.
  if (isOther && !isInTheMaking(vm.config)) {
    // Only a claim of ours tells for certain that the VM this delete began with has gone.
    if (wanted.identity?.incarnation === undefined) throw replaced(vm, WANTED);
    return undefined;
  }
  refuseForeign(ownership, guest, WANTED, wanted.owner);
  // Before the question whose it is: a remnant of a destroy has nothing left but its lock.
  refuseLocked(vm);
  if (await claimOnSight(ctx, guest, vm.config, wanted.owner, call)) return await observeTarget(ctx, wanted, call);
  refuseUnclaimed(ctx, ownership, guest, WANTED);
  refuseProtected(vm);
  return { ...vm, identity };
}

function refuseProtected(vm: ClaimedVm): void {
  if (vm.config.values['protection'] !== '1') return;
  throw new Fault('precondition', {
    subject: vm.subject,
    wanted: WANTED,
    why: 'it is protected against removal',
    remedy: 'Switch its protection off in PVE (Options, Protection)',
  });
}

/** PVE destroys a hibernated VM, and no other locked one (pve-behaviour 16). */
function refuseLocked({ config, guest, subject }: ClaimedVm): void {
  const { lock } = config;
  if (lock === undefined || lock === 'suspended') return;
  throw lockedFault({ ...guest, subject, lock }, WANTED);
}

/** `gone`: without us, while this delete was preparing. `look-again`: somebody else was destroying it, and has ended. */
async function deleteRound(
  ctx: Context,
  vm: Target,
  owner: Partial<Owner>,
  call: Deadline,
): Promise<'destroyed' | 'gone' | 'look-again'> {
  const wasReady = vm.ownership.kind === 'ours' && vm.ownership.claim.state === 'ready';
  await requireQuorum(ctx, vm.subject, WANTED, call);
  await refuseLinked(ctx, vm, call);
  if (vm.status.haManaged) await releaseFromHa(ctx, vm, call);
  // Before all that may take minutes, so that no create of the same name takes for its own what is on its way out.
  // A template that PVE does not let go stays one.
  const isProven = !isTemplate(vm) && (await markVoid(ctx, doomedOf(vm, wasReady), call));
  if (isProven && isOff(vm)) return await destroyWithIsos(ctx, doomedOf(vm, wasReady), call);
  if (!isOff(vm)) {
    const params = isAtLeast(ctx.version, 8, 2) ? { 'overrule-shutdown': true } : {};
    requireSuccess(await waitForTask(ctx.pve, await changePower(ctx.pve, vm.guest, 'stop', call, params), call));
  }
  // A stop may take minutes: once more, whether it is still ours to take.
  const last = await observeTarget(ctx, { vmid: vm.guest.vmid, owner, identity: vm.identity }, call);
  return last === undefined ? 'gone' : await destroyWithIsos(ctx, doomedOf(last, wasReady), call);
}

function doomedOf({ guest, config, ownership }: ClaimedVm, wasReady: boolean): Doomed {
  return { vm: guest, config, wasReady, claim: ownership.kind === 'ours' ? ownership.claim : undefined };
}

function isTemplate({ config }: ClaimedVm): boolean {
  return config.values['template'] === '1';
}

/** PVE refuses as well, with the name of a volume. */
async function refuseLinked(ctx: Context, vm: Target, call: Deadline): Promise<void> {
  if (!isTemplate(vm)) return;
  const clones = await linkedClones(ctx, vm.guest, vm.config.values, call);
  if (clones.length === 0) return;
  throw new Fault('precondition', {
    subject: vm.subject,
    wanted: WANTED,
    why: `it is a template, and linked clones grow from its disks: VM ${shortList(clones.map(String))}`,
    remedy: 'Delete these first, or give them full disks of their own (Move Disk in PVE)',
  });
}

function isOff(vm: ClaimedVm): boolean {
  const reading = readPower(vm.status);
  return reading === 'stopped' || reading === 'suspended';
}

/** HA would start the VM again, and PVE refuses to remove what HA manages. */
async function releaseFromHa(ctx: Context, vm: ClaimedVm, call: Deadline): Promise<void> {
  try {
    await deleteHaResource(ctx.pve, vm.guest.vmid, call);
  } catch (error) {
    if (!(error instanceof PveError) || error.status !== 403) throw error;
    const remedy = 'Remove the VM from HA in PVE, or grant Sys.Console on / to the user and to the API token';
    throw new Fault(
      'forbidden',
      { subject: vm.subject, wanted: WANTED, why: 'HA manages it', remedy },
      { cause: error },
    );
  }
}
