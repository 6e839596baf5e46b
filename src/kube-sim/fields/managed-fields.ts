// Who manages which fields of an object: kept in metadata.managedFields by every write, as a real server keeps it. A field
// belongs to the last one who changed its value; appliers that are there already lose theirs like everybody else.
import { isDeepStrictEqual } from 'node:util';
import { OBJECT_META_SCHEMA } from '../kinds/object-meta-schema.ts';
import type { Json, JsonObject, KubeObject, ManagedFieldsEntry, ObjectMeta } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { compare } from './compare.ts';
import { isSameManager, type Managed, type Manager, readEntries, writeEntries } from './entries.ts';
import { difference, differenceInDepth, type FieldSet, isEmpty, NO_FIELDS, only, union } from './field-set.ts';

export interface Write {
  /** As it is stored; undefined for a create. Of a built-in kind a create may give what an empty object of it looks like. */
  readonly before?: JsonObject | undefined;
  readonly after: KubeObject;
  /**
   * What the client asked for, where less of it is done: a write of the status owns the labels that it names, although it
   * does not set them (recordings 093, 098).
   */
  readonly wanted?: KubeObject;
  readonly manager: string;
  readonly subresource?: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
  readonly schema: Schema;
  readonly apiVersion: string;
}

/** `after` with the managedFields it has then. */
export function withManagedFields(write: Write): KubeObject {
  const { after, before } = write;
  const { managedFields: _, ...metadata } = after.metadata;
  const stored = (before?.['metadata'] as Partial<ObjectMeta> | undefined)?.managedFields;
  const owners = known(write, stored);
  const entries = isUntracked(write, owners) ? [] : writeEntries(managed(write, owners));
  const kept = isOnlyLater(write, entries, stored) ? (stored ?? []) : entries;
  return { ...after, metadata: { ...metadata, ...(kept.length === 0 ? {} : { managedFields: kept }) } };
}

/** An object whose fields nobody manages, as somebody cleared them, stays so. */
function isUntracked({ before }: Write, entries: readonly Managed[]): boolean {
  const uid = (before?.['metadata'] as Partial<ObjectMeta> | undefined)?.uid;
  return uid !== undefined && entries.length === 0;
}

/** A client may set them itself (notes 18), not through a subresource; what is none is passed over, `[{}]` clears them. */
function known(
  { after, wanted = after, subresource }: Write,
  stored: readonly ManagedFieldsEntry[] | undefined,
): Managed[] {
  const given = wanted.metadata.managedFields;
  if (subresource !== undefined) return readEntries(stored) ?? [];
  if (given?.length === 1 && Object.keys(given[0] ?? {}).length === 0) return [];
  return readEntries(given) ?? readEntries(stored) ?? [];
}

function managed(write: Write, entries: readonly Managed[]): Managed[] {
  const { added, modified, removed } = changes(write);
  const taken = union(added, modified);
  const left = entries.map((entry) => ({ ...entry, fields: difference(difference(entry.fields, taken), removed) }));
  const fields = difference(taken, SERVERS);
  return isEmpty(fields) ? left : withOwn(left, write, fields);
}

function withOwn(entries: readonly Managed[], write: Write, fields: FieldSet): Managed[] {
  const { manager, apiVersion, subresource, time } = write;
  const self: Manager = {
    manager: manager === '' ? 'unknown' : manager,
    operation: 'Update',
    apiVersion,
    ...(subresource === undefined ? {} : { subresource }),
  };
  const mine = entries.find((entry) => isSameManager(entry, self));
  const others = entries.filter((entry) => entry !== mine);
  return [...others, { ...self, time, fields: union(mine?.fields ?? NO_FIELDS, fields) }];
}

function changes({ before = {}, after, wanted = after, subresource, schema }: Write): ReturnType<typeof compare> {
  const withMeta = { ...schema, properties: { ...schema.properties, metadata: OBJECT_META_SCHEMA } };
  const { added, modified, removed } = compare(tidy(before), tidy(wanted), withMeta);
  if (subresource !== 'status') return { added, modified, removed };
  return {
    added: differenceInDepth(added, SPEC),
    modified: differenceInDepth(modified, SPEC),
    removed: differenceInDepth(removed, SPEC),
  };
}

/** Empty members of the metadata are not kept (recording 091). */
function tidy(object: JsonObject): JsonObject {
  const metadata = Object.entries((object['metadata'] ?? {}) as JsonObject).filter(([, value]) => !isNothing(value));
  return { ...object, metadata: Object.fromEntries(metadata) };
}

function isNothing(value: Json | undefined): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  );
}

const SPEC = only(['f:spec']);

/** Fields that nobody manages. */
const SERVERS = [
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
].reduce((set, path) => union(set, only(path)), NO_FIELDS);

/** A write that changes nothing but the times of its entries is none. */
function isOnlyLater(
  { before, after }: Write,
  entries: readonly ManagedFieldsEntry[],
  stored: readonly ManagedFieldsEntry[] | undefined,
): boolean {
  if (before === undefined || stored === undefined) return false;
  return (
    isDeepStrictEqual(entries.map(untimed).sort(), stored.map(untimed).sort()) &&
    isDeepStrictEqual(content(before), content(after))
  );
}

function untimed(entry: ManagedFieldsEntry): string {
  const { time: _, ...rest } = entry;
  return JSON.stringify(rest);
}

function content(object: JsonObject): unknown {
  const {
    managedFields: _,
    resourceVersion: __,
    generation: ___,
    ...metadata
  } = (object['metadata'] ?? {}) as JsonObject;
  return { ...object, metadata };
}
