// What the words for a disk's type come to. On most storages it is the storage that decides how space is allocated; what
// cannot be given is told, since nobody would want a VM refused for it (docs/disks.md).
import type { DiskSpec, DiskType, VmSpec } from '#domain/vm-spec';
import type { DiskBus } from '#pve/codec/slot';
import type { WarningCode } from './facet.ts';

/** Volumes are files there, in formats that can be chosen; on btrfs, too, but there raw ones can have snapshots. */
const FILE_STORAGES: ReadonlySet<string> = new Set(['dir', 'nfs', 'cifs', 'cephfs', 'glusterfs']);
/** The whole size is set aside, whatever is asked for. */
const THICK_STORAGES: ReadonlySet<string> = new Set(['lvm', 'iscsi', 'iscsidirect']);

const THICK: ReadonlySet<DiskType> = new Set(['thick', 'eagerzeroedthick']);

/**
 * The type of a disk: its own, else the class's. `thin` of a disk gives way to the class, since an API server fills it in
 * where nobody has said anything.
 */
export function diskTypeOf(spec: VmSpec, disk: DiskSpec | undefined): DiskType | undefined {
  const own = disk?.type;
  const ofClass = spec.size.diskType;
  return own === undefined || own === 'thin' ? (ofClass ?? own) : own;
}

/** The options of a drive that its type decides; undefined removes one. Others are left alone. */
export function typeOptions(type: DiskType | undefined, bus: DiskBus): Record<string, string | undefined> {
  const ssd = bus === 'virtio' ? {} : { ssd: '1' };
  switch (type) {
    case 'thin':
      return { discard: 'on' };
    case 'ssd':
    case 'nvme':
      return { discard: 'on', ...ssd };
    case 'hdd':
      return { ssd: undefined };
    case 'thick':
    case 'eagerzeroedthick':
    case undefined:
      return {};
  }
}

/** The format to ask for where volumes are files; undefined leaves it to PVE. */
export function imageFormat(type: DiskType | undefined, storageType: string | undefined): 'qcow2' | 'raw' | undefined {
  if (type === undefined || !FILE_STORAGES.has(storageType ?? '')) return undefined;
  if (type === 'thin') return 'qcow2';
  return THICK.has(type) ? 'raw' : undefined;
}

/** The format of a disk that is made new: where its type leaves the choice, one that can have snapshots. */
export function newImageFormat(
  type: DiskType | undefined,
  storageType: string | undefined,
): 'qcow2' | 'raw' | undefined {
  return imageFormat(type, storageType) ?? (FILE_STORAGES.has(storageType ?? '') ? 'qcow2' : undefined);
}

/** What of the type the owner of the VM does not get. Nothing is told of storages whose type we may not see. */
export function typeWarnings(
  type: DiskType | undefined,
  storageType: string | undefined,
  bus: DiskBus | undefined,
): WarningCode[] {
  if (type === undefined) return [];
  const isKnown = storageType !== undefined && storageType !== '';
  const isThickStorage = THICK_STORAGES.has(storageType ?? '');
  return [
    ...(isKnown && THICK.has(type) && !isThickStorage ? (['not-thick'] as const) : []),
    ...(type === 'thin' && isThickStorage ? (['not-thin'] as const) : []),
    ...(type === 'ssd' && bus === 'virtio' ? (['not-ssd'] as const) : []),
    ...(type === 'nvme' ? (['not-nvme'] as const) : []),
  ];
}
