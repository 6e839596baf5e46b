// GET of a collection: a page of what was there at one revision, and a token to go on with.
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import { rangeOf } from '../objects/key.ts';
import { StatusError } from '../status.ts';
import { type Continuation, decodeContinue, encodeContinue } from '../store/continue-token.ts';
import { isAsStored, objectOf } from '../store/objects.ts';
import type { RevisionLog } from '../store/revision-log.ts';
import type { Chunk, Version } from '../store/version.ts';
import type { Api, Call } from './api.ts';
import { type ListOptions, refuseFuture } from './list-options.ts';
import { type Selection, selectionOf } from './selection.ts';

/** One object; its text is as good where it is asked for as it is stored. */
export interface Item {
  readonly text: string | undefined;
  readonly object: () => KubeObject;
}

/** Objects are taken from the log so many at a time: what is shown is never in memory as a whole. */
const CHUNK = 500;

export interface Listing {
  readonly revision: number;
  /** The next items; undefined: there are no more. Nothing of a list without a limit is in memory between two calls. */
  readonly take: () => readonly Item[] | undefined;
  /** Undefined: the list has no limit, or all fits. */
  readonly more: () => { readonly token: string; readonly remaining: number | undefined } | undefined;
}

export function list(api: Api, { kind, namespace }: Call, options: ListOptions): Listing {
  const selection = selectionOf(kind, options);
  const start = startOf(api.log, namespace, options);
  const revision = start.revision;
  // With resourceVersion=0 a real server answers from its cache, which knows no limit (recording 147).
  const limit = options.revision === 0 && options.continueToken === '' && options.match !== 'Exact' ? 0 : options.limit;
  const source = { log: api.log, kind, namespace, revision, selection };
  if (limit === 0) return { revision, take: selected(source, start.after), more: () => undefined };
  const { items, more } = readPage(source, start.after, limit);
  return { revision, take: takeOnce(items), more: () => more };
}

/** A list that is in memory. */
export function takeOnce(items: readonly Item[]): Listing['take'] {
  let left: readonly Item[] | undefined = items;
  return () => {
    const taken = left;
    left = undefined;
    return taken;
  };
}

/** For what has to be seen as a whole. */
export function* takeAll({ take }: Pick<Listing, 'take'>): Generator<Item, void> {
  for (let items = take(); items !== undefined; items = take()) yield* items;
}

interface Source {
  readonly log: RevisionLog;
  readonly kind: Kind;
  readonly namespace: string;
  readonly revision: number;
  readonly selection: Selection;
}

interface Found extends Item {
  readonly key: string;
}

/** Takes everything that is selected, in order, after the key `after`. */
export function selected(source: Source, after: string | undefined): () => readonly Found[] | undefined {
  const { kind, selection } = source;
  let last = after;
  let isOver = false;
  return () => {
    if (isOver) return undefined;
    const { versions, isCut } = chunk(source, last);
    last = versions.at(-1)?.key;
    isOver = !isCut;
    const items = versions.map((version) => itemOf(version, kind));
    return selection.all ? items : items.filter((item) => selection.has(item.object()));
  };
}

function chunk({ log, kind, namespace, revision }: Source, after: string | undefined): Chunk {
  if (revision < log.compacted) throw expired();
  return log.list(kind.stored, rangeOf(namespace, after), CHUNK, revision === log.revision ? undefined : revision);
}

function itemOf(version: Version, kind: Kind): Found {
  return {
    key: version.key,
    text: isAsStored(version, kind) ? version.text : undefined,
    object: () => objectOf(version, kind),
  };
}

function readPage(source: Source, after: string | undefined, limit: number) {
  const items: Found[] = [];
  const take = selected(source, after);
  for (let taken = take(); taken !== undefined; taken = take()) {
    items.push(...taken);
    if (items.length <= limit) continue;
    items.length = limit;
    return { items, more: moreAfter(source, items.at(-1)?.key ?? '') };
  }
  return { items, more: undefined };
}

/** How many are left is told only where no selector has to be asked. */
function moreAfter({ log, kind, namespace, revision, selection }: Source, after: string) {
  const token = encodeContinue({ revision, after: relative(after, namespace) });
  const remaining = selection.all
    ? log.count(kind.stored, rangeOf(namespace, after), revision === log.revision ? undefined : revision)
    : undefined;
  return { token, remaining };
}

/** A token says nothing of the namespace, which is in the path. */
function relative(key: string, namespace: string): string {
  return namespace === '' ? key : key.slice(namespace.length + 1);
}

interface Start {
  readonly revision: number;
  readonly after?: string;
}

function startOf(log: RevisionLog, namespace: string, options: ListOptions): Start {
  if (options.continueToken !== '') return continued(log, namespace, decodeContinue(options.continueToken));
  refuseFuture(options.revision, log.revision);
  if (options.match !== 'Exact' || options.revision === undefined) return { revision: log.revision };
  if (options.revision < log.compacted) throw expired();
  return { revision: options.revision };
}

function continued(log: RevisionLog, namespace: string, { revision, after: place }: Continuation): Start {
  const after = namespace === '' ? place : `${namespace}/${place}`;
  if (revision === -1) return { revision: log.revision, after };
  if (revision < log.compacted) throw new ExpiredContinue(encodeContinue({ revision: -1, after: place }));
  return { revision: Math.min(revision, log.revision), after };
}

/** Of an old revision (recording 150). */
function expired(): StatusError {
  return new StatusError(410, 'Expired', 'The resourceVersion for the provided list is too old.');
}

/** Carries the token by which the rest can be had all the same. */
export class ExpiredContinue extends StatusError {
  readonly token: string;

  constructor(token: string) {
    super(
      410,
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the ' +
        'continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing ' +
        'with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the ' +
        'time the first chunk was returned and now may show up in the list.',
    );
    this.token = token;
  }
}
