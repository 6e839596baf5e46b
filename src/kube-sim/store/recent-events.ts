// The last writes, kept for everybody who watches: one write is read and made a line of once, however many look on. They are few:
// who watches is told at once, and who is slow reads the log.
import type { KubeObject } from '../object.ts';
import type { RevisionLog } from './revision-log.ts';
import { CHUNK_CHARACTERS, type Version } from './version.ts';

export interface WatchEvent {
  readonly version: Version;
  /** As it is told to everybody who takes it as it is stored. */
  readonly line: (type: string) => Buffer;
  /** As it is stored. */
  readonly object: () => KubeObject;
  /** What it was before. */
  readonly before: () => { readonly version: Version; readonly object: KubeObject } | undefined;
}

export interface RecentEvents {
  /** What happened after `revision`, of at most `limit` writes and no more than fit, and up to which revision that is all. */
  after(revision: number, limit: number): { readonly events: readonly WatchEvent[]; readonly upTo: number };
  close(): void;
}

const KEEP_EVENTS = 32;
const KEEP_CHARACTERS = 256 * 1024;

export function createRecentEvents(log: RevisionLog): RecentEvents {
  const recent: WatchEvent[] = [];
  let characters = 0;
  let from = log.revision;

  const remember = (version: Version): void => {
    recent.push(eventOf(log, version));
    characters += version.text.length;
    while (recent.length > KEEP_EVENTS || (characters > KEEP_CHARACTERS && recent.length > 1)) {
      const oldest = recent.shift();
      if (oldest === undefined) break;
      characters -= oldest.version.text.length;
      from = oldest.version.revision;
    }
  };
  const stop = log.onWrite(remember);
  return {
    after: (revision, limit) => {
      if (revision >= from) {
        const events = fitting(recent, revision - from, limit);
        return { events, upTo: events.at(-1)?.version.revision ?? revision };
      }
      const { versions, isCut } = log.after(revision, limit);
      const upTo = isCut ? (versions.at(-1)?.revision ?? revision) : log.revision;
      return { events: versions.map((version) => eventOf(log, version)), upTo };
    },
    close: stop,
  };
}

/** Those from `start` on, until they are enough to go out at once. */
function fitting(recent: readonly WatchEvent[], start: number, limit: number): readonly WatchEvent[] {
  let characters = 0;
  let end = start;
  while (end < recent.length && end - start < limit && characters <= CHUNK_CHARACTERS) {
    characters += recent[end]?.version.text.length ?? 0;
    end++;
  }
  return recent.slice(start, end);
}

function eventOf(log: RevisionLog, version: Version): WatchEvent {
  const { previous, text } = version;
  const lines = new Map<string, Buffer>();
  return {
    version,
    line: (type) => {
      const line = lines.get(type) ?? Buffer.from(`{"type":"${type}","object":${text}}\n`);
      lines.set(type, line);
      return line;
    },
    object: once(() => JSON.parse(text) as KubeObject),
    before: once(() => {
      const before = previous === null ? undefined : log.at(previous);
      return before && { version: before, object: JSON.parse(before.text) as KubeObject };
    }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
