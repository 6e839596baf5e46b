// CEL rules are not evaluated, but they show: after some faults a real server says that it did not get to them.
import { invalid, NO_FIELD } from '../causes.ts';
import type { Cause } from '../status.ts';
import type { Schema } from './schema.ts';

const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const NOT_CHECKED = invalid(
  NO_FIELD,
  null,
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
);

/** The causes, with one more where faults like these keep a real server from its rules (recordings 159 to 187). */
export function withUncheckedRules(causes: readonly Cause[], schema: Schema): Cause[] {
  const isBlocked = causes.some(({ reason }) => BLOCKING.has(reason));
  return isBlocked && hasRules(schema) ? [...causes, NOT_CHECKED] : [...causes];
}

const known = new WeakMap<Schema, boolean>();

/** Whether there are any rules in it, at any depth. */
function hasRules(schema: Schema): boolean {
  const before = known.get(schema);
  if (before !== undefined) return before;
  // A schema may contain itself.
  known.set(schema, false);
  const found = (schema['x-kubernetes-validations'] ?? []).length > 0 || parts(schema).some(hasRules);
  known.set(schema, found);
  return found;
}

function parts({ items, properties = {}, additionalProperties, allOf = [] }: Schema): Schema[] {
  return [
    ...Object.values(properties),
    ...(items === undefined ? [] : [items]),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
    ...allOf,
  ];
}
