// The drives in a configuration: which one the guest boots from, and where a CD can go.
import { type Drive, isCdrom, parseDrive, storageOf } from '#pve/codec/drive';
import { parseBoot } from '#pve/codec/boot';
import { type DiskBus, formatSlot, slotCount, slotsOf } from '#pve/codec/slot';

export interface DriveAt {
  /** `scsi0`. */
  readonly slot: string;
  readonly bus: DiskBus;
  readonly drive: Drive;
}

type Values = Readonly<Record<string, string>>;

/** PVE's own order when it looks for something to boot from (pve-behaviour 9.5). */
const BUSES: readonly DiskBus[] = ['ide', 'scsi', 'virtio', 'sata'];

export function drivesOf(values: Values): DriveAt[] {
  return BUSES.flatMap((bus) =>
    slotsOf(values, bus).flatMap(({ key, value }) => {
      const drive = parseDrive(value);
      return drive === undefined ? [] : [{ slot: key, bus, drive }];
    }),
  );
}

/** The disk the guest boots from: the first in the boot order, else the first there is. */
export function bootDisk(values: Values): DriveAt | undefined {
  return orderedDisk(values) ?? disksOf(values)[0];
}

/** The first disk in the boot order. */
export function orderedDisk(values: Values): DriveAt | undefined {
  const disks = disksOf(values);
  const boot = parseBoot(values['boot'] ?? '');
  const order = boot !== undefined && 'order' in boot ? boot.order : [];
  return [...order, values['bootdisk'] ?? ''].flatMap((slot) => disks.find((at) => at.slot === slot) ?? [])[0];
}

function disksOf(values: Values): DriveAt[] {
  return drivesOf(values).filter((at) => !isCdrom(at.drive));
}

/** The storage of the boot disk. */
export function bootStorage(values: Values): string | undefined {
  const disk = bootDisk(values);
  return disk === undefined ? undefined : storageOf(disk.drive);
}

/** The last slot of a bus that is not set. */
export function lastFreeSlot(values: Values, bus: DiskBus): string | undefined {
  return freeSlots(values, bus).at(-1);
}

/** The slots of a bus from number `from` on that are not set, lowest first. */
export function freeSlots(values: Values, bus: DiskBus, from = 0): string[] {
  const slots = Array.from({ length: slotCount(bus) - from }, (_, index) =>
    formatSlot({ kind: bus, index: from + index }),
  );
  return slots.filter((slot) => values[slot] === undefined);
}

/** The format of the boot disk where its name tells it: that of a file, or of a chain of volumes. */
export function imageSuffix(values: Values): string | undefined {
  return /\.(qcow2|raw|vmdk)$/.exec(bootDisk(values)?.drive.file ?? '')?.[1];
}

/** The drive with these options, an undefined one taken away; undefined where it has them all as they should be. */
export function withOptions(drive: Drive, options: Readonly<Record<string, string | undefined>>): Drive | undefined {
  const differing = Object.entries(options).filter(([key, value]) => drive.rest?.[key] !== value);
  if (differing.length === 0) return undefined;
  const all: Record<string, string | undefined> = { ...drive.rest, ...options };
  const kept = Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  return { ...drive, rest: Object.fromEntries(kept) };
}
