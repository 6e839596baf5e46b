import { invalidSpec } from '#domain/fault';
import { GIB } from '#domain/quantity';
import { cloneModeOf, rootDiskOf, type VmSpec } from '#domain/vm-spec';
import { formatDrive, storageOf } from '#pve/codec/drive';
import { formatSize } from '#pve/codec/size';
import { diskTypeOf, typeOptions, typeWarnings } from '../disk-type.ts';
import { disksInUse, refuseUnknownSize } from '../disks-in-use.ts';
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
    const { boot, root } =
      have.inUse === undefined
        ? { boot: findBootDisk(have.values), root: rootDiskOf(wish.spec) }
        : disksInUse(wish, have);
    return { ...typeChange(wish, have, boot, root), ...growth(wish, have, boot, root) };
  },
};

type Entry = ReturnType<typeof rootDiskOf>;

function growth(wish: Wish, have: Have, disk: DriveAt | undefined, root: Entry): Change {
  const wanted = wantedBootDisk(wish.spec, root);
  if (wanted === undefined) return {};
  const isLeft = have.inUse !== undefined && !wanted.exact;
  if (isLeft && disk?.drive.sizeBytes === undefined) return {};
  if (disk === undefined) throw invalidSpec(wanted.field, 'there is no disk to boot from', 'Use another template');
  const present = disk.drive.sizeBytes ?? (have.inUse === undefined ? 0 : refuseUnknownSize(have, disk.slot));
  if (wanted.bytes > present) return { resize: [{ disk: disk.slot, sizeBytes: wanted.bytes }] };
  if (wanted.bytes === present || !wanted.exact) return {};
  throw invalidSpec(
    wanted.field,
    `${formatSize(wanted.bytes)} is less than the ${formatSize(present)} ${have.inUse === undefined ? "of the image's disk" : 'it has'}, and disks cannot shrink`,
    `Ask for ${formatSize(present)} or more`,
  );
}

/** What the boot disk is to have, and the field that says so; `exact` where it is not only the least of it. */
export function wantedBootDisk(
  spec: VmSpec,
  root: Entry = rootDiskOf(spec),
): { bytes: number; exact: boolean; field: string } | undefined {
  const least = spec.size.bootDiskGib;
  if (root !== undefined && root.disk.sizeGib >= (least ?? 0)) {
    return { bytes: root.disk.sizeGib * GIB, exact: true, field: `disks_json[${root.index}].SizeGiB` };
  }
  return least === undefined
    ? undefined
    : { bytes: least * GIB, exact: false, field: 'class_json.DiskDefaults.SizeGiB' };
}

function typeChange({ spec, site }: Wish, { inUse }: Have, disk: DriveAt | undefined, root: Entry): Change {
  const type = diskTypeOf(spec, root?.disk);
  if (type === undefined || disk === undefined) return {};
  const isLinked = spec.image.kind === 'template' && cloneModeOf(spec.image, spec.size) === 'linked';
  const target = isLinked || inUse !== undefined ? undefined : bootStorageWish(spec, site.defaultStorage)?.storage;
  const storage = target ?? storageOf(disk.drive) ?? '';
  const warnings = typeWarnings(type, site.host.storageTypes[storage], disk.bus);
  const typed = withOptions(disk.drive, typeOptions(type, disk.bus));
  return typed === undefined ? { warnings } : { warnings, set: { [disk.slot]: formatDrive(typed) } };
}
