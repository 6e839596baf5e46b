// HardwareUpgrade: the machine version of a VM raised. A running guest keeps its hardware until somebody stops and
// starts it, which nobody here does: Describe tells that a restart is due.
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import { listMachines } from '#pve/nodes/capabilities';
import { putConfig } from '#pve/qemu/config';
import { readPending } from '#pve/qemu/pending';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { observeVm, refuseBusy } from '../observe/claimed-vm.ts';
import { planMachineVersion } from '../plan/machine-version.ts';
import { refuseForeign } from '../refusals.ts';
import { vmSubject } from '../subject.ts';

export interface HardwareOrder {
  readonly vmid: Vmid;
  /** See planMachineVersion. */
  readonly target: number;
}

const WANTED = 'upgrade the hardware';

export async function upgradeHardware(
  ctx: Context,
  { vmid, target }: HardwareOrder,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<void> {
  const vm = await observeVm(ctx, vmid, WANTED, call);
  if (vm === undefined) {
    throw new Fault('not-found', { subject: vmSubject({ vmid }), wanted: WANTED, why: 'there is no such VM' });
  }
  refuseForeign(vm.ownership, { ...vm.guest, name: vm.config.values['name'] }, WANTED, asker);
  refuseBusy(vm, WANTED);
  const { guest, subject, config } = vm;
  const [offered, pending] = await Promise.all([
    listMachines(ctx.pve, guest.node, call),
    readPending(ctx.pve, guest, call),
  ]);
  const machine = planMachineVersion({ subject, node: guest.node, values: config.values, offered }, target);
  const isPending = pending.some(({ key, next }) => key === 'machine' && next === machine);
  if (machine === undefined || isPending) return;
  try {
    await putConfig(ctx.pve, guest, { digest: config.digest, set: { machine } }, call);
  } finally {
    ctx.vms.touch(vmid);
  }
  const { node } = guest;
  ctx.log.info('Machine version raised', { vmid, node, machine, restart_required: vm.status.status !== 'stopped' });
}
