import { invalidSpec } from '#domain/fault';
import { GIB } from '#domain/quantity';
import { isRootDisk } from '#domain/vm-spec';
import { formatSize } from '#pve/codec/size';
import { bootDisk as findBootDisk } from '../drives.ts';
import type { Facet } from '../facet.ts';
import type { Wish } from '../wish.ts';

/** Grows the boot disk to what the entry `root` asks for, and to the least the class wants. It never shrinks. */
export const bootDisk: Facet = {
  name: 'boot disk',
  diff: (wish, have) => {
    const wanted = wantedSize(wish);
    if (wanted === undefined) return {};
    const disk = findBootDisk(have.values);
    if (disk === undefined)
      throw invalidSpec(wanted.field, 'the template has no disk to boot from', 'Use another template');
    const present = disk.drive.sizeBytes ?? 0;
    if (wanted.bytes > present) return { resize: [{ disk: disk.slot, sizeBytes: wanted.bytes }] };
    if (wanted.bytes === present || !wanted.exact) return {};
    throw invalidSpec(
      wanted.field,
      `${formatSize(wanted.bytes)} is less than the ${formatSize(present)} of the template's disk, and disks cannot shrink`,
      `Ask for ${formatSize(present)} or more`,
    );
  },
};

function wantedSize({ spec }: Wish): { bytes: number; exact: boolean; field: string } | undefined {
  const index = spec.disks?.findIndex(isRootDisk) ?? -1;
  const root = spec.disks?.[index];
  const least = spec.size.bootDiskGib;
  if (root !== undefined && root.sizeGib >= (least ?? 0)) {
    return { bytes: root.sizeGib * GIB, exact: true, field: `disks_json[${index}].SizeGiB` };
  }
  return least === undefined
    ? undefined
    : { bytes: least * GIB, exact: false, field: 'class_json.DiskDefaults.SizeGiB' };
}
