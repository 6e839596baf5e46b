// Names that PVE takes for a snapshot, made of what was asked for.
import { createHash } from 'node:crypto';

/** PVE's rule for the id of a snapshot (pve-behaviour 14.2). */
const LEGAL = /^[A-Za-z][A-Za-z0-9_-]{1,39}$/;
/** PVE keeps these for itself, in any case of their letters. */
const RESERVED = new Set(['current', 'pending']);
const MAX_LENGTH = 40;
const HASH_LENGTH = 8;

/**
 * The name PVE has for the snapshot that is called `hint`: the hint itself where it is legal, otherwise what is legal of
 * it with the beginning of its hash, so that two hints never meet in one name. What this gives it gives back unchanged.
 */
export function snapshotName(hint: string): string {
  if (LEGAL.test(hint) && !RESERVED.has(hint.toLowerCase())) return hint;
  const hash = createHash('sha256').update(hint).digest('hex').slice(0, HASH_LENGTH);
  const legal = hint.replaceAll(/[^A-Za-z0-9_-]+/g, '-');
  const named = /^[A-Za-z]/.test(legal) ? legal : `snap-${legal}`;
  const head = named.slice(0, MAX_LENGTH - HASH_LENGTH - 1).replace(/[-_]+$/, '');
  return `${head}-${hash}`;
}
