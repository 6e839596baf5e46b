// Ratcheting: what was wrong before may stay wrong as long as it stays as it is (notes 13). For that a value is compared
// with what stood in its place before.
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../object.ts';
import { own } from '../own.ts';
import { isList, isObject } from '../shape.ts';
import { memberSchema } from './member.ts';
import type { Schema } from './schema.ts';

/** The old value in the place of a new one. Undefined: nobody knows, nothing is forgiven. */
export interface Correlation {
  readonly old: Json;
  readonly schema: Schema;
}

/** Members that the schema does not name count as changed; the items of a list of type map may come in another order. */
export function isUnchanged(value: Json, correlation: Correlation | undefined): boolean {
  if (correlation === undefined) return false;
  const { old, schema } = correlation;
  if (isList(value) && isList(old)) {
    if (value.length !== old.length) return false;
    if (schema['x-kubernetes-list-type'] !== 'map') return isDeepStrictEqual(value, old);
    return value.every((item) => isUnchanged(item, ofItem(correlation, item)));
  }
  if (!isObject(value) || !isObject(old)) return value === old;
  const members = Object.entries(value);
  if (members.length !== Object.keys(old).length) return false;
  return members.every(([key, member = null]) => isUnchanged(member, ofMember(correlation, key)));
}

export function ofMember(correlation: Correlation | undefined, key: string): Correlation | undefined {
  if (correlation === undefined || !isObject(correlation.old)) return undefined;
  const old = own(correlation.old, key);
  const schema = memberSchema(correlation.schema, key);
  return old === undefined || schema === undefined ? undefined : { old, schema };
}

/** Only items of a list of type map are known by their keys. */
export function ofItem(correlation: Correlation | undefined, item: Json): Correlation | undefined {
  if (correlation === undefined || !isList(correlation.old)) return undefined;
  const { 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': keys = [], items } = correlation.schema;
  if (type !== 'map' || items === undefined || !isObject(item)) return undefined;
  if (keys.some((key) => !isKey(item[key]))) return undefined;
  const old = correlation.old.find((other) => isObject(other) && keys.every((key) => other[key] === item[key]));
  return old === undefined ? undefined : { old, schema: items };
}

function isKey(value: Json | undefined): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
