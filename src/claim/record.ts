// The claim: who owns a VM, written as an HTML comment on the last line of its description, where PVE's notes do not show it.
// It is the provider's only memory. The grammar is frozen: a change needs a new version number.
import { createHash } from 'node:crypto';
import type { Vmid } from '#pve/ids';

/** `creating` until the VM is all that was asked for; `void` marks one that is being taken away. */
export type ClaimState = 'creating' | 'ready' | 'void';
export type ClaimKind = 'vm' | 'clone' | 'image';

export interface Claim {
  /** 12 characters of a-z2-7, drawn once per created VM. */
  readonly incarnation: string;
  /** Digest of the request that asked for the VM. */
  readonly digest: string;
  readonly instance: string;
  readonly kind: ClaimKind;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly state: ClaimState;
  /** Seconds since the epoch by PVE's clock. */
  readonly time: number;
  readonly vmid: Vmid;
  /** Codes of what the VM's owner has to know about it for as long as it lives. */
  readonly warnings?: readonly string[];
  /** Keys of a record that this version does not know; they are written back as they were. */
  readonly unknown?: Readonly<Record<string, unknown>>;
}

/** What a description says about its owner. `text` is the description without the claim. */
export type ClaimReading =
  | { readonly kind: 'none'; readonly text: string }
  | { readonly kind: 'claim'; readonly claim: Claim; readonly text: string }
  /** A claim of a later version, or a damaged one: somebody's, but not ours. */
  | { readonly kind: 'unreadable'; readonly reason: string; readonly text: string };

const VERSION = '1';
const CLAIM_LINE = /^<!-- virtrigaud (\d+) (.*) -->\s*$/s;
const DAMAGED_LINE = /^<!-- virtrigaud\b/;
const INCARNATION = /^[a-z2-7]{12}$/;
const MAX_JSON_BYTES = 512;
const MAX_VALUE_BYTES = 100;
/** PVE's limit for a description, in characters as Perl counts them: code points. */
const MAX_DESCRIPTION_LENGTH = 8192;

export class ClaimTooLongError extends Error {
  override readonly name = 'ClaimTooLongError';
}

/** The claim line for a record. Throws ClaimTooLongError over 512 bytes of JSON. */
export function formatClaim(claim: Claim): string {
  const fields: Record<string, unknown> = {
    ...claim.unknown,
    c: claim.incarnation,
    d: claim.digest,
    i: shorten(claim.instance),
    k: claim.kind,
    n: shorten(claim.name),
    ...(claim.namespace === undefined ? {} : { ns: shorten(claim.namespace) }),
    s: claim.state,
    t: claim.time,
    ...(claim.uid === undefined ? {} : { u: shorten(claim.uid) }),
    v: claim.vmid,
    ...(claim.warnings === undefined ? {} : { w: claim.warnings }),
  };
  const sorted = Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  const json = JSON.stringify(sorted).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
  if (Buffer.byteLength(json) > MAX_JSON_BYTES) {
    throw new ClaimTooLongError(`the claim takes ${Buffer.byteLength(json)} of ${MAX_JSON_BYTES} bytes`);
  }
  return `<!-- virtrigaud ${VERSION} ${json} -->`;
}

/** A value over 100 bytes is its first 80 bytes, `~` and 16 hex digits of its SHA-256: still unique, and still readable. */
export function shorten(value: string): string {
  const bytes = Buffer.from(value, 'utf8');
  if (bytes.length <= MAX_VALUE_BYTES) return value;
  // A character cut in half at byte 80 is left out rather than replaced.
  const head = bytes
    .subarray(0, 80)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  return `${head}~${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

/** Reads the last claim line of a description, wherever somebody has added text below it. */
export function readClaim(description: string | undefined): ClaimReading {
  const lines = (description ?? '').split(/\r?\n/);
  const index = lines.findLastIndex((line) => DAMAGED_LINE.test(line));
  const line = lines[index];
  if (line === undefined) return { kind: 'none', text: description ?? '' };
  const text = [...lines.slice(0, index), ...lines.slice(index + 1)].join('\n').trimEnd();
  const reading = parseClaimLine(line);
  return typeof reading === 'string'
    ? { kind: 'unreadable', reason: reading, text }
    : { kind: 'claim', claim: reading, text };
}

/** The record of a claim line, or why it is none. */
function parseClaimLine(line: string): Claim | string {
  const match = CLAIM_LINE.exec(line);
  if (match === null) return 'the claim is damaged';
  const [, version, json = ''] = match;
  if (version !== VERSION) return `the claim has version ${version ?? ''}, this provider knows ${VERSION}`;
  try {
    const fields: unknown = JSON.parse(json);
    return toClaim(fields) ?? 'the claim lacks a field or has one of the wrong type';
  } catch {
    return 'the claim is not JSON';
  }
}

function toClaim(value: unknown): Claim | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { c, d, i, k, n, ns, s, t, u, v, w, ...unknown } = value as Record<string, unknown>;
  if (
    typeof c !== 'string' ||
    !INCARNATION.test(c) ||
    typeof d !== 'string' ||
    typeof i !== 'string' ||
    typeof n !== 'string'
  )
    return undefined;
  if (k !== 'vm' && k !== 'clone' && k !== 'image') return undefined;
  if (s !== 'creating' && s !== 'ready' && s !== 'void') return undefined;
  if (typeof t !== 'number' || !Number.isSafeInteger(v)) return undefined;
  if ((ns !== undefined && typeof ns !== 'string') || (u !== undefined && typeof u !== 'string')) return undefined;
  if (w !== undefined && !isTextList(w)) return undefined;
  return {
    incarnation: c,
    digest: d,
    instance: i,
    kind: k,
    name: n,
    ...(ns === undefined ? {} : { namespace: ns }),
    ...(u === undefined ? {} : { uid: u }),
    state: s,
    time: t,
    vmid: v as Vmid,
    ...(w === undefined ? {} : { warnings: w }),
    ...(Object.keys(unknown).length === 0 ? {} : { unknown }),
  };
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/**
 * A description that ends with the claim.
 * @param text the text of the description without a claim.
 * @param before a line that stands before the claim and is never cut.
 * @param fit `cut` shortens the text to make room (a template's), `refuse` throws ClaimTooLongError (a person's).
 */
export function describeWithClaim(text: string, claim: Claim, fit: 'cut' | 'refuse', before?: string): string {
  const line = before === undefined ? formatClaim(claim) : `${before}\n${formatClaim(claim)}`;
  const room = MAX_DESCRIPTION_LENGTH - line.length - 1;
  const characters = [...text.trimEnd()];
  if (characters.length > room && fit === 'refuse') {
    throw new ClaimTooLongError(
      `the description has ${characters.length} characters, the claim leaves room for ${room}`,
    );
  }
  const kept = characters.slice(0, room).join('');
  return kept === '' ? line : `${kept}\n${line}`;
}
