// The cloud-init ISOs of a VM: those its configuration names, and those a run left behind before it attached them.
import { parseIsoVolume } from '#cloudinit/file-name';
import { PveError } from '#pve/errors';
import type { NodeName, Vmid } from '#pve/ids';
import { listSnapshots, readSnapshotConfig } from '#pve/qemu/snapshots';
import type { VmAt } from '#pve/qemu/vm';
import { deleteVolume, listVolumes } from '#pve/storage/volumes';
import { requireSuccess, TaskFailed } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { mayPass } from '../faults.ts';
import { drivesOf } from '../plan/drives.ts';

const NODE_DOWN = 595;

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

/** The ISOs of this very VM that its snapshots name. A request, and one for each snapshot. */
export async function isosInSnapshots(ctx: Context, vm: VmAt, incarnation: string, call: Deadline): Promise<string[]> {
  const named: string[] = [];
  for (const { name } of await listSnapshots(ctx.pve, vm, call)) {
    named.push(...attachedIsos(await readSnapshotConfig(ctx.pve, vm, name, call), vm, incarnation));
  }
  return [...new Set(named)];
}

/** Deletes what an earlier run has uploaded for this VM and neither its present configuration nor a snapshot names. */
export async function deleteStaleIsos(
  ctx: Context,
  vm: VmAt,
  values: Values,
  incarnation: string,
  call: Deadline,
): Promise<void> {
  const attached = attachedIsos(values, vm, incarnation);
  let kept: string[] | undefined;
  for (const { storage, active, content } of await ctx.nodes.storages(vm.node, call)) {
    if (!active || !content.includes('iso')) continue;
    await orWarn(ctx, call, { vmid: vm.vmid, storage }, async () => {
      const volumes = await listVolumes(ctx.pve, { node: vm.node, storage }, call, { content: 'iso' });
      const stale = volumes.filter(({ volid }) => isOf(volid, vm, incarnation) && !attached.includes(volid));
      if (stale.length === 0) return;
      kept ??= await isosInSnapshots(ctx, vm, incarnation, call);
      for (const { volid } of stale) if (!kept.includes(volid)) await deleteIso(ctx, vm, volid, call);
    });
  }
}

/** An ISO that a run has uploaded, and where. */
export interface UploadedIso {
  readonly node: NodeName;
  readonly storage: string;
  readonly shared: boolean;
  readonly volid: string;
}

/** Deletes what this run has uploaded in vain: for another plan, or to the storage of a node that the VM has left since. */
export async function deleteOutdatedIsos(
  ctx: Context,
  vm: VmAt,
  values: Values,
  uploads: readonly UploadedIso[],
  call: Deadline,
): Promise<void> {
  const named = drivesOf(values).map(({ drive }) => drive.file);
  for (const { node, shared, volid } of uploads) {
    const isInUse = named.includes(volid) && (shared || node === vm.node);
    if (!isInUse) await deleteIso(ctx, { ...vm, node }, volid, call);
  }
}

export async function deleteIso(ctx: Context, vm: VmAt, volid: string, call: Deadline): Promise<void> {
  const storage = parseIsoVolume(volid)?.storage ?? '';
  await orWarn(ctx, call, { vmid: vm.vmid, volume: volid, storage }, async () => {
    requireSuccess(await deleteVolume(ctx.pve, { node: vm.node, storage }, volid, call));
  });
}

/** What PVE refuses, for lack of a right or of the storage, is left behind with a warning; what may pass is thrown. */
export async function orWarn(
  ctx: Context,
  call: Deadline,
  about: { storage: string; vmid?: Vmid; volume?: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const status = error instanceof PveError ? error.status : undefined;
    const isRefusal = status !== undefined || error instanceof TaskFailed;
    if (!isRefusal || status === NODE_DOWN || mayPass(error, 'interrupted') || call.signal.aborted) throw error;
    const isForbidden = status === 403;
    const hint = isForbidden ? `grant Datastore.Allocate on /storage/${about.storage}` : undefined;
    ctx.log.warn('A cloud-init ISO is left behind', { ...about, error, hint });
  }
}
