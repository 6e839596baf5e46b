// The disks of a VM as its configuration has them.
import { type Drive, isCdrom, isCloudInitDrive, parseDrive, storageOf } from '#pve/codec/drive';
import { parseBoot } from '#pve/codec/boot';
import { slotsOf } from '#pve/codec/slot';
import { bootDisk, drivesOf } from '../plan/drives.ts';

type Values = Readonly<Record<string, string>>;

/** A format as the manager takes one. */
export type DiskFormat = 'raw' | 'qcow2' | 'vmdk';

export interface VmDisk {
  /** `scsi0`. */
  readonly slot: string;
  /** `local-lvm:vm-100-disk-0`; a device of the node where the disk is one. */
  readonly volid: string;
  readonly drive: Drive;
  /** Undefined for a device of the node. */
  readonly storage: string | undefined;
  readonly format: DiskFormat;
}

/** Disks that hold the guest's data: the one it boots from first, then by slot. CDs and cloud-init drives are none. */
export function dataDisks(values: Values): VmDisk[] {
  const boots = bootDisk(values)?.slot;
  const disks = drivesOf(values).filter(({ drive }) => !isCdrom(drive) && !isCloudInitDrive(drive));
  const first = disks.filter(({ slot }) => slot === boots);
  return [...first, ...disks.filter(({ slot }) => slot !== boots)].map(({ slot, drive }) => vmDisk(slot, drive));
}

/** What else the VM has of volumes: the variables of its firmware, the state of its TPM, and disks that were detached. */
export function otherDisks(values: Values): VmDisk[] {
  return (['efidisk', 'tpmstate', 'unused'] as const)
    .flatMap((kind) => slotsOf(values, kind))
    .flatMap(({ key, value }) => {
      const drive = parseDrive(value);
      return drive === undefined ? [] : [vmDisk(key, drive)];
    });
}

function vmDisk(slot: string, drive: Drive): VmDisk {
  return { slot, volid: drive.file, drive, storage: storageOf(drive), format: formatOf(drive) };
}

/** The name says it on every storage (pve-behaviour 8.3): what has no extension is a volume of raw bytes. */
function formatOf({ file, rest }: Drive): DiskFormat {
  const named = rest?.['format'] ?? /\.(qcow2|vmdk|raw)$/.exec(file)?.[1];
  return named === 'qcow2' || named === 'vmdk' ? named : 'raw';
}

/** Whether the firmware is told to try this disk. Without an order it is the one that PVE finds first. */
export function isBootable(values: Values, slot: string): boolean {
  const boot = parseBoot(values['boot'] ?? '');
  const order = boot !== undefined && 'order' in boot ? boot.order : [];
  return order.length > 0 ? order.includes(slot) : bootDisk(values)?.slot === slot;
}
