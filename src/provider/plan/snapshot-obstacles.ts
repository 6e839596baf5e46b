// Why a VM cannot be snapshotted, in words for a person. PVE says no more than that it cannot.
import { isCdrom, parseDrive, storageOf } from '#pve/codec/drive';
import { slotsOf } from '#pve/codec/slot';
import { unsavableDevices, whyNoSnapshot } from '#pve/rules/snapshots';

export interface Obstacle {
  readonly why: string;
  readonly remedy: string;
}

type Values = Readonly<Record<string, string>>;

const BUSES = ['scsi', 'virtio', 'sata', 'ide', 'efidisk', 'tpmstate'] as const;

/**
 * For a VM that PVE says cannot be snapshotted.
 * @param types type of each storage that we may see, by its id.
 */
export function diskObstacle(values: Values, types: ReadonlyMap<string, string>): Obstacle {
  const remedy = 'Move them to lvmthin, ZFS, Ceph, btrfs, or to qcow2 files ("Move disk" in PVE)';
  const disks = dataDisks(values);
  const refused = disks.flatMap(({ slot, file, storage }) => {
    const type = storage === undefined ? '' : types.get(storage);
    const why = type === undefined ? undefined : whyNoSnapshot(type, file);
    return why === undefined ? [] : [`${slot} on ${storage ?? file} (${why})`];
  });
  if (refused.length > 0) return { why: `no snapshots are possible of ${refused.join(', ')}`, remedy };
  const all = disks.map(({ slot, file, storage }) => `${slot} on ${storage ?? file}`).join(', ');
  return { why: `PVE cannot snapshot all of its disks (${all})`, remedy };
}

function dataDisks(values: Values): { slot: string; file: string; storage: string | undefined }[] {
  return BUSES.flatMap((bus) => slotsOf(values, bus)).flatMap(({ key, value }) => {
    const drive = parseDrive(value);
    if (drive === undefined || isCdrom(drive)) return [];
    return [{ slot: key, file: drive.file, storage: storageOf(drive) }];
  });
}

/** Undefined where the memory of the running guest can be saved, as far as its configuration tells. */
export function memoryObstacle(values: Values): Obstacle | undefined {
  const devices = unsavableDevices(values);
  if (devices.length === 0) return undefined;
  const why = `the memory of a guest with ${devices.join(', ')} cannot be saved`;
  return { why, remedy: 'Ask for the snapshot without memory' };
}
