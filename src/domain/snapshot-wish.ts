import type { ObjectRef } from './object-ref.ts';

/** What a VMSnapshot asks for. */
export interface SnapshotWish {
  readonly vm: ObjectRef;
  /** What it is to be called; the provider makes a name for PVE of it. */
  readonly nameHint: string;
  readonly description: string;
  readonly includeMemory: boolean;
  readonly retention: Retention;
}

/** When it is deleted by itself; `undefined`: for this reason never. */
export interface Retention {
  readonly maxAgeMs: number | undefined;
  /** How many of its VM are kept. */
  readonly maxCount: number | undefined;
  readonly deleteWithVm: boolean;
  /** No reason counts before it is this old. */
  readonly graceMs: number;
  /** It is kept in any case. */
  readonly pinned: boolean;
}
