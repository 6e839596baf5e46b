import { invalidSpec } from '#domain/fault';
import type { DiskSpec } from '#domain/vm-spec';
import { gibibytes } from '../normalise-quantity.ts';
import { NOT_ON_PVE, refuse } from '../refuse.ts';
import { sayOnce } from '../say-once.ts';
import type { DiskManifest } from './disk.ts';

/** In their order; throws `invalid-spec` also where two have one name, in whichever case. */
export function normaliseDisks(disks: readonly DiskManifest[] | undefined, path: string): DiskSpec[] | undefined {
  const names = disks?.map(({ name }) => name.toLowerCase()) ?? [];
  const twice = names.findIndex((name, index) => names.indexOf(name) < index);
  if (twice !== -1) {
    throw invalidSpec(
      `${path}[${twice}].name`,
      `another disk is named "${names[twice]}" too`,
      'Give each its own name',
    );
  }
  return disks?.map((disk, index) => normaliseDisk(disk, `${path}[${index}]`));
}

/** One disk; `root` is the boot disk. Throws `invalid-spec` under `path`. */
function normaliseDisk(disk: DiskManifest, path: string): DiskSpec {
  refuse(
    path,
    { 'scsi.sharedBus': disk.scsi?.sharedBus === 'noSharing' ? undefined : disk.scsi?.sharedBus },
    NOT_ON_PVE,
  );
  const size = disk.size === undefined ? undefined : gibibytes(disk.size, `${path}.size`);
  const sizeGib = sayOnce(path, { size, sizeGiB: disk.sizeGiB });
  if (sizeGib === undefined) throw invalidSpec(`${path}.size`, 'the disk has no size', 'Write it like "40Gi"');
  return { name: disk.name, sizeGib, type: disk.type, storage: disk.storageClass };
}
