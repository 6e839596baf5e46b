// `POST .../move_disk` to another guest (pve-behaviour 6.1, 15): the volume is renamed and changes its config.
import { isRoot } from '../access/root.ts';
import { requirePrivilege } from '../access/rules.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import { withStorageLock } from '../locks/storage-lock.ts';
import type { Process } from '../process.ts';
import { failure, parameterError } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { guestOfVolume } from '../storage/volume-name.ts';
import { volumeCan } from '../storage/storage-types.ts';
import { type Drive, formatDrive, isCdrom, isUnusedKey, parseDrive } from '../world/drive.ts';
import { checkNoLock, isTemplate, requireQemu } from '../world/guests.ts';
import { storageIdOf, volumeNameOf } from '../world/volid.ts';
import { findVolume, renameVolume, requireStorage } from '../world/volumes.ts';
import type { Guest, Volume } from '../world/world.ts';
import { applyChanges } from './apply-changes.ts';
import { bootOrder, formatBootOrder } from './boot-order.ts';
import { checkUnmodified, checkWritable } from './config-file.ts';
import { isVolumeInUse } from './guest-volumes.ts';

export interface ReassignRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly disk: string;
  readonly digest: string | undefined;
  readonly targetVmid: number;
  readonly targetDisk: string;
  readonly targetDigest: string | undefined;
}

/** @returns the UPID */
export function reassignDisk(sim: Sim, request: ReassignRequest): string {
  const { node, vmid, user, disk, targetVmid, targetDisk } = request;
  if (!isRoot(user)) requirePrivilege(sim.world, user, `/vms/${targetVmid}`, ['VM.Config.Disk']);
  if (vmid === targetVmid) {
    throw parameterError({ 'target-vmid': 'must be different than source VMID to reassign disk' });
  }
  const { drive } = checkReassign(sim, request);
  const storage = storageIdOf(drive.file);
  requirePrivilege(sim.world, user, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  const id = `${vmid}-${disk}>${targetVmid}-${targetDisk}`;
  return sim.tasks.fork({ node, type: 'qmmove', id, user }, async (worker) => {
    await withConfigLock(sim, worker, { node, vmid }, async () => {
      await withConfigLock(
        sim,
        worker,
        { node, vmid: targetVmid },
        async () => await runReassign(sim, worker, request),
      );
    });
  });
}

interface Reassigned {
  readonly source: Guest;
  readonly target: Guest;
  readonly drive: Drive;
}

/** Before the fork, and again under both locks. */
function checkReassign(sim: Sim, request: ReassignRequest): Reassigned {
  const { node, vmid, disk, targetVmid, targetDisk } = request;
  checkSameNode(sim, request);
  const source = requireQemu(sim.world, node, vmid);
  const target = requireQemu(sim.world, node, targetVmid);
  for (const guest of [source, target]) checkNoLock(guest);
  if (isTemplate(source) || isTemplate(target)) throw failure("Can't move disks from or to template VMs");
  checkUnmodified(source, request.digest, `VM ${vmid}: `);
  checkUnmodified(target, request.targetDigest, `VM ${targetVmid}: `);
  const value = source.config[disk];
  if (value === undefined) throw failure(`Disk '${disk}' for VM '${vmid}' does not exist`);
  if (target.config[targetDisk] !== undefined) {
    throw failure(`Target disk key '${targetDisk}' is already in use for VM '${targetVmid}'`);
  }
  const drive = parseDrive(value);
  checkMovable(sim, source, disk, drive);
  return { source, target, drive };
}

function checkSameNode({ world }: Sim, { vmid, targetVmid }: ReassignRequest): void {
  const source = world.guests[vmid];
  const target = world.guests[targetVmid];
  if (source === undefined) throw failure(`could not find VM ${vmid}`);
  if (target === undefined) throw failure(`could not find target VM ${targetVmid}`);
  if (source.node === target.node) return;
  throw failure(`Both VMs need to be on the same node (${source.node}) but target VM is on '${target.node}'.`);
}

function checkMovable(sim: Sim, source: Guest, disk: string, drive: Drive): void {
  const { file } = drive;
  if (isCdrom(drive)) throw failure("CD drive contents can't be moved to another VM");
  if (file.startsWith('/')) throw failure(`Volume '${file}' not managed by PVE`);
  if (isVolumeInUse(sim, source, disk, file)) throw failure("Can't move disk used by a snapshot to another VM");
  const storage = requireStorage(sim.world, storageIdOf(file));
  const volume = findVolume(sim.world, source.node, file);
  if (volume !== undefined && !volumeCan(storage, volume, 'rename')) {
    throw failure('Storage does not support moving of this disk to another VM');
  }
  if (source.run !== undefined && !isUnusedKey(disk)) {
    throw failure('Cannot move disk to another VM while the source VM is running - detach first');
  }
}

async function runReassign(sim: Sim, worker: Process, request: ReassignRequest): Promise<void> {
  const { node, vmid, user, disk, targetVmid, targetDisk } = request;
  const { source, target, drive } = checkReassign(sim, request);
  worker.log(`reassign disk '${disk}' from VM '${vmid}' as '${targetDisk}' to VM '${targetVmid}'`);
  const volume = await rename(sim, worker, request, drive.file);
  checkWritable(sim, node, vmid);
  dropFromBoot(worker, source, disk);
  delete source.config[disk];
  worker.log(`removing disk '${disk}' from VM '${vmid}' config`);
  if (isUnusedKey(targetDisk)) {
    target.config[targetDisk] = volume.volid;
    return;
  }
  const value = formatDrive({ ...drive, file: volume.volid });
  worker.log(`update VM ${targetVmid}: -${targetDisk} ${value}`);
  const change = { sim, process: worker, user, guest: target };
  await applyChanges(change, { options: { [targetDisk]: value }, deletes: [], force: false });
}

function dropFromBoot(worker: Process, { config }: Guest, disk: string): void {
  const order = bootOrder(config['boot']);
  if (!order.includes(disk)) return;
  worker.log(`removing disk '${disk}' from boot order config`);
  config['boot'] = formatBootOrder(order.filter((device) => device !== disk));
}

/** The volume gets the next free name of the other guest. */
async function rename(sim: Sim, worker: Process, request: ReassignRequest, volid: string): Promise<Volume> {
  const { node, targetVmid } = request;
  const storage = requireStorage(sim.world, storageIdOf(volid), node);
  const volume = findVolume(sim.world, node, volid);
  if (volume === undefined || guestOfVolume(storage, volumeNameOf(volid)) === undefined) {
    throw failure(`volume '${volid}' does not exist`);
  }
  return await withStorageLock(sim, worker, node, storage, async () => {
    await worker.work(sim.durations.allocateVolumeMs);
    return renameVolume(sim.world, node, storage, volume, targetVmid);
  });
}
