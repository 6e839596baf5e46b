// What the three changes of snapshots have in common: a look at the VM, an act, and again from the look where that may pass.
// The manager takes a failed snapshot for final and never asks for a failed removal again, so all that may pass is waited
// for within the call.
import type { Owner } from '#domain/owner';
import type { Upid, Vmid } from '#pve/ids';
import { saidBy } from '#pve/said';
import { requireSuccess, TaskStillRunning, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import { toFault } from '../../faults.ts';
import { observeVm } from '../../observe/claimed-vm.ts';
import { type Identity, identityOf, isSameVm, replaced } from '../../observe/identity.ts';
import { observeSnapshots, type SnapshottedVm } from '../../observe/snapshotted-vm.ts';
import { refuseForeign } from '../../refusals.ts';
import { vmSubject } from '../../subject.ts';
import { patience } from '../patience.ts';

export interface SnapshotChange {
  readonly vmid: Vmid;
  readonly asker: Partial<Owner>;
  readonly wanted: string;
  readonly isDestructive: boolean;
}

/** `task` is what the caller can go on with where PVE takes longer than its call. */
export interface SnapshotOutcome {
  readonly vmid: Vmid;
  /** PVE's name of the snapshot. */
  readonly name: string;
  readonly running?: { readonly incarnation: string | undefined; readonly upid: Upid };
}

/** @param act `vm` is undefined where the VM is proven absent; what it throws as `busy` is tried again. */
export async function inRounds<T>(
  ctx: Context,
  change: SnapshotChange,
  call: Deadline,
  act: (vm: SnapshottedVm | undefined) => Promise<T>,
): Promise<T> {
  const { vmid, asker, wanted } = change;
  const retry = patience(ctx.clock, call, (reason) => ctx.log.info('Waits', { vmid, reason: reason.message }));
  let identity: Identity | undefined;
  let stranger: Error | undefined;
  let subject = vmSubject({ vmid });
  for (;;) {
    try {
      const vm = await observeVm(ctx, vmid, wanted, call);
      if (vm === undefined) return await act(undefined);
      subject = vm.subject;
      refuseForeign(vm.ownership, vm.guest, wanted, asker);
      identity ??= identityOf(vm);
      if (!isSameVm(identity, identityOf(vm))) throw (stranger = replaced(vm, wanted));
      return await act(await observeSnapshots(ctx, vm, change, call));
    } catch (error) {
      const problem = toFault(error, { subject, wanted });
      // Credentials that PVE refuses may be about to be changed.
      const mayPassSoon = problem.kind === 'busy' || problem.kind === 'unauthenticated';
      if (!mayPassSoon || error === stranger || saidBy(error)?.kind === 'interrupted') throw problem;
      await retry.pause(problem);
    }
  }
}

/**
 * Waits for a task. `running` where it takes longer than the call, or than tasks are waited for; then it goes on.
 * Throws what it failed with.
 */
export async function finished(ctx: Context, vm: SnapshottedVm, upid: Upid, call: Deadline): Promise<Upid | undefined> {
  try {
    requireSuccess(await waitForTask(ctx.pve, upid, call));
    return undefined;
  } catch (error) {
    if (error instanceof TaskStillRunning) return upid;
    throw error;
  } finally {
    ctx.vms.touch(vm.guest.vmid);
  }
}

export function outcome(vm: SnapshottedVm, name: string, upid: Upid | undefined): SnapshotOutcome {
  const { vmid } = vm.guest;
  const incarnation = vm.ownership.kind === 'ours' ? vm.ownership.claim.incarnation : undefined;
  return upid === undefined ? { vmid, name } : { vmid, name, running: { incarnation, upid } };
}
