// Which disk of a VM in use each entry of a request means. No two entries may mean one disk, and no disk that is there may
// be passed over for a new one.
import { diskSerial, isSerialOf } from '#claim/disk-serial';
import { Fault, invalidSpec } from '#domain/fault';
import { type DiskSpec, isRootDisk } from '#domain/vm-spec';
import { isCdrom } from '#pve/codec/drive';
import { slotsOf } from '#pve/codec/slot';
import { bootDisk, type DriveAt, drivesOf } from './drives.ts';
import type { Have, Wish } from './wish.ts';

export interface NamedDisk {
  readonly disk: DiskSpec;
  /** In the request. */
  readonly index: number;
  /** Undefined for a disk that is to be made. */
  readonly present: DriveAt | undefined;
}

export interface DisksInUse {
  /** The disk the VM boots from. */
  readonly boot: DriveAt | undefined;
  /** The entry that means it: `root`, or another name of it. */
  readonly root: { readonly disk: DiskSpec; readonly index: number } | undefined;
  readonly others: readonly NamedDisk[];
}

/** Throws `invalid-spec` for a name of which nobody can tell what it means. */
export function disksInUse({ spec }: Wish, have: Have): DisksInUse {
  const entries = (spec.disks ?? []).map((disk, index) => ({ disk, index }));
  const drives = disksOf(have.values);
  const named = entries
    .filter(({ disk }) => !isRootDisk(disk))
    .map(({ disk, index }): NamedDisk => ({ disk, index, present: drives.find((at) => isMeant(disk, at, drives)) }));
  const boot = bootDiskOf(have, named);
  const said = entries.find(({ disk }) => isRootDisk(disk));
  refuseTwins([...named, ...(said === undefined ? [] : [{ ...said, present: boot }])]);
  for (const { disk, index, present } of named) {
    if (present === undefined) refuseUnknown(disk, index, have);
  }
  const isBoot = ({ present }: NamedDisk): boolean => present !== undefined && present.slot === boot?.slot;
  return { boot, root: said ?? named.find(isBoot), others: named.filter((each) => !isBoot(each)) };
}

function disksOf(values: Have['values']): DriveAt[] {
  return drivesOf(values).filter(({ drive }) => !isCdrom(drive));
}

function isMeant({ name }: DiskSpec, at: DriveAt, drives: readonly DriveAt[]): boolean {
  if (isSerialOf(at.drive.rest?.['serial'], name)) return true;
  return at.slot === name.toLowerCase() && !drives.some(({ drive }) => isSerialOf(drive.rest?.['serial'], name));
}

/** Whatever somebody has made the boot order: a disk that was made here under another entry's name is not `root`. */
function bootDiskOf({ values, inUse }: Have, named: readonly NamedDisk[]): DriveAt | undefined {
  if (inUse !== 'made-here') return bootDisk(values);
  const isSerial = ({ disk, present }: NamedDisk): boolean => isSerialOf(present?.drive.rest?.['serial'], disk.name);
  const taken = named.filter(isSerial).flatMap(({ present }) => present?.slot ?? []);
  return bootDisk(Object.fromEntries(Object.entries(values).filter(([key]) => !taken.includes(key))));
}

/** What PVE does not say cannot be compared, and a disk that is larger than is asked for would be found out too late. */
export function refuseUnknownSize({ vmid }: Have, slot: string): never {
  throw new Fault('precondition', {
    subject: `disk ${slot} of VM ${vmid}`,
    wanted: 'compare its size',
    why: 'PVE has no size written for it',
    remedy: `Run "qm disk rescan --vmid ${vmid}" on its node`,
  });
}

function refuseTwins(entries: readonly NamedDisk[]): void {
  for (const { disk, index, present } of entries) {
    const twin = entries.find((each) => each.index < index && each.present?.slot === present?.slot);
    if (present === undefined || twin === undefined) continue;
    const why = `"${disk.name}" and "${twin.disk.name}" are one disk of the VM (${present.slot})`;
    throw invalidSpec(`disks_json[${index}].Name`, why, 'Keep one of the two');
  }
}

/** Throws for a name that may be meant for a disk that is there: it is not to get another one. */
function refuseUnknown(disk: DiskSpec, index: number, have: Have): void {
  const field = `disks_json[${index}].Name`;
  const isSlot = /^(ide|sata|scsi|virtio|efidisk|tpmstate|unused)\d+$/i.test(disk.name);
  if (isSlot || have.inUse !== 'made-here') throw unknown(field, disk, have, isSlot);
  const detached = [
    ...slotsOf(have.values, 'unused').map(({ key, value }) => `${key} (${value})`),
    ...disksOf(have.leaving ?? {}).map(({ slot }) => `${slot}, which goes at the next start`),
  ];
  if (detached.length === 0) return;
  const why = `the VM has no disk "${disk.name}", and one that was detached from it may be that: ${detached.join('; ')}`;
  const remedy = `Attach it with the serial number "${diskSerial(disk.name)}", or remove it from the VM`;
  throw invalidSpec(field, why, remedy);
}

function unknown(field: string, disk: DiskSpec, { values }: Have, isSlot: boolean): Error {
  const known = disksOf(values).map(({ slot, drive }) => {
    const serial = drive.rest?.['serial'];
    return serial === undefined ? slot : `${slot} (${serial})`;
  });
  return invalidSpec(
    field,
    isSlot
      ? `the VM has no disk at ${disk.name}`
      : `no disk of the VM has the serial number "${diskSerial(disk.name)}"`,
    `Its disks: ${known.join(', ') || 'none'}; name one by its serial number or its slot${isSlot ? '' : ', or add it in PVE with that serial number'}`,
  );
}
