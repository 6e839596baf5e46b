// PVE frees the cloud-init drive that a change takes away within that change, and where its storage is busy for too long
// it says so in a log and calls the change done: the volume would stay for good, named by nothing.
import { isCloudInitDrive, storageOf } from '#pve/codec/drive';
import { Fault } from '#domain/fault';
import type { VmAt } from '#pve/qemu/vm';
import { deleteVolume, listVolumes, type StorageAt } from '#pve/storage/volumes';
import { requireSuccess } from '#pve/tasks';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { mayPass, toFault } from '../faults.ts';
import { drivesOf } from '../plan/drives.ts';
import { vmSubject } from '../subject.ts';
import { patience } from './patience.ts';

type Values = Readonly<Record<string, string>>;

export interface Target {
  readonly vm: VmAt;
  /** Throws a Fault where the VM is no longer the one that is meant: another one's volumes have the same names. */
  readonly confirm: () => Promise<unknown>;
}

/** Deletes the cloud-init drives that `before` names and `after` does not, where they are still there. */
export async function deleteFreedDrives(
  ctx: Context,
  target: Target,
  before: Values,
  after: Values,
  call: Deadline,
): Promise<void> {
  const { vm } = target;
  const named = new Set(drivesOf(after).map(({ drive }) => drive.file));
  for (const { drive } of drivesOf(before)) {
    const storage = storageOf(drive);
    if (!isCloudInitDrive(drive) || named.has(drive.file) || storage === undefined) continue;
    await deleteWhereLeft(ctx, target, { node: vm.node, storage }, drive.file, call);
  }
}

async function deleteWhereLeft(
  ctx: Context,
  { vm, confirm }: Target,
  at: StorageAt,
  volid: string,
  call: Deadline,
): Promise<void> {
  const retry = patience(ctx.clock, call);
  for (;;) {
    try {
      const volumes = await listVolumes(ctx.pve, at, call, { vmid: vm.vmid });
      if (!volumes.some((volume) => volume.volid === volid)) return;
      await confirm();
      requireSuccess(await deleteVolume(ctx.pve, at, volid, call));
      ctx.log.info('Deleted a cloud-init drive that PVE had left behind', { vmid: vm.vmid, volume: volid });
    } catch (error) {
      if (call.signal.aborted || error instanceof Fault) throw error;
      if (!mayPass(error, 'interrupted')) {
        ctx.log.warn('A cloud-init drive is left behind; "vrtg orphans" lists it', {
          vmid: vm.vmid,
          volume: volid,
          error,
        });
        return;
      }
      await retry.pause(toFault(error, { subject: vmSubject(vm), wanted: `delete ${volid}` }));
    }
  }
}
