// A configuration task that dies leaves what it has done so far pending, disks with their volumes among it. Set again, they
// would be made again, and the first ones would stay with the VM as unused disks.
import { readPending } from '#pve/qemu/pending';
import { updateConfig } from '#pve/qemu/config';
import type { VmAt } from '#pve/qemu/vm';
import { requireSuccess } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { OwnReading } from '../observe/own-vm.ts';

/**
 * Puts in force what is pending; undefined where nothing is.
 * @returns what stays pending all the same, as it does with a VM that runs
 */
export async function settlePending(
  ctx: Context,
  vm: VmAt,
  { config }: OwnReading,
  call: Deadline,
): Promise<{ readonly left: readonly string[] } | undefined> {
  const pending = await readPending(ctx.pve, vm, call);
  if (pending.length === 0) return undefined;
  ctx.log.info('Putting in force what was left pending', { vmid: vm.vmid, options: pending.map(({ key }) => key) });
  // Every change of a VM that is off takes all pending ones along (pve-behaviour 11.4): the same description is one.
  const { description = '' } = config.values;
  requireSuccess(await updateConfig(ctx.pve, vm, { digest: config.digest, set: { description } }, call));
  return { left: (await readPending(ctx.pve, vm, call)).map(({ key }) => key) };
}
