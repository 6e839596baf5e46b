import { judgeOwnership, type Ownership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { Fault } from '#domain/fault';
import type { GuestEntry } from '#pve/cluster/resources';
import type { Vmid } from '#pve/ids';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import { readStatus, type VmStatus } from '#pve/qemu/status';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { refuseContainer } from '../read/describe.ts';
import { vmSubject } from '../subject.ts';
import { proveAbsent } from '../view/absence.ts';
import { locate } from '../view/cluster-view.ts';

/** A VM as its node has it now, and whose it is. */
export interface ClaimedVm {
  readonly guest: GuestEntry;
  readonly subject: string;
  readonly config: VmConfig;
  readonly status: VmStatus;
  readonly ownership: Ownership;
}

/** Undefined only for a VM that is proven absent; throws a Fault while that is being confirmed. */
export async function observeVm(
  ctx: Context,
  vmid: Vmid,
  wanted: string,
  call: Deadline,
): Promise<ClaimedVm | undefined> {
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest === undefined) {
    await proveAbsent(ctx, vmid, wanted, call);
    return undefined;
  }
  refuseContainer(guest);
  const [config, status] = await Promise.all([readConfig(ctx.pve, guest, call), readStatus(ctx.pve, guest, call)]);
  const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vmid);
  const subject = vmSubject({ ...guest, name: config.values['name'] });
  return { guest, subject, config, status, ownership };
}

/** `locked` and `still being made` are one to whoever wants to change the VM: later. */
export function refuseBusy(vm: ClaimedVm, wanted: string): void {
  const { lock } = vm.config;
  const isCreating = vm.ownership.kind === 'ours' && vm.ownership.claim.state === 'creating';
  if (!isCreating && (lock === undefined || lock === 'suspended')) return;
  throw new Fault('busy', {
    subject: vm.subject,
    wanted,
    why: isCreating ? 'it is still being made' : `it is locked (${lock ?? ''})`,
    remedy: isCreating
      ? 'Wait until its create has ended'
      : 'Wait for the running operation; a lock left by a crash is removed with "qm unlock"',
  });
}
