import { parseIsoVolume } from '#cloudinit/file-name';
import { type Drive, isCloudInitDrive } from '#pve/codec/drive';
import { isQ35, parseMachine } from '#pve/codec/machine';
import { bootDisk, type DriveAt, lastFreeSlot } from '../drives.ts';
import type { Have, Wish } from '../wish.ts';
import { presentMachine } from './machine.ts';

/** A drive cloud-init would read: PVE's own, or an ISO of ours (which a template may have kept from the VM it was). */
export function isSeed(drive: Drive): boolean {
  return isCloudInitDrive(drive) || parseIsoVolume(drive.file) !== undefined;
}

/**
 * The slot for a seed, `seeds` being those that go: ide2 as PVE's own tools do it, but on a q35 the bus of the boot
 * disk, for which the guest has a driver for certain: its kernel may know neither IDE nor SATA. There it takes the
 * highest slot that is free, since disks are counted from below.
 */
export function seedSlot(wish: Wish, have: Have, seeds: readonly DriveAt[]): string {
  const leaving = new Set(seeds.map((at) => at.slot));
  const values = Object.fromEntries(Object.entries(have.values).filter(([key]) => !leaving.has(key)));
  const machine = parseMachine(wish.spec.size.machine ?? '') ?? presentMachine(have);
  if (!isQ35(machine) && values['ide2'] === undefined) return 'ide2';
  const bus = isQ35(machine) && bootDisk(values)?.bus === 'scsi' ? 'scsi' : 'sata';
  return lastFreeSlot(values, bus) ?? lastFreeSlot(values, 'ide') ?? 'ide2';
}
