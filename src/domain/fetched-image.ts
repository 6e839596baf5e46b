import type { ImageChecksum } from './checksum.ts';
import type { CloneMode, ImageSource } from './vm-spec.ts';

/** An image that a provider has to fetch, and make a template of, before VMs can be made of it. */
export interface FetchedImage {
  readonly url: string;
  /** Undefined where none is to be looked at. */
  readonly checksum: ImageChecksum | undefined;
  readonly storage: string | undefined;
  /** The node the template is to be on. */
  readonly node: string | undefined;
  /** Instead: each of them is to have one; `*` alone for every node that has the storage. */
  readonly nodes: readonly string[] | undefined;
  /** Of the template's disk, on a storage with formats to choose from. */
  readonly diskFormat: DiskFormat | undefined;
  /** What boots of it, as PVE has to know; undefined: Linux, or nobody says. */
  readonly system: 'windows' | 'bsd' | 'other' | undefined;
  /** How the template that is made of it is copied. */
  readonly cloneMode: CloneMode | undefined;
  readonly onMissing: 'import' | 'fail' | 'wait';
}

export const DISK_FORMATS = ['raw', 'qcow2', 'vmdk'] as const;
export type DiskFormat = (typeof DISK_FORMATS)[number];

/** What a VMImage names: something that is there, or something that has to be fetched. */
export type VmImage =
  | { readonly kind: 'there'; readonly source: ImageSource }
  | { readonly kind: 'fetched'; readonly image: FetchedImage };
