// What each type of storage can be told in its definition, and what may lie on it (pve-behaviour 8).
import { words } from '../world/words.ts';
import type { StorageType } from '../world/world.ts';

export interface StoragePlugin {
  /** Have to be said, and stay as they are. */
  readonly required: readonly string[];
  /** May be said once. */
  readonly fixed: readonly string[];
  readonly optional: readonly string[];
  /** Which content it can take, and which it takes where nothing is said. */
  readonly content: readonly string[];
  readonly defaultContent: readonly string[];
  /** True: every node has the same one; undefined: `shared` says it. */
  readonly shared?: boolean;
  /** Where it is mounted, if nothing is said. */
  readonly mountPoint?: string;
}

const COMMON = 'nodes disable content bwlimit';
const FOLDERS =
  'mkdir create-base-path create-subdirs content-dirs format prune-backups max-protected-backups maxfiles';
const IMAGES = words('images rootdir');
const FILES = words('images rootdir vztmpl iso backup snippets import none');
const plugin = (parts: Partial<StoragePlugin>): StoragePlugin => ({
  required: [],
  fixed: [],
  optional: words(COMMON),
  content: [...IMAGES, 'none'],
  defaultContent: IMAGES,
  ...parts,
});
const optional = (...lists: readonly string[]): readonly string[] => words(COMMON, ...lists);
const network = (required: string, more: string): StoragePlugin =>
  plugin({
    required: words(required),
    fixed: ['path'],
    optional: optional(FOLDERS, 'preallocation snapshot-as-volume-chain options', more),
    content: FILES,
    defaultContent: ['images'],
    shared: true,
    mountPoint: '/mnt/pve',
  });

export const STORAGE_PLUGINS: Readonly<Record<StorageType, StoragePlugin>> = {
  dir: plugin({
    required: ['path'],
    optional: optional(FOLDERS, 'shared is_mountpoint preallocation snapshot-as-volume-chain'),
    content: FILES,
  }),
  btrfs: plugin({
    required: ['path'],
    optional: optional(FOLDERS, 'shared is_mountpoint nocow preallocation'),
    content: FILES,
  }),
  nfs: network('server export', ''),
  cifs: network('server share', 'subdir username password domain smbversion'),
  glusterfs: network('volume', 'server server2 transport'),
  cephfs: plugin({
    fixed: ['path'],
    optional: optional(FOLDERS, 'monhost username options subdir fuse keyring fs-name'),
    content: words('vztmpl iso backup snippets import none'),
    defaultContent: ['backup'],
    shared: true,
    mountPoint: '/mnt/pve',
  }),
  lvm: plugin({
    required: ['vgname'],
    fixed: ['base'],
    optional: optional(
      'shared saferemove saferemove-stepsize saferemove_throughput tagged_only snapshot-as-volume-chain',
    ),
    defaultContent: ['images'],
  }),
  lvmthin: plugin({ required: words('vgname thinpool'), shared: false }),
  zfspool: plugin({
    required: ['pool'],
    optional: optional('blocksize sparse mountpoint'),
    shared: false,
  }),
  rbd: plugin({
    optional: optional('monhost pool data-pool namespace username krbd keyring'),
    defaultContent: ['images'],
    shared: true,
  }),
  iscsi: plugin({
    required: words('portal target'),
    content: words('images none'),
    defaultContent: ['images'],
    shared: true,
  }),
};

/** Kept in files of their own, and not shown again. */
export const SENSITIVE_OPTIONS: ReadonlySet<string> = new Set(words('password keyring encryption-key master-pubkey'));
