// The mark of a snapshot that was asked of us: the last line of its description, which tells it from one that a person has
// taken under the same name, and a repeated request from another one. The grammar is frozen, as that of the claim is.
import { createHash } from 'node:crypto';
import { shorten } from './record.ts';

export interface SnapshotWish {
  /** What the caller calls it. */
  readonly hint: string;
  /** The caller's own text. */
  readonly description: string;
  readonly memory: boolean;
  /** Of the object that asks, where the caller has objects. */
  readonly uid?: string | undefined;
}

export interface SnapshotMark {
  readonly instance: string;
  readonly hint: string;
  /** Of the request that asked for it. */
  readonly digest: string;
  /** Whether the guest's memory was asked for; it is not there of a guest that did not run. */
  readonly wantsMemory: boolean;
  /** Of the object that asked; it asks for the same snapshot whatever it says of it later. */
  readonly uid?: string | undefined;
}

/** `mark` is undefined for a snapshot that was not asked of any provider, or of one whose mark we cannot read. */
export interface SnapshotReading {
  readonly mark: SnapshotMark | undefined;
  /** The description without the mark. */
  readonly text: string;
}

const VERSION = '1';
const MARK_LINE = /^<!-- virtrigaud-snapshot (\d+) (\{.*\}) -->\s*$/;
/** As of a VM's description: PVE sets no limit of its own here, and the file it goes into has one. */
const MAX_DESCRIPTION_LENGTH = 8192;

export function snapshotMark(wish: SnapshotWish, instance: string): SnapshotMark {
  return {
    instance: shorten(instance),
    hint: shorten(wish.hint),
    digest: digestOf(wish),
    wantsMemory: wish.memory,
    ...(wish.uid === undefined ? {} : { uid: shorten(wish.uid) }),
  };
}

/** White space at the end does not count, since PVE does not keep it. */
function digestOf({ hint, description, memory }: SnapshotWish): string {
  const request = JSON.stringify([hint, description.trimEnd(), memory]);
  return `${VERSION}${createHash('sha256').update(request).digest('hex').slice(0, 16)}`;
}

/** A description that ends with the mark; undefined where the text leaves no room for it. */
export function describeWithMark(text: string, mark: SnapshotMark): string | undefined {
  const { digest: d, hint: h, instance: i, uid: u } = mark;
  const fields = { d, h, i, ...(mark.wantsMemory ? { m: 1 } : {}), ...(u === undefined ? {} : { u }) };
  const json = JSON.stringify(fields).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
  const line = `<!-- virtrigaud-snapshot ${VERSION} ${json} -->`;
  const kept = text.trimEnd();
  const whole = kept === '' ? line : `${kept}\n${line}`;
  return [...whole].length > MAX_DESCRIPTION_LENGTH ? undefined : whole;
}

export function readSnapshotMark(description: string): SnapshotReading {
  const lines = description.split(/\r?\n/);
  const index = lines.findLastIndex((line) => MARK_LINE.test(line));
  const [, version, json = ''] = MARK_LINE.exec(lines[index] ?? '') ?? [];
  if (version === undefined) return { mark: undefined, text: description };
  const text = [...lines.slice(0, index), ...lines.slice(index + 1)].join('\n').trimEnd();
  return { mark: version === VERSION ? parseMark(json) : undefined, text };
}

function parseMark(json: string): SnapshotMark | undefined {
  try {
    const { d, h, i, m, u } = JSON.parse(json) as Record<string, unknown>;
    if (typeof d !== 'string' || typeof h !== 'string' || typeof i !== 'string') return undefined;
    return { digest: d, hint: h, instance: i, wantsMemory: m === 1, ...(typeof u === 'string' ? { uid: u } : {}) };
  } catch {
    return undefined;
  }
}

/** Whether the very request that `wanted` was made from has made the snapshot with `mark`, or one of the same object has. */
export function isSameRequest(mark: SnapshotMark | undefined, wanted: SnapshotMark): boolean {
  if (mark?.instance !== wanted.instance) return false;
  const isOneObject = mark.uid === undefined || wanted.uid === undefined ? undefined : mark.uid === wanted.uid;
  return isOneObject ?? mark.digest === wanted.digest;
}
