// Delete: take the VM out of HA, stop it, free its ISOs, destroy it; each only after a look that it is still ours.
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import { PveError } from '#pve/errors';
import type { Vmid } from '#pve/ids';
import { deleteHaResource } from '#pve/cluster/ha';
import { activeTasks } from '#pve/nodes/tasks';
import { destroyVm } from '#pve/qemu/destroy';
import { changePower } from '#pve/qemu/status';
import { readPower } from '#pve/rules/power';
import { isAtLeast } from '#pve/rules/versions';
import { requireSuccess, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { mayPass, toFault } from '../faults.ts';
import { type ClaimedVm, observeVm } from '../observe/claimed-vm.ts';
import { refuseForeign, requireOurs } from '../refusals.ts';
import { requireQuorum } from '../view/absence.ts';
import { patience } from './patience.ts';
import { attachedIsos, deleteIso } from './seed-isos.ts';

const WANTED = 'delete';

/** A VM of ours, and the incarnation this delete began with: another one at the same id is left alone. */
interface OurVm extends ClaimedVm {
  readonly incarnation: string;
}

/** Returns when the VM is gone, or proven to have been gone before. */
export async function deleteVm(ctx: Context, vmid: Vmid, owner: Partial<Owner>, call: Deadline): Promise<void> {
  const retry = patience(ctx.clock, call);
  let incarnation: string | undefined;
  for (;;) {
    const vm = await observeOurs(ctx, { vmid, owner, incarnation }, call);
    if (vm === undefined) return;
    incarnation = vm.incarnation;
    try {
      const outcome = await deleteRound(ctx, vm, owner, call);
      if (outcome === 'look-again') continue;
      if (outcome === 'destroyed') ctx.vms.destroyed(vmid);
      return;
    } catch (error) {
      const problem = toFault(error, { subject: vm.subject, wanted: WANTED });
      if (!mayPass(error, 'running', 'stopped', 'vm-missing')) throw problem;
      ctx.vms.touch(vmid);
      await retry.pause(problem);
    }
  }
}

interface Target {
  readonly vmid: Vmid;
  readonly owner: Partial<Owner>;
  /** With which this delete began; undefined at its first look. */
  readonly incarnation: string | undefined;
}

/** Undefined for a VM that is gone, or whose id another VM of ours has got meanwhile. */
async function observeOurs(ctx: Context, target: Target, call: Deadline): Promise<OurVm | undefined> {
  const vm = await observeVm(ctx, target.vmid, WANTED, call);
  if (vm === undefined) return undefined;
  const { ownership, guest } = vm;
  refuseForeign(ownership, guest, WANTED, target.owner);
  // Before the question whose it is: a remnant of a destroy has nothing left but its lock.
  refuseLocked(vm);
  requireOurs(ownership, guest, WANTED);
  const { incarnation } = ownership.claim;
  if (target.incarnation !== undefined && target.incarnation !== incarnation) return undefined;
  refuseProtected(vm);
  return { ...vm, incarnation };
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
function refuseLocked(vm: ClaimedVm): void {
  const { lock } = vm.config;
  if (lock === undefined || lock === 'suspended') return;
  throw new Fault('busy', {
    subject: vm.subject,
    wanted: WANTED,
    why: `it is locked (${lock})`,
    remedy: `Wait for the running operation; what a crash has left is removed as root: ${removalOf(vm)}`,
  });
}

/** Of a remnant only the configuration is left, which no API call removes (pve-behaviour 28.5). */
function removalOf({ guest, config }: ClaimedVm): string {
  const unlock = `qm unlock ${guest.vmid}`;
  return config.lock === 'destroyed' ? `"${unlock}", then "qm destroy ${guest.vmid}" on ${guest.node}` : `"${unlock}"`;
}

/** `gone`: without us, while this delete was preparing. `look-again`: somebody else was destroying it, and has ended. */
async function deleteRound(
  ctx: Context,
  vm: OurVm,
  owner: Partial<Owner>,
  call: Deadline,
): Promise<'destroyed' | 'gone' | 'look-again'> {
  const { vmid } = vm.guest;
  await requireQuorum(ctx, vm.subject, WANTED, call);
  if (vm.status.haManaged) await releaseFromHa(ctx, vm, call);
  if (!isOff(vm)) {
    const params = isAtLeast(ctx.version, 8, 2) ? { 'overrule-shutdown': true } : {};
    requireSuccess(await waitForTask(ctx.pve, await changePower(ctx.pve, vm.guest, 'stop', call, params), call));
  }
  // All that may take minutes is done: once more, whether it is still ours to take, and whether the cluster can write.
  const last = await observeOurs(ctx, { vmid, owner, incarnation: vm.incarnation }, call);
  if (last === undefined) return 'gone';
  await requireQuorum(ctx, vm.subject, WANTED, call);
  if (await hasWaitedForDestroy(ctx, last, call)) return 'look-again';
  for (const volid of attachedIsos(last.config.values, last.guest, last.incarnation)) {
    await deleteIso(ctx, last.guest, volid, call);
  }
  const upid = await destroyVm(ctx.pve, last.guest, call);
  ctx.log.info('Deleting', { vmid, node: last.guest.node, upid });
  for (const warning of requireSuccess(await waitForTask(ctx.pve, upid, call))) {
    ctx.log.warn('PVE warns', { vmid, operation: WANTED, warning });
  }
  return 'destroyed';
}

function isOff(vm: ClaimedVm): boolean {
  const reading = readPower(vm.status);
  return reading === 'stopped' || reading === 'suspended';
}

/** HA would start the VM again, and PVE refuses to remove what HA manages. */
async function releaseFromHa(ctx: Context, vm: OurVm, call: Deadline): Promise<void> {
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

/** A delete whose answer was lost, or whose call has ended, may be running: repeated, it meets whoever has the id by then. */
async function hasWaitedForDestroy(ctx: Context, vm: OurVm, call: Deadline): Promise<boolean> {
  const active = await activeTasks(ctx.pve, vm.guest.node, call);
  const destroy = active.find((task) => task.type === 'qmdestroy' && task.id === String(vm.guest.vmid));
  if (destroy === undefined) return false;
  await waitForTask(ctx.pve, destroy.upid, call);
  return true;
}
