// How values are parted into fields, by their schema: which objects and lists are one field as a whole, and how the items of
// the others are told apart.
import { OBJECT_META_SCHEMA } from '../kinds/object-meta-schema.ts';
import type { Json, JsonObject } from '../object.ts';
import { own } from '../own.ts';
import { isList, isObject } from '../shape.ts';
import type { Schema } from '../schema/schema.ts';
import { memberSchema } from '../schema/member.ts';
import { keyStep } from './field-set.ts';

/** Of what no schema knows: objects are parted by their members, lists are one field. */
const UNKNOWN: Schema = {};

export function isParted(value: Json | undefined, schema: Schema): boolean {
  if (isList(value)) return listType(schema) !== 'atomic';
  return isObject(value) && schema['x-kubernetes-map-type'] !== 'atomic';
}

export function partSchema(schema: Schema, key: string): Schema {
  if (key === 'metadata' && schema['x-kubernetes-embedded-resource'] === true) return OBJECT_META_SCHEMA;
  return memberSchema(schema, key) ?? UNKNOWN;
}

function listType(schema: Schema): 'atomic' | 'set' | 'map' {
  return schema['x-kubernetes-list-type'] ?? 'atomic';
}

/** `f:spec`, or where the item of a list of type set or map is in it. */
export function itemStep(item: Json, schema: Schema): string {
  if (listType(schema) === 'set' || !isObject(item)) return `v:${JSON.stringify(item)}`;
  return keyStep(keysOf(item, schema));
}

/** Keys that are not there count as their defaults. */
function keysOf(item: JsonObject, { items, 'x-kubernetes-list-map-keys': names = [] }: Schema): JsonObject {
  const keys = names.map((name) => [name, own(item, name) ?? own(items?.properties, name)?.default] as const);
  return Object.fromEntries(keys.filter(([, value]) => value !== undefined));
}
