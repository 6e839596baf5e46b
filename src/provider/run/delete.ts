// Delete: take the VM out of HA, stop it, free its ISOs, destroy it; each only after a look that it is still ours.
import { parseIsoVolume } from '#cloudinit/file-name';
import { Fault } from '#domain/fault';
import { isUnknownOutcome, PveError } from '#pve/errors';
import type { Vmid } from '#pve/ids';
import { deleteHaResource } from '#pve/cluster/ha';
import { activeTasks } from '#pve/nodes/tasks';
import { destroyVm } from '#pve/qemu/destroy';
import { changePower } from '#pve/qemu/status';
import { readPower } from '#pve/rules/power';
import { isAtLeast } from '#pve/rules/versions';
import { saidBy } from '#pve/said';
import { deleteVolume } from '#pve/storage/volumes';
import { requireSuccess, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { isTransient, toFault } from '../faults.ts';
import { type ClaimedVm, observeVm } from '../observe/claimed-vm.ts';
import { refuseForeign, requireOurs } from '../refusals.ts';
import { drivesOf } from '../plan/drives.ts';
import { requireQuorum } from '../view/absence.ts';
import { patience } from './patience.ts';

const WANTED = 'delete';

/** A VM of ours, and the incarnation this delete began with: another one at the same id is left alone. */
interface OurVm extends ClaimedVm {
  readonly incarnation: string;
}

/** Returns when the VM is gone, or proven to have been gone before. */
export async function deleteVm(ctx: Context, vmid: Vmid, call: Deadline): Promise<void> {
  const retry = patience(ctx.clock, call);
  let incarnation: string | undefined;
  for (;;) {
    const vm = await observeOurs(ctx, vmid, incarnation, call);
    if (vm === undefined) return;
    incarnation = vm.incarnation;
    try {
      await requireQuorum(ctx, vm.subject, WANTED, call);
      await deleteRound(ctx, vm, call);
      ctx.vms.forget(vmid);
      ctx.vms.of(vmid).destroyed = true;
      return;
    } catch (error) {
      const problem = toFault(error, { subject: vm.subject, wanted: WANTED });
      if (!isWorthAnotherLook(error)) throw problem;
      if (isUnknownOutcome(error)) await waitForDestroy(ctx, vm, call);
      await retry.pause(problem);
    } finally {
      if (!ctx.vms.of(vmid).destroyed) ctx.vms.touch(vmid);
    }
  }
}

function isWorthAnotherLook(error: unknown): boolean {
  const kind = saidBy(error)?.kind;
  return (
    isTransient(error) || isUnknownOutcome(error) || kind === 'running' || kind === 'stopped' || kind === 'vm-missing'
  );
}

/** Undefined for a VM that is gone, or whose id has been given to another one meanwhile. */
async function observeOurs(
  ctx: Context,
  vmid: Vmid,
  incarnation: string | undefined,
  call: Deadline,
): Promise<OurVm | undefined> {
  const vm = await observeVm(ctx, vmid, WANTED, call);
  if (vm === undefined) return undefined;
  const { ownership } = vm;
  const isAnother = ownership.kind !== 'ours' || ownership.claim.incarnation !== incarnation;
  if (incarnation !== undefined && isAnother) return undefined;
  refuseForeign(ownership, vm.guest, WANTED);
  // Before the question whose it is: a remnant of a destroy has nothing left but its lock.
  refuseLocked(vm);
  requireOurs(ownership, vm.guest, WANTED);
  refuseProtected(vm);
  return { ...vm, incarnation: ownership.claim.incarnation };
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

async function deleteRound(ctx: Context, vm: OurVm, call: Deadline): Promise<void> {
  const { vmid } = vm.guest;
  if (vm.status.haManaged) await releaseFromHa(ctx, vm, call);
  if (readPower(vm.status) !== 'stopped' && readPower(vm.status) !== 'suspended') {
    const params = isAtLeast(ctx.version, 8, 2) ? { 'overrule-shutdown': true } : {};
    requireSuccess(await waitForTask(ctx.pve, await changePower(ctx.pve, vm.guest, 'stop', call, params), call));
  }
  const last = await observeOurs(ctx, vmid, vm.incarnation, call);
  if (last === undefined) return;
  await deleteIsos(ctx, last, call);
  const upid = await destroyVm(ctx.pve, last.guest, call);
  ctx.log.info('Deleting', { vmid, node: last.guest.node, upid });
  for (const warning of requireSuccess(await waitForTask(ctx.pve, upid, call))) {
    ctx.log.warn('PVE warns', { vmid, operation: WANTED, warning });
  }
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

/** The configuration is the list of what belongs to the VM, so its ISOs go first. One that may not be deleted stays. */
async function deleteIsos(ctx: Context, vm: OurVm, call: Deadline): Promise<void> {
  const { vmid, node } = vm.guest;
  for (const { drive } of drivesOf(vm.config.values)) {
    const iso = parseIsoVolume(drive.file);
    if (iso === undefined || iso.vmid !== vmid || iso.incarnation !== vm.incarnation) continue;
    try {
      requireSuccess(await deleteVolume(ctx.pve, { node, storage: iso.storage }, drive.file, call));
    } catch (error) {
      if (!(error instanceof PveError) || error.status !== 403) throw error;
      const hint = `grant Datastore.Allocate on /storage/${iso.storage}`;
      ctx.log.warn('A cloud-init ISO is left behind', { vmid, volume: drive.file, error, hint });
    }
  }
}

/** A delete whose answer was lost may be running: repeated, it would meet whoever has the id by then. */
async function waitForDestroy(ctx: Context, vm: OurVm, call: Deadline): Promise<void> {
  const active = await activeTasks(ctx.pve, vm.guest.node, call);
  const destroy = active.find((task) => task.type === 'qmdestroy' && task.id === String(vm.guest.vmid));
  if (destroy !== undefined) await waitForTask(ctx.pve, destroy.upid, call);
}
