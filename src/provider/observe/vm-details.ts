// What the cluster's view does not show of a VM. Read when the VM is first asked for, and again when something changed.
import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { isCloudInitDrive } from '#pve/codec/drive';
import { listCloudInitPending } from '#pve/qemu/cloudinit';
import { readConfig } from '#pve/qemu/config';
import { readPending } from '#pve/qemu/pending';
import { listSnapshots } from '#pve/qemu/snapshots';
import type { VmAt } from '#pve/qemu/vm';
import { isAtLeast } from '#pve/rules/versions';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { drivesOf } from '../plan/drives.ts';
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
  const seedPending = await readSeedPending(ctx, vm, values, call);
  return { node: vm.node, ownership, digest, lock, values, pending, seedPending, snapshots };
}

async function readSeedPending(
  ctx: Context,
  vm: VmAt,
  values: VmDetails['values'],
  call: Deadline,
): Promise<readonly string[]> {
  const isNative = drivesOf(values).some(({ drive }) => isCloudInitDrive(drive));
  return isNative && isAtLeast(ctx.version, 7, 3) ? await listCloudInitPending(ctx.pve, vm, call) : [];
}
