import type { Json, JsonObject } from '../object.ts';
import { defineMember, own } from '../own.ts';
import { isList, isObject } from '../shape.ts';
import { additionalSchema, memberSchema } from './member.ts';
import type { Schema } from './schema.ts';

/**
 * The value with what its schema says where it is silent, at every depth, defaults of defaults too. Null counts as silence
 * where the schema does not allow it (recording 184).
 */
export function withDefaults(value: Json, schema: Schema | undefined): Json {
  if (schema === undefined) return value;
  if (isObject(value)) return objectWithDefaults(value, schema);
  if (!isList(value)) return value;
  return value.map((item) => withDefaults(orDefault(item, schema.items), schema.items));
}

function objectWithDefaults(value: JsonObject, schema: Schema): JsonObject {
  const result: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) {
    const spoken =
      own(schema.properties, key) === undefined ? orDefault(member ?? null, additionalSchema(schema)) : member;
    defineMember(result, key, spoken ?? null);
  }
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined || property.default === null) continue;
    const isSilent = !Object.hasOwn(result, key) || (result[key] === null && property.nullable !== true);
    if (isSilent) defineMember(result, key, property.default);
  }
  for (const [key, member] of Object.entries(result))
    defineMember(result, key, withDefaults(member, memberSchema(schema, key)));
  return result;
}

function orDefault(value: Json, schema: Schema | undefined): Json {
  return value === null && schema !== undefined && schema.nullable !== true ? (schema.default ?? null) : value;
}
