// The end of a VM of ours: its claim says `void`, its ISOs go, then the VM itself.
import { judgeOwnership } from '#claim/ownership';
import { type Claim, describeWithClaim, readClaim } from '#claim/record';
import { readImageTodo } from '#claim/image-todo';
import { activeTasks } from '#pve/nodes/tasks';
import { putConfig, readConfig, type VmConfig } from '#pve/qemu/config';
import { destroyVm } from '#pve/qemu/destroy';
import type { VmAt } from '#pve/qemu/vm';
import { requireSuccess, waitForTask } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Lane } from '#runtime/lanes';
import type { Context } from '../context.ts';
import { drivesOf } from '../plan/drives.ts';
import { isSeed } from '../plan/facets/seed-drives.ts';
import { vmSubject } from '../subject.ts';
import { requireQuorum } from '../view/absence.ts';
import { deleteImageFile } from './images/download.ts';
import { attachedIsos, deleteIso, deleteStaleIsos, isosInSnapshots } from './seed-isos.ts';

/**
 * Deletes and joins of pools wait for the cluster's lock of `user.cfg` and fail after ten seconds, a delete with a remnant
 * that no API call removes (pve-behaviour 28.5). So few of this process are at it at once.
 */
export const USER_CONFIG: Lane = { key: 'user.cfg', width: 8 };

/** A VM as it was found: `claim` is undefined only for one that nobody has claimed. */
export interface Doomed {
  readonly vm: VmAt;
  readonly config: VmConfig;
  readonly claim: Claim | undefined;
  /** Its create had ended before: it has no ISOs but those that are attached. */
  readonly wasReady: boolean;
}

/**
 * Marks a VM as one that is being taken away, by a swap that fails if anything has changed it since `config` was read:
 * from here on nobody finishes it, and no create takes it for its own.
 * @returns whether it has been written to, which proves that it was still that VM.
 */
export async function markVoid(ctx: Context, { vm, config, claim }: Doomed, call: Deadline): Promise<boolean> {
  // A hibernated VM can be destroyed, and not be written to (pve-behaviour 16).
  if (claim === undefined || claim.state === 'void' || config.lock !== undefined) return false;
  const { text } = readClaim(config.values['description']);
  const description = describeWithClaim(text, { ...claim, state: 'void' }, 'refuse');
  // A copy has its template's protection; that of a finished VM is a person's.
  const isCopied = claim.state === 'creating' && config.values['protection'] !== undefined;
  const change = { digest: config.digest, set: { description }, delete: isCopied ? ['protection'] : [] };
  await putConfig(ctx.pve, vm, change, call);
  return true;
}

/**
 * Removes what belongs to the VM, and the VM. Call it right after a look that it is still the one that is meant.
 * `look-again`: a destroy of an earlier call was running, and has ended.
 */
export async function destroyWithIsos(
  ctx: Context,
  doomed: Doomed,
  call: Deadline,
): Promise<'destroyed' | 'look-again'> {
  const { vm, claim } = doomed;
  // PVE frees disks before it finds that it may not write the configuration (pve-behaviour 26).
  await requireQuorum(ctx, vmSubject(vm), 'delete', call);
  if (await hasWaitedForDestroy(ctx, vm, call)) return 'look-again';
  if (claim?.kind === 'image') await dropImageFile(ctx, doomed, claim, call);
  // PVE destroys whatever has the id by then: what has taken a while is followed by another look.
  if (claim !== undefined && (await hasDeletedIsos(ctx, doomed, claim, call))) {
    if (!(await isStillThere(ctx, vm, claim, call))) return 'look-again';
    await requireQuorum(ctx, vmSubject(vm), 'delete', call);
  }
  await ctx.lanes.through([USER_CONFIG], call.signal, async () => await destroy(ctx, vm, call));
  ctx.vms.destroyed(vm.vmid);
  return 'destroyed';
}

/** What a template that is not finished has had fetched. */
async function dropImageFile(ctx: Context, { vm, config }: Doomed, claim: Claim, call: Deadline): Promise<void> {
  const todo = readImageTodo(config.values['description'], claim.incarnation);
  if (todo === undefined) return;
  const wanted = { vm, incarnation: claim.incarnation, importStorage: todo.importStorage, image: todo };
  try {
    await deleteImageFile(ctx, wanted, call, 'whole');
  } catch (error) {
    if (call.signal.aborted) throw error;
    ctx.log.warn('The file of an image is left behind; "vrtg orphans" lists it', { vmid: vm.vmid, error });
  }
}

async function destroy(ctx: Context, vm: VmAt, call: Deadline): Promise<void> {
  ctx.vms.of(vm.vmid).destroySentAt = ctx.clock.now();
  const upid = await destroyVm(ctx.pve, vm, call);
  ctx.log.info('Deleting', { vmid: vm.vmid, node: vm.node, upid });
  requireSuccess(await waitForTask(ctx.pve, upid, call));
}

async function hasDeletedIsos(
  ctx: Context,
  { vm, config, wasReady }: Doomed,
  claim: Claim,
  call: Deadline,
): Promise<boolean> {
  const { incarnation } = claim;
  const attached = attachedIsos(config.values, vm, incarnation);
  // The snapshots go with the VM, and so do those that only they name.
  const named = new Set([...attached, ...(await isosInSnapshots(ctx, vm, incarnation, call))]);
  for (const volid of named) await deleteIso(ctx, vm, volid, call);
  // A create that ended too early may have uploaded one that it did not attach, and a VM without a seed may have had its
  // ISO ejected.
  const mayHaveMore = !wasReady || !drivesOf(config.values).some(({ drive }) => isSeed(drive));
  if (mayHaveMore) await deleteStaleIsos(ctx, vm, config.values, incarnation, call);
  return named.size > 0 || mayHaveMore;
}

async function isStillThere(ctx: Context, vm: VmAt, claim: Claim, call: Deadline): Promise<boolean> {
  const config = await readConfig(ctx.pve, vm, call);
  const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vm.vmid);
  return ownership.kind === 'ours' && ownership.claim.incarnation === claim.incarnation;
}

/** A delete whose answer was lost, or whose call has ended, may be running: repeated, it meets whoever has the id by then. */
async function hasWaitedForDestroy(ctx: Context, vm: VmAt, call: Deadline): Promise<boolean> {
  const active = await activeTasks(ctx.pve, vm.node, call);
  const destroy = active.find((task) => task.type === 'qmdestroy' && task.id === String(vm.vmid));
  if (destroy === undefined) return false;
  await waitForTask(ctx.pve, destroy.upid, call);
  return true;
}
