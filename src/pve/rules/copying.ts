// What the types of storage can copy (pve-behaviour 8.4). A copy of a present state all of them can make.

/** What is copied: a template's base image, the present state of a VM, or a snapshot. */
export type CopyOrigin = 'base' | 'current' | 'snapshot';

type Format = 'raw' | 'qcow2' | 'vmdk';

interface Copying {
  readonly linked: Readonly<Partial<Record<CopyOrigin, readonly Format[]>>>;
  /** Of a snapshot, in full. */
  readonly fullOfSnapshot: readonly Format[];
}

const FILES: Copying = { linked: { base: ['raw', 'qcow2', 'vmdk'] }, fullOfSnapshot: ['qcow2'] };
const BLOCKS: Copying = { linked: { base: ['raw'], snapshot: ['raw'] }, fullOfSnapshot: ['raw'] };

const TYPES: Readonly<Record<string, Copying>> = {
  dir: FILES,
  nfs: FILES,
  cifs: FILES,
  cephfs: FILES,
  glusterfs: FILES,
  btrfs: { linked: FILES.linked, fullOfSnapshot: ['raw', 'qcow2'] },
  lvm: { linked: {}, fullOfSnapshot: ['qcow2'] },
  lvmthin: BLOCKS,
  rbd: BLOCKS,
  zfspool: { linked: { base: ['raw'] }, fullOfSnapshot: [] },
  iscsi: { linked: {}, fullOfSnapshot: [] },
  iscsidirect: { linked: {}, fullOfSnapshot: [] },
};

/** Whether a storage can do that with a volume; true for types that are not known here, since PVE decides in the end. */
export function canCopy(storageType: string, volume: string, mode: 'full' | 'linked', origin: CopyOrigin): boolean {
  const copying = TYPES[storageType];
  if (copying === undefined || (mode === 'full' && origin !== 'snapshot')) return true;
  const formats = mode === 'full' ? copying.fullOfSnapshot : (copying.linked[origin] ?? []);
  return formats.includes(formatOf(volume));
}

/** By its name: what is no file is raw, but for the qcow2 of LVM's volume chains. */
function formatOf(volume: string): Format {
  const extension = /\.(raw|qcow2|vmdk)$/.exec(volume)?.[1];
  return (extension ?? 'raw') as Format;
}

/** Whether a volume is the base image of a template: only of those there are linked clones without a snapshot. */
export function isBaseImage(volume: string): boolean {
  return /(?:^|[:/])base-\d+-[^/]+$/.test(volume);
}

/** Types whose volumes are files, in formats that can be chosen. */
export function keepsFiles(storageType: string): boolean {
  return TYPES[storageType]?.linked === FILES.linked;
}
