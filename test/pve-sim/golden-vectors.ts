import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(process.env['FACTS_DIR'] ?? '../shared', 'data/pve-golden-vectors.json');

export interface ValidationVector {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly expect: {
    readonly status: number | string;
    readonly message?: string;
    readonly errors?: Readonly<Record<string, string>>;
    readonly params?: Readonly<Record<string, unknown>>;
  };
}

export interface ConfigVector {
  readonly raw: string;
  readonly rewritten: string;
  readonly parsed: Readonly<Record<string, unknown>>;
}

interface CloudInitDocuments {
  readonly user: string;
  readonly network: string;
  readonly meta: string;
}

export interface CloudInitVector {
  readonly conf: Readonly<Record<string, string | number>>;
  readonly nocloud: CloudInitDocuments;
  readonly configdrive2: CloudInitDocuments;
}

export interface PropertyVector {
  /** `net`, `drive:scsi0`, `size` and so on. */
  readonly kind: string;
  readonly input: string;
  /** Null where PVE's parser refuses it. */
  readonly parsed?: unknown;
  readonly printed?: string | number | null;
  readonly error?: string;
}

interface Upid {
  readonly node: string;
  readonly pid: number;
  readonly pstart: number;
  readonly starttime: number;
  readonly type: string;
  readonly id: string;
  readonly user: string;
}

interface UpidVector {
  readonly in: Upid;
  readonly upid: string;
  readonly decoded: Upid;
}

interface DimmVector {
  readonly requested: number;
  readonly resulting: number;
  readonly dimms: number | string;
  /** Name, size and the memory with it. */
  readonly last: readonly [string, number, number] | null;
}

interface Vectors {
  readonly dimm: readonly DimmVector[];
  readonly property_strings: readonly PropertyVector[];
  readonly tags_default_style: readonly { readonly input: string; readonly unique: string }[];
  readonly upid: readonly UpidVector[];
  readonly cloudinit: readonly CloudInitVector[];
  readonly validation: readonly ValidationVector[];
  readonly config_files: readonly ConfigVector[];
}

/** Absent only where nobody says that they should be here. */
export const isMissing = !existsSync(file) && process.env['FACTS_DIR'] === undefined;
export const skipNote = isMissing ? ' (skipped: ../shared is not here)' : '';
export const vectors: Vectors = isMissing
  ? {
      dimm: [],
      validation: [],
      config_files: [],
      cloudinit: [],
      property_strings: [],
      tags_default_style: [],
      upid: [],
    }
  : (JSON.parse(readFileSync(file, 'utf8')) as Vectors);
