// What can be wrong with a field, in Kubernetes' words. A cause is `field: message` in the message of a Status.
import { goSyntax, numberText, quoted } from './go-text.ts';
import type { Json } from './object.ts';
import type { Cause } from './status.ts';

/** The name of no field: of the object as a whole. */
export const NO_FIELD = '<nil>';

export function required(field: string, detail = ''): Cause {
  return cause('FieldValueRequired', field, 'Required value', detail);
}

export function forbidden(field: string, detail: string): Cause {
  return cause('FieldValueForbidden', field, 'Forbidden', detail);
}

export function invalid(field: string, value: Json, detail: string): Cause {
  return cause('FieldValueInvalid', field, `Invalid value: ${valueText(value)}`, detail);
}

/** With the value as it is shown. */
export function wrongValue(field: string, shown: string, detail: string): Cause {
  return cause('FieldValueInvalid', field, `Invalid value: ${shown}`, detail);
}

export function typeInvalid(field: string, value: Json, detail: string): Cause {
  return cause('FieldValueTypeInvalid', field, `Invalid value: ${valueText(value)}`, detail);
}

export function duplicate(field: string, value: Json): Cause {
  return cause('FieldValueDuplicate', field, `Duplicate value: ${valueText(value)}`, '');
}

/** Supported values that are no strings are given as their JSON. */
export function notSupported(field: string, value: Json, supported: readonly string[]): Cause {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(quoted).join(', ')}`;
  return cause('FieldValueNotSupported', field, `Unsupported value: ${valueText(value)}`, detail);
}

export function tooLong(field: string, limit: number): Cause {
  return cause('FieldValueTooLong', field, 'Too long', `may not be more than ${limit} bytes`);
}

export function tooMany(field: string, actual: number, limit: number): Cause {
  return cause('FieldValueTooMany', field, `Too many: ${actual}`, `must have at most ${limit} items`);
}

/** `metadata.name: Required value`, as in the message of a Status. */
export function causeText({ field, message }: Cause): string {
  return `${field}: ${message}`;
}

function cause(reason: string, field: string, text: string, detail: string): Cause {
  return { reason, message: detail === '' ? text : `${text}: ${detail}`, field };
}

function valueText(value: Json): string {
  if (value === null) return '"null"';
  return typeof value === 'number' ? numberText(value) : goSyntax(value);
}
