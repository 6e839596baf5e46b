// What each type of storage can do with guest images: how it names them, which formats it takes, and what may be made of
// them (pve-behaviour 8.3, 8.4). The one place that create, clone, snapshot, template and move ask.
import type { StorageState, StorageType, Volume } from '../world/world.ts';

export type Ability = 'snapshot' | 'clone' | 'copy' | 'template' | 'rename';
/** What something is made of: a template's base image, the current state, or a snapshot. */
type Origin = 'base' | 'current' | 'snapshot';
type ImageFormat = 'raw' | 'qcow2' | 'vmdk';
type Abilities = Readonly<Partial<Record<Ability, Readonly<Partial<Record<Origin, readonly ImageFormat[]>>>>>>;

interface StorageKind {
  /** Files in a folder per guest, or volumes in one flat name space. */
  readonly layout: 'files' | 'blocks';
  /** The first is the default. */
  readonly formats: readonly ImageFormat[];
  readonly abilities: Abilities;
  /** What a linked clone is. */
  readonly linked: { readonly format: 'qcow2' | 'raw'; readonly namesBase: boolean };
  /** A rollback has to go to the newest snapshot. */
  readonly rollsBackToNewestOnly: boolean;
}

const RAW = ['raw'] as const;
const QCOW2 = ['qcow2'] as const;
const FILES = ['raw', 'qcow2', 'vmdk'] as const;

const FOLDER: StorageKind = {
  layout: 'files',
  formats: FILES,
  abilities: {
    snapshot: { current: QCOW2, snapshot: QCOW2 },
    clone: { base: FILES },
    copy: { base: FILES, current: FILES, snapshot: QCOW2 },
    template: { current: FILES },
    rename: { current: FILES },
  },
  linked: { format: 'qcow2', namesBase: true },
  rollsBackToNewestOnly: false,
};

const BLOCKS: StorageKind = {
  layout: 'blocks',
  formats: RAW,
  abilities: {
    snapshot: { current: RAW, snapshot: RAW },
    clone: { base: RAW, snapshot: RAW },
    copy: { base: RAW, current: RAW, snapshot: RAW },
    template: { current: RAW },
    rename: { current: RAW },
  },
  linked: { format: 'raw', namesBase: true },
  rollsBackToNewestOnly: false,
};

const THICK_LVM: StorageKind = {
  ...BLOCKS,
  abilities: { copy: { base: RAW, current: RAW }, rename: { current: RAW } },
};

/** `snapshot-as-volume-chain` of 9.x: qcow2 on a logical volume (pve-behaviour 8.4, 27.11). */
const LVM_CHAIN: StorageKind = {
  ...THICK_LVM,
  formats: ['raw', 'qcow2'],
  abilities: {
    snapshot: { current: QCOW2, snapshot: QCOW2 },
    copy: { base: RAW, current: ['raw', 'qcow2'], snapshot: QCOW2 },
    rename: { current: ['raw', 'qcow2'] },
  },
  rollsBackToNewestOnly: true,
};

const KINDS: Readonly<Record<StorageType, StorageKind>> = {
  dir: FOLDER,
  nfs: FOLDER,
  cifs: FOLDER,
  cephfs: FOLDER,
  glusterfs: FOLDER,
  btrfs: {
    ...FOLDER,
    abilities: {
      ...FOLDER.abilities,
      snapshot: { current: ['raw', 'qcow2'], snapshot: ['raw', 'qcow2'] },
      clone: { base: FILES, current: RAW, snapshot: RAW },
      copy: { base: FILES, current: FILES, snapshot: ['raw', 'qcow2'] },
    },
    linked: { format: 'raw', namesBase: false },
  },
  lvm: THICK_LVM,
  lvmthin: { ...BLOCKS, linked: { format: 'raw', namesBase: false } },
  zfspool: {
    ...BLOCKS,
    abilities: { ...BLOCKS.abilities, clone: { base: RAW }, copy: { base: RAW, current: RAW } },
    rollsBackToNewestOnly: true,
  },
  rbd: BLOCKS,
  iscsi: { ...THICK_LVM, abilities: { copy: { current: RAW } } },
};

export function storageKind(storage: StorageState): StorageKind {
  return storage.type === 'lvm' && storage.volumeChains === true ? LVM_CHAIN : KINDS[storage.type];
}

/** Whether the storage can do that with the volume, or with its snapshot of that name. */
export function volumeCan(
  storage: StorageState,
  volume: Pick<Volume, 'volid' | 'format'>,
  ability: Ability,
  snapshot?: string,
): boolean {
  const origin = snapshot !== undefined ? 'snapshot' : isBase(volume) ? 'base' : 'current';
  return storageKind(storage).abilities[ability]?.[origin]?.some((format) => format === volume.format) === true;
}

function isBase({ volid }: Pick<Volume, 'volid'>): boolean {
  return /(?:^|[:/])base-\d+-[^/]+$/.test(volid);
}
