// The cloud-init ISOs of a VM: those its configuration names, and those a run left behind before it attached them.
import { parseIsoVolume } from '#cloudinit/file-name';
import type { VmAt } from '#pve/qemu/vm';
import { deleteVolume, listVolumes } from '#pve/storage/volumes';
import { requireSuccess } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { mayPass } from '../faults.ts';
import { drivesOf } from '../plan/drives.ts';

type Values = Readonly<Record<string, string>>;

/** The ISOs of this very VM that its configuration names. */
export function attachedIsos(values: Values, vm: VmAt, incarnation: string): string[] {
  return drivesOf(values)
    .map(({ drive }) => drive.file)
    .filter((volid) => isOf(volid, vm, incarnation));
}

function isOf(volid: string, vm: VmAt, incarnation: string): boolean {
  const iso = parseIsoVolume(volid);
  return iso !== undefined && iso.vmid === vm.vmid && iso.incarnation === incarnation;
}

/** Deletes what an earlier run has uploaded for this VM and the present configuration does not name. */
export async function deleteStaleIsos(
  ctx: Context,
  vm: VmAt,
  values: Values,
  incarnation: string,
  call: Deadline,
): Promise<void> {
  const storages = await ctx.nodes.storages(vm.node, call);
  const attached = attachedIsos(values, vm, incarnation);
  for (const { storage, active, content } of storages) {
    if (!active || !content.includes('iso')) continue;
    const volumes = await listVolumes(ctx.pve, { node: vm.node, storage }, call, { content: 'iso' });
    const stale = volumes.filter(({ volid }) => isOf(volid, vm, incarnation) && !attached.includes(volid));
    for (const { volid } of stale) await deleteIso(ctx, vm, volid, call);
  }
}

/** An ISO that cannot be deleted, for lack of a right or of its storage, is left behind with a warning. */
export async function deleteIso(ctx: Context, vm: VmAt, volid: string, call: Deadline): Promise<void> {
  const storage = parseIsoVolume(volid)?.storage ?? '';
  try {
    requireSuccess(await deleteVolume(ctx.pve, { node: vm.node, storage }, volid, call));
  } catch (error) {
    if (mayPass(error) || call.signal.aborted) throw error;
    const hint = `deleting it needs Datastore.Allocate on /storage/${storage}`;
    ctx.log.warn('A cloud-init ISO is left behind', { vmid: vm.vmid, volume: volid, error, hint });
  }
}
