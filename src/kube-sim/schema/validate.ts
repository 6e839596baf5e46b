import type { Json } from '../object.ts';
import { own } from '../own.ts';
import { isObject } from '../shape.ts';
import type { Cause } from '../status.ts';
import { withUncheckedRules } from './cel-rules.ts';
import { checkPart } from './check.ts';
import { checkListTypes } from './list-types.ts';
import type { Schema } from './schema.ts';

export interface ValidateOptions {
  /** The object before an update: what was wrong and stays as it is, is no fault. */
  readonly old?: Json;
  /** Only the status is written: what else is wrong is no fault, and nothing is forgiven in the status. */
  readonly subresource?: string;
  /** What is wrong with its metadata; told first. */
  readonly metadata?: readonly Cause[];
}

/** What is wrong with a custom object, its CEL rules not evaluated. */
export function validate(value: Json, schema: Schema, options: ValidateOptions = {}): Cause[] {
  const { old, metadata = [] } = options;
  const bySchema = options.subresource === 'status' ? statusFaults(value, schema) : faults(value, schema, old);
  const isForgiven = old !== undefined && checkListTypes(old, schema).length > 0;
  const lists = isForgiven ? [] : checkListTypes(value, schema);
  return withUncheckedRules([...metadata, ...bySchema, ...lists], schema);
}

function faults(value: Json, schema: Schema, old: Json | undefined): Cause[] {
  const correlation = old === undefined ? undefined : { old, schema };
  return checkPart(value, schema, { path: '', correlation }).faults.map(({ cause }) => cause(''));
}

/** A status is checked by itself, and its texts name fields from there on. */
function statusFaults(value: Json, schema: Schema): Cause[] {
  const status = isObject(value) ? own(value, 'status') : undefined;
  const statusSchema = own(schema.properties, 'status');
  if (status === undefined || statusSchema === undefined) return [];
  return checkPart(status, statusSchema, { path: '', correlation: undefined }).faults.map(({ cause }) =>
    cause('status'),
  );
}
