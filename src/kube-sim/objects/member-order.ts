// The order of an object's members, as a real server writes them: custom ones by name, its own as their Go types have them.
import type { Json, JsonObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { isObject } from '../shape.ts';

const FIRST = ['kind', 'apiVersion', 'metadata'];
const METADATA = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
];

/** Members by name at every depth, undefined ones left out. */
export function byName(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => byName(item));
  return isObject(value) ? members(value, Object.keys(value).sort(), (_, member) => byName(member)) : value;
}

/** An object of Kubernetes' own kinds: kind, apiVersion and metadata, then the members in the order of the schema. */
export function bySchema(object: JsonObject, schema: Schema): JsonObject {
  const { metadata } = object;
  const ordered = isObject(metadata) ? members(metadata, METADATA, (_, member) => member) : {};
  return inOrder({ ...object, metadata: ordered }, schema, FIRST) as JsonObject;
}

function inOrder(value: Json, schema: Schema | undefined, first: readonly string[] = []): Json {
  if (Array.isArray(value)) return value.map((item: Json) => inOrder(item, schema?.items));
  if (!isObject(value)) return value;
  const { properties = {}, additionalProperties } = schema ?? {};
  const other = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  const rest = Object.keys(value).sort();
  const names = [...new Set([...first, ...Object.keys(properties), ...rest])];
  return members(value, names, (name, member) =>
    name === 'metadata' && first.length > 0 ? member : inOrder(member, properties[name] ?? other),
  );
}

function members(value: JsonObject, names: readonly string[], of: (name: string, member: Json) => Json): JsonObject {
  const there = names.filter((name) => Object.hasOwn(value, name) && value[name] !== undefined);
  return Object.fromEntries(there.map((name) => [name, of(name, value[name] as Json)]));
}
