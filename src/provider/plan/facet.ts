import type { Have, Wish } from './wish.ts';

/** Told for as long as the VM lives, by a code in its claim. */
export type WarningCode =
  | 'bios-to-uefi'
  | 'efi-renewed'
  | 'full-not-linked'
  | 'image-file-left'
  | 'image-unverified'
  | 'local-iso'
  | 'not-nvme'
  | 'not-ssd'
  | 'not-thick'
  | 'not-thin'
  | 'placement-name-unused'
  | 'source-address-left'
  | 'template-cloud-init-unused';

export interface Resize {
  /** PVE's name of the disk: `scsi0`. */
  readonly disk: string;
  readonly sizeBytes: number;
}

export interface IsoUpload {
  readonly storage: string;
  readonly shared: boolean;
  readonly fileName: string;
  readonly bytes: Uint8Array;
}

/** What one aspect of a VM needs so that PVE has what is wished. Empty where it has it already. */
export interface Change {
  /** Drives to be destroyed together with their volumes, before everything else. */
  readonly destroy?: readonly string[];
  readonly set?: Readonly<Record<string, string>>;
  readonly delete?: readonly string[];
  readonly resize?: readonly Resize[];
  readonly upload?: readonly IsoUpload[];
  readonly warnings?: readonly WarningCode[];
}

/**
 * What becomes of a change of a VM that runs: `hot` is in force at once, `restart` from the next start in PVE on; `refused`
 * is said before anything is written, and `kept` leaves what the VM has.
 */
export type Live = 'hot' | 'restart' | 'refused' | 'kept';

/** A row of the table in docs/reconfigure.md. A VM that is off takes at once what is `hot` or `restart`. */
export interface Reconfigured {
  /** What changes: `more CPUs than there are cores`. */
  readonly change: string;
  readonly live: Live;
  readonly note?: string;
}

/** One aspect of a VM. `diff` throws a Fault for a wish that cannot be fulfilled; nothing has been written by then. */
export interface Facet {
  readonly name: string;
  /** What can change of it on a VM in use, each with what comes of it. */
  readonly live: readonly Reconfigured[];
  diff(wish: Wish, have: Have): Change;
}

/** The options of `wanted` that differ from those in force; undefined asks for an option to be removed. */
export function optionChanges(have: Have, wanted: Readonly<Record<string, string | undefined>>): Change {
  const differing = Object.entries(wanted).filter(([key, value]) => have.values[key] !== value);
  return {
    set: Object.fromEntries(differing.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
    delete: differing.filter(([, value]) => value === undefined).map(([key]) => key),
  };
}
