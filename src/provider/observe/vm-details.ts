// What the cluster's view does not show of a VM. Read when the VM is first asked for, and again when something changed.
import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { readConfig } from '#pve/qemu/config';
import { readPending } from '#pve/qemu/pending';
import { listSnapshots } from '#pve/qemu/snapshots';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { VmDetails } from '../view/vm-memory.ts';

export async function readDetails(
  ctx: Context,
  vm: VmAt,
  call: Deadline,
): Promise<Omit<VmDetails, 'readAt' | 'readAgainAt'>> {
  const [config, pending, snapshots] = await Promise.all([
    readConfig(ctx.pve, vm, call),
    readPending(ctx.pve, vm, call),
    listSnapshots(ctx.pve, vm, call),
  ]);
  const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vm.vmid);
  const { digest, lock, values } = config;
  return { node: vm.node, ownership, digest, lock, values, pending, snapshots };
}
