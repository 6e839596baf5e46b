import type { CloneMode, ImageSource } from './vm-spec.ts';

/** An image that a provider has to fetch, and make a template of, before VMs can be made of it. */
export interface FetchedImage {
  readonly url: string;
  /** Undefined where none is to be looked at. */
  readonly checksum: { readonly algorithm: string | undefined; readonly hex: string } | undefined;
  readonly storage: string | undefined;
  readonly node: string | undefined;
  /** Of the template's disk, on a storage with formats to choose from. */
  readonly diskFormat: string | undefined;
  /** How the template that is made of it is copied. */
  readonly cloneMode: CloneMode | undefined;
  readonly onMissing: 'import' | 'fail' | 'wait';
  /** It is made anew where it is there. */
  readonly force: boolean;
  readonly retries: number;
  readonly timeoutMs: number;
}

/** What a VMImage names: something that is there, or something that has to be fetched. */
export type VmImage =
  | { readonly kind: 'there'; readonly source: ImageSource }
  | { readonly kind: 'fetched'; readonly image: FetchedImage };
