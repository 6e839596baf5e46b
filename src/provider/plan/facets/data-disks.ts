import { diskSerial, isSerialOf } from '#claim/disk-serial';
import { invalidSpec } from '#domain/fault';
import { GIB } from '#domain/quantity';
import { type DiskSpec, isRootDisk } from '#domain/vm-spec';
import { formatDrive, isCdrom, storageOf } from '#pve/codec/drive';
import type { DiskBus } from '#pve/codec/slot';
import { formatSize } from '#pve/codec/size';
import { diskTypeOf, imageFormat, typeOptions, typeWarnings } from '../disk-type.ts';
import { disksInUse, type NamedDisk, refuseUnknownSize } from '../disks-in-use.ts';
import { bootDisk, type DriveAt, drivesOf, freeSlots, imageSuffix, orderedDisk, withOptions } from '../drives.ts';
import type { Change, Facet } from '../facet.ts';
import { dataStorageWish, requireDiskStorage } from '../storages.ts';
import type { Have, Wish } from '../wish.ts';
import { isSeed } from './seed-drives.ts';

/**
 * The disks beside the boot disk, each known by its name, which is its serial number. Those that are missing are made,
 * smaller ones grow; what else the template has stays.
 */
export const dataDisks: Facet = {
  name: 'data disks',
  live: [
    { change: 'a new disk on SCSI or virtio', live: 'hot', note: 'PVE has it on by default' },
    { change: 'a new disk on SATA or IDE', live: 'restart', note: 'where the boot disk is on that bus' },
    { change: 'a name that no disk of an adopted or cloned VM has, a slot that is empty', live: 'refused' },
    { change: 'a disk that somebody has detached', live: 'refused', note: 'until it is attached again, or removed' },
    { change: 'a disk that is no longer named', live: 'kept' },
  ],
  diff: (wish, have) => {
    const boot = bootDisk(have.values);
    const wanted = have.inUse === undefined ? disksOfCopy(wish, have) : disksInUse(wish, have).others;
    const missing = wanted.filter(({ present }) => present === undefined);
    const slots = slotsForNew(have, boot?.bus ?? 'scsi', missing);
    const changes = wanted.map((named) =>
      named.present === undefined
        ? newDisk(wish, have, { ...named, slot: slots.shift() ?? '', bus: boot?.bus ?? 'scsi' })
        : presentDisk(wish, have, named, named.present),
    );
    return {
      set: Object.fromEntries(changes.flatMap((change) => Object.entries(change.set ?? {}))),
      resize: changes.flatMap((change) => change.resize ?? []),
      warnings: changes.flatMap((change) => change.warnings ?? []),
    };
  },
};

function disksOfCopy({ spec: { disks = [] } }: Wish, { values }: Have): NamedDisk[] {
  // Of a template without any disk the first one that is made is no boot disk, although it is the first there is.
  const ordered = orderedDisk(values);
  const others = drivesOf(values).filter(({ drive, slot }) => !isCdrom(drive) && slot !== ordered?.slot);
  return disks
    .map((disk, index) => {
      const present = others.find(({ drive }) => isSerialOf(drive.rest?.['serial'], disk.name));
      return { disk, index, present };
    })
    .filter(({ disk }) => !isRootDisk(disk));
}

/** The lowest ones, beside the boot disk; a slot is kept for the cloud-init seed, and IDE's usual one too. */
function slotsForNew(have: Have, bus: DiskBus, missing: readonly { index: number }[]): string[] {
  const free = freeSlots({ ...have.leaving, ...have.values }, bus, bus === 'scsi' ? 1 : 0).filter(
    (slot) => slot !== 'ide2' && !goesBeforeBootDisk(have, slot),
  );
  const hasSeed = drivesOf(have.values).some((at) => at.bus === bus && isSeed(at.drive));
  const usable = hasSeed || bus === 'virtio' || bus === 'ide' ? free : free.slice(0, -1);
  const first = missing[usable.length];
  if (first === undefined) return usable;
  throw invalidSpec(
    `disks_json[${first.index}]`,
    `the bus ${bus} of the boot disk has room for ${usable.length} more disks, and ${missing.length} are asked for`,
    'Ask for fewer disks',
  );
}

/** Where no boot order names the boot disk, a disk below it would be booted from in its place. */
function goesBeforeBootDisk({ values }: Have, slot: string): boolean {
  const boot = bootDisk(values);
  return boot !== undefined && bootDisk({ ...values, [slot]: 'new:1' })?.slot !== boot.slot;
}

interface NewDisk {
  readonly disk: DiskSpec;
  readonly index: number;
  readonly slot: string;
  readonly bus: DiskBus;
}

function newDisk(wish: Wish, have: Have, { disk, index, slot, bus }: NewDisk): Change {
  const { spec, site } = wish;
  const boot = bootDisk(have.values);
  const beside = boot === undefined ? undefined : storageOf(boot.drive);
  const said = dataStorageWish(spec, disk, index, site.defaultStorage);
  const storage = said === undefined ? beside : requireDiskStorage(said, site.host, have.node);
  if (storage === undefined) {
    const why = 'nobody says on which storage the disk is to be, and there is no boot disk beside which it could be';
    throw invalidSpec(`disks_json[${index}].Storage`, why, 'Name a storage');
  }
  const type = diskTypeOf(spec, disk);
  const storageType = site.host.storageTypes[storage];
  const likeBoot = storage === beside && imageSuffix(have.values) === 'qcow2' ? 'qcow2' : undefined;
  const format = imageFormat(type, storageType) ?? likeBoot;
  const value = formatDrive({
    file: `${storage}:${disk.sizeGib}`,
    rest: defined({
      ...typeOptions(type, bus),
      format,
      iothread: boot?.drive.rest?.['iothread'],
      serial: diskSerial(disk.name),
    }),
  });
  return { set: { [slot]: value }, warnings: typeWarnings(type, storageType, bus) };
}

function presentDisk({ spec }: Wish, have: Have, { disk, index }: NamedDisk, { slot, bus, drive }: DriveAt): Change {
  const wanted = disk.sizeGib * GIB;
  const present = drive.sizeBytes ?? (have.inUse === undefined ? 0 : refuseUnknownSize(have, slot));
  if (wanted < present) {
    throw invalidSpec(
      `disks_json[${index}].SizeGiB`,
      `${formatSize(wanted)} is less than the ${formatSize(present)} that disk ${disk.name} has, and disks cannot shrink`,
      `Ask for ${formatSize(present)} or more`,
    );
  }
  const typed = withOptions(drive, typeOptions(diskTypeOf(spec, disk), bus));
  return {
    ...(wanted > present ? { resize: [{ disk: slot, sizeBytes: wanted }] } : {}),
    ...(typed === undefined ? {} : { set: { [slot]: formatDrive(typed) } }),
  };
}

function defined(options: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
