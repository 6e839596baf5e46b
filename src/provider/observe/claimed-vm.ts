import { judgeOwnership, type Ownership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { Fault } from '#domain/fault';
import type { GuestEntry } from '#pve/cluster/resources';
import type { Vmid } from '#pve/ids';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import { readStatus, type VmStatus } from '#pve/qemu/status';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { refuseContainer } from '../refusals.ts';
import { vmSubject } from '../subject.ts';
import { proveAbsent } from '../view/absence.ts';
import { atGuest } from '../view/cluster-view.ts';

/** A VM as its node has it now, and whose it is. */
export interface ClaimedVm {
  readonly guest: GuestEntry;
  readonly subject: string;
  readonly config: VmConfig;
  readonly status: VmStatus;
  readonly ownership: Ownership;
  /** When it was looked at, seconds since the epoch by PVE's clock. */
  readonly observedSeconds: number;
}

/**
 * Undefined only for a VM that is proven absent; throws a Fault while that is being confirmed.
 * @param maxAgeMs how old the view may be that tells its node; one that has moved since is looked for anew
 */
export async function observeVm(
  ctx: Context,
  vmid: Vmid,
  wanted: string,
  call: Deadline,
  maxAgeMs = 0,
): Promise<ClaimedVm | undefined> {
  const whereabouts = { pve: ctx.pve, view: ctx.view, vmid, call, maxAgeMs };
  const vm = await atGuest(whereabouts, async (guest): Promise<ClaimedVm> => {
    refuseContainer(guest);
    const [config, status] = await Promise.all([readConfig(ctx.pve, guest, call), readStatus(ctx.pve, guest, call)]);
    const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vmid);
    const observedSeconds = ctx.pve.serverTime() ?? 0;
    return {
      guest,
      subject: vmSubject({ ...guest, name: config.values['name'] }),
      config,
      status,
      ownership,
      observedSeconds,
    };
  });
  if (vm === undefined) await proveAbsent(ctx, vmid, wanted, call);
  else ctx.vms.seen(vmid);
  return vm;
}

/** Throws `busy` for a VM that is locked, not finished, or on its way out: to whoever wants to change it, that is later. */
export function refuseBusy(vm: ClaimedVm, wanted: string): void {
  const { lock } = vm.config;
  const state = vm.ownership.kind === 'ours' ? vm.ownership.claim.state : 'ready';
  const problem = state === 'ready' ? undefined : UNFINISHED[state];
  if (problem === undefined && (lock === undefined || lock === 'suspended')) return;
  throw new Fault('busy', {
    subject: vm.subject,
    wanted,
    why: problem?.why ?? `it is locked (${lock ?? ''})`,
    remedy: problem?.remedy ?? 'Wait for the running operation; a lock left by a crash is removed with "qm unlock"',
  });
}

const UNFINISHED = {
  creating: { why: 'it is still being made', remedy: 'Wait until its create has ended' },
  void: { why: 'it is being taken away', remedy: 'Create it again' },
} as const;
