import type { ObjectRef } from './object-ref.ts';

/** A document for a guest: what is written in the manifest, and what a Secret has; both where both are named. */
export interface GuestDocument {
  readonly inline: string | undefined;
  readonly secret: SecretEntry | undefined;
}

/** An entry of a Secret: the first of these keys that it has; without keys every entry. */
export interface SecretEntry {
  readonly secret: ObjectRef;
  readonly keys: readonly string[];
}
