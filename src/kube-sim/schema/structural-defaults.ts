// A default is a value like any other: known, and right by its own schema.
import { forbidden, invalid, required } from '../causes.ts';
import type { Json } from '../object.ts';
import { isObject } from '../shape.ts';
import type { Cause } from '../status.ts';
import { checkPart } from './check.ts';
import { prune } from './prune.ts';
import type { Schema } from './schema.ts';
import { withDefaults } from './with-defaults.ts';

const OF_EVERY_OBJECT = new Set(['apiVersion', 'kind', 'metadata']);

export function defaultErrors(schema: Schema, path: string): Cause[] {
  return [...rootErrors(schema, `${path}.default`), ...partErrors(schema, path, true)];
}

/** A whole object by default has to be one. */
function rootErrors(schema: Schema, path: string): Cause[] {
  const value = schema.default;
  if (!isObject(value)) return [];
  const missing = ['apiVersion', 'kind'].filter((key) => (value[key] ?? '') === '');
  return missing.map((key) => required(`${path}.${key}`, 'must not be empty'));
}

function partErrors({ items, properties = {}, additionalProperties }: Schema, path: string, isRoot: boolean): Cause[] {
  return [
    ...Object.entries(properties).flatMap(([key, part]) => {
      const at = `${path}.properties[${key}]`;
      if (!isRoot || !OF_EVERY_OBJECT.has(key)) return errorsOf(part, at);
      return part.default === undefined ? [] : [forbidden(`${at}.default`, `must not be set in top-level ${key}`)];
    }),
    ...(items === undefined ? [] : errorsOf(items, `${path}.items`)),
    ...(typeof additionalProperties === 'object' ? errorsOf(additionalProperties, `${path}.additionalProperties`) : []),
  ];
}

function errorsOf(schema: Schema, path: string): Cause[] {
  const own =
    schema.default === undefined || schema.default === null
      ? []
      : valueErrors(schema.default, schema, `${path}.default`);
  return [...own, ...partErrors(schema, path, false)];
}

function valueErrors(value: Json, schema: Schema, path: string): Cause[] {
  const wrapped: Schema = { type: 'object', properties: { value: schema } };
  const isUnknown = prune({ value }, wrapped).unknown.length > 0;
  const found = checkPart(withDefaults(value, schema), schema, { path: '', correlation: undefined });
  return [
    ...(isUnknown ? [invalid(path, value, 'must not have unknown fields')] : []),
    ...found.faults.map(({ cause }) => cause(path)),
  ];
}
