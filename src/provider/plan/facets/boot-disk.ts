import { invalidSpec } from '#domain/fault';
import { GIB } from '#domain/quantity';
import { isSerialOf } from '#claim/disk-serial';
import { cloneModeOf, isRootDisk, rootDiskOf, type VmSpec } from '#domain/vm-spec';
import { formatDrive, parseDrive, storageOf } from '#pve/codec/drive';
import { formatSize } from '#pve/codec/size';
import { diskTypeOf, typeOptions, typeWarnings } from '../disk-type.ts';
import { bootDisk as findBootDisk, type DriveAt, withOptions } from '../drives.ts';
import type { Change, Facet } from '../facet.ts';
import { bootStorageWish } from '../storages.ts';
import type { Have, Wish } from '../wish.ts';

/**
 * Grows the boot disk to what the entry `root` asks for, and to the least the class wants; it never shrinks. And makes it
 * of the type that is asked for, as far as that can be said of a disk that is there.
 */
export const bootDisk: Facet = {
  name: 'boot disk',
  live: [
    { change: 'a larger disk', live: 'hot', note: 'the guest still has to grow its partition and file system' },
    { change: 'a smaller disk', live: 'refused' },
    { change: 'the type of a disk (`discard`, `ssd`)', live: 'restart' },
    { change: 'the storage of a disk', live: 'kept' },
  ],
  diff: (wish, have) => {
    const disk = findBootDisk(have.inUse === undefined ? have.values : withoutNamed(wish.spec, have.values));
    return { ...typeChange(wish, have, disk), ...growth(wish, have, disk) };
  },
};

/** Whatever somebody has made the boot order: a disk that bears another entry's name is not `root`. */
function withoutNamed({ disks = [] }: VmSpec, values: Have['values']): Have['values'] {
  const names = disks.filter((disk) => !isRootDisk(disk)).map(({ name }) => name);
  const isNamed = (value: string): boolean => {
    const serial = parseDrive(value)?.rest?.['serial'];
    return names.some((name) => isSerialOf(serial, name));
  };
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => !/^(ide|sata|scsi|virtio)\d+$/.test(key) || !isNamed(value)),
  );
}

function growth(wish: Wish, have: Have, disk: DriveAt | undefined): Change {
  const wanted = wantedBootDisk(wish.spec);
  if (wanted === undefined) return {};
  if (disk === undefined && have.inUse !== undefined && !wanted.exact) return {};
  if (disk === undefined) throw invalidSpec(wanted.field, 'there is no disk to boot from', 'Use another template');
  const present = disk.drive.sizeBytes ?? 0;
  if (wanted.bytes > present) return { resize: [{ disk: disk.slot, sizeBytes: wanted.bytes }] };
  if (wanted.bytes === present || !wanted.exact) return {};
  throw invalidSpec(
    wanted.field,
    `${formatSize(wanted.bytes)} is less than the ${formatSize(present)} ${have.inUse === undefined ? "of the image's disk" : 'it has'}, and disks cannot shrink`,
    `Ask for ${formatSize(present)} or more`,
  );
}

/** What the boot disk is to have, and the field that says so; `exact` where it is not only the least of it. */
export function wantedBootDisk(spec: VmSpec): { bytes: number; exact: boolean; field: string } | undefined {
  const root = rootDiskOf(spec);
  const least = spec.size.bootDiskGib;
  if (root !== undefined && root.disk.sizeGib >= (least ?? 0)) {
    return { bytes: root.disk.sizeGib * GIB, exact: true, field: `disks_json[${root.index}].SizeGiB` };
  }
  return least === undefined
    ? undefined
    : { bytes: least * GIB, exact: false, field: 'class_json.DiskDefaults.SizeGiB' };
}

function typeChange({ spec, site }: Wish, { inUse }: Have, disk: DriveAt | undefined): Change {
  const type = diskTypeOf(spec, rootDiskOf(spec)?.disk);
  if (type === undefined || disk === undefined) return {};
  const isLinked = spec.image.kind === 'template' && cloneModeOf(spec.image, spec.size) === 'linked';
  const target = isLinked || inUse !== undefined ? undefined : bootStorageWish(spec, site.defaultStorage)?.storage;
  const storage = target ?? storageOf(disk.drive) ?? '';
  const warnings = typeWarnings(type, site.host.storageTypes[storage], disk.bus);
  const typed = withOptions(disk.drive, typeOptions(type, disk.bus));
  return typed === undefined ? { warnings } : { warnings, set: { [disk.slot]: formatDrive(typed) } };
}
