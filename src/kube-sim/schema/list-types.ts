// Lists of type set have no item twice, lists of type map no key (recordings 182, 183).
import { duplicate, invalid } from '../causes.ts';
import type { Json } from '../object.ts';
import { isList, isObject } from '../shape.ts';
import type { Cause } from '../status.ts';
import { memberSchema } from './member.ts';
import type { Schema } from './schema.ts';

export function checkListTypes(value: Json, schema: Schema | undefined, path = ''): Cause[] {
  if (schema === undefined) return [];
  if (isList(value)) {
    const inside = value.flatMap((item, index) => checkListTypes(item, schema.items, `${path}[${index}]`));
    return [...checkList(value, schema, path), ...inside];
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member = null]) =>
    checkListTypes(member, memberSchema(schema, key), place(schema, path, key)),
  );
}

function place(schema: Schema, path: string, key: string): string {
  const isProperty = schema.properties !== undefined && Object.hasOwn(schema.properties, key);
  if (!isProperty) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

function checkList(list: readonly Json[], schema: Schema, path: string): Cause[] {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return repeated(list).map((index) => duplicate(`${path}[${index}]`, list[index] ?? null));
  return type === 'map' ? checkMap(list, schema['x-kubernetes-list-map-keys'] ?? [], path) : [];
}

function checkMap(list: readonly Json[], keys: readonly string[], path: string): Cause[] {
  const odd = list.findIndex((item) => item !== null && !isObject(item));
  if (odd !== -1)
    return [invalid(`${path}[${odd}]`, list[odd] ?? null, 'must be an object for an array of list-type map')];
  const keysOf = list.map((item) => keyMembers(item, keys));
  return repeated(keysOf).map((index) => duplicate(`${path}[${index}]`, keysOf[index] ?? {}));
}

function keyMembers(item: Json, keys: readonly string[]): Json {
  if (!isObject(item)) return {};
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]));
}

/** Where an item comes for the second time; further times are not told. */
function repeated(list: readonly Json[]): number[] {
  const times = new Map<string, number>();
  return list.flatMap((item, index) => {
    const text = canonical(item);
    times.set(text, (times.get(text) ?? 0) + 1);
    return times.get(text) === 2 ? [index] : [];
  });
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_key, member: Json) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}
