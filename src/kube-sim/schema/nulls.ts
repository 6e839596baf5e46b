import type { Json, JsonObject } from '../object.ts';
import { defineMember } from '../own.ts';
import { isList, isObject } from '../shape.ts';
import { memberSchema } from './member.ts';
import type { Schema } from './schema.ts';

/** Without the members that are null although the schema neither allows it nor has a default (recording 184: no error). */
export function withoutNulls(value: Json, schema: Schema | undefined): Json {
  if (isList(value)) return value.map((item) => withoutNulls(item, schema?.items));
  return isObject(value) ? objectWithoutNulls(value, schema) : value;
}

function objectWithoutNulls(value: JsonObject, schema: Schema | undefined): JsonObject {
  const result: Record<string, Json> = {};
  for (const [key, member = null] of Object.entries(value)) {
    const known = memberSchema(schema, key);
    if (member === null && isNeverNull(known)) continue;
    defineMember(result, key, withoutNulls(member, known));
  }
  return result;
}

function isNeverNull(schema: Schema | undefined): boolean {
  return schema !== undefined && schema.nullable !== true && (schema.default ?? null) === null;
}
