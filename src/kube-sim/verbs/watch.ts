// GET with watch: what was there, where that is asked for, then everything that happens. What a reader has not taken yet waits
// in the log, not in memory; a reader that takes nothing for long is cut.
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { apiVersionOf } from '../resource.ts';
import { StatusError, statusOf } from '../status.ts';
import { isAsStored, objectOf } from '../store/objects.ts';
import type { WatchEvent } from '../store/recent-events.ts';
import type { Api, Call } from './api.ts';
import { selected } from './list.ts';
import type { ListOptions } from './list-options.ts';
import { selectionOf } from './selection.ts';

export interface Told {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: () => KubeObject | JsonObject;
  /** The object's text, where it is as good as that. */
  readonly text?: string | undefined;
  /** The whole line, made once for all watches, where the object is as it is stored. */
  readonly line?: (() => Buffer) | undefined;
}

export interface Watch {
  /** The next things to tell, about as much as goes out at once; empty: nothing more by now. */
  readonly take: () => readonly Told[];
  /** Tells up to where everything has been told. */
  readonly bookmark: () => Told;
}

/** So many are looked at a time. */
const BATCH = 100;

export function watch(api: Api, call: Call, options: ListOptions): Watch {
  const { kind, namespace } = call;
  const selection = selectionOf(kind, options);
  const { log, recent } = api;
  const isFromState = options.sendInitialEvents || options.revision === undefined || options.revision === 0;
  let cursor = isFromState ? log.revision : (options.revision ?? 0);
  const bookmark = (annotations?: JsonObject): Told => ({
    type: 'BOOKMARK',
    object: () => bookmarkOf(call, cursor, annotations),
  });
  const source = { log, kind, namespace, revision: cursor, selection };
  let state = isFromState ? selected(source, undefined) : undefined;
  // A real server's cache ends the state with a bookmark also where resourceVersion=0 has asked for it (recording 144).
  const isEndTold = options.bookmarks && (options.sendInitialEvents || options.revision === 0);

  const initial = (): readonly Told[] => {
    for (let items = state?.(); items !== undefined; items = state?.())
      if (items.length > 0) return items.map(({ text, object }) => ({ type: 'ADDED', object, text }));
    if (state === undefined) return [];
    state = undefined;
    return isEndTold ? [bookmark(endOfState(call))] : [];
  };

  const translate = (event: WatchEvent): Told | undefined => {
    const { version } = event;
    if (version.resource !== kind.stored || (namespace !== '' && !version.key.startsWith(`${namespace}/`)))
      return undefined;
    const isNow = version.deleted === 0 && (selection.all || selection.has(objectOf(version, kind, event.object())));
    const isThen = version.previous !== null && (selection.all || wasSelected(event));
    if (!isNow && !isThen) return undefined;
    const type = isNow ? (isThen ? 'MODIFIED' : 'ADDED') : 'DELETED';
    // What leaves a selection is told as it was in it (recording 141).
    if (type === 'DELETED' && version.deleted === 0) return { type, object: () => lastSelected(event) };
    const line = isAsStored(version, kind) ? () => event.line(type) : undefined;
    return { type, object: () => objectOf(version, kind, event.object()), line };
  };
  const wasSelected = (event: WatchEvent): boolean => {
    const before = event.before();
    return before !== undefined && selection.has(objectOf(before.version, kind, before.object));
  };

  const lastSelected = ({ version: { revision }, before, object }: WatchEvent): KubeObject => {
    const was = before();
    const last = was === undefined ? object() : objectOf(was.version, kind, was.object);
    return { ...last, metadata: { ...last.metadata, resourceVersion: String(revision) } };
  };

  const changes = (): Told[] => {
    if (cursor < log.compacted) throw tooOld(cursor, log.compacted);
    for (;;) {
      if (cursor >= log.revision) return [];
      const { events, upTo } = recent.after(cursor, BATCH);
      // It is on disk, but not told yet.
      if (upTo === cursor) return [];
      cursor = upTo;
      const told = events.map(translate).filter((event) => event !== undefined);
      if (told.length > 0) return told;
    }
  };
  return {
    take: () => {
      const told = initial();
      return told.length > 0 ? told : changes();
    },
    bookmark: () => bookmark(),
  };
}

/** An event, not an answer: the watch has begun (recording 150). */
export function errorEvent(error: StatusError): Told {
  return { type: 'ERROR', object: () => statusOf(error) };
}

function tooOld(revision: number, compacted: number): StatusError {
  return new StatusError(410, 'Expired', `too old resource version: ${revision} (${compacted})`);
}

function bookmarkOf({ kind: { resource } }: Call, revision: number, annotations: JsonObject | undefined): JsonObject {
  const { kind } = resource;
  const apiVersion = apiVersionOf(resource);
  const marked = annotations === undefined ? {} : { annotations };
  if (resource.custom) return { apiVersion, kind, metadata: { ...marked, resourceVersion: String(revision) } };
  return { kind, apiVersion, metadata: { resourceVersion: String(revision), creationTimestamp: null, ...marked } };
}

/** Annotations of the bookmark after the state; the list's frame, as clients are to read it. */
function endOfState({ kind: { resource } }: Call): JsonObject {
  const frame: Json = { apiVersion: apiVersionOf(resource), items: [], kind: resource.listKind };
  return {
    'k8s.io/initial-events-end': 'true',
    ...(resource.custom
      ? { 'kubernetes.io/initial-events-list-blueprint': Buffer.from(`${JSON.stringify(frame)}\n`).toString('base64') }
      : {}),
  };
}
