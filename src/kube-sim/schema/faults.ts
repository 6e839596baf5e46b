// What a value can have against its schema, in the texts of the library by which an apiserver checks.
import { invalid, NO_FIELD, notSupported, required, tooLong, tooMany, typeInvalid } from '../causes.ts';
import { numberText, quoted } from '../go-text.ts';
import type { Json } from '../object.ts';
import type { Cause } from '../status.ts';

export interface Fault {
  /** Two faults with one text count once. */
  readonly text: string;
  /** `base` is where the checked value stands in the object; empty for the object itself. */
  readonly cause: (base: string) => Cause;
}

export function wrongType(path: string, wanted: string, got: string): Fault {
  const text = `${path} in body must be of type ${wanted}: ${quoted(got)}`;
  return { text, cause: (base) => typeInvalid(at(base, path), got, text) };
}

export function missing(path: string): Fault {
  return { text: `${path} in body is required`, cause: (base) => required(at(base, path)) };
}

export function unsupported(path: string, value: Json, supported: readonly Json[]): Fault {
  const texts = supported.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
  return {
    text: `${path} in body should be one of ${texts.join(' ')}`,
    cause: (base) => notSupported(at(base, path), value, texts),
  };
}

export function textTooLong(path: string, limit: number): Fault {
  const text = `${path} in body should be at most ${limit} chars long`;
  return { text, cause: (base) => tooLong(at(base, path), limit) };
}

export function tooManyOf(path: string, what: 'items' | 'properties', actual: number, limit: number): Fault {
  const text = `${path} in body should have at most ${limit} ${what}`;
  return { text, cause: (base) => tooMany(at(base, path), actual, limit) };
}

export function tooFewOf(path: string, what: 'items' | 'properties', actual: number, limit: number): Fault {
  return wrong(path, actual, `should have at least ${limit} ${what}`);
}

/** `value` is told before the text: `Invalid value: 0: spec.cpus in body should be ...`. */
export function wrong(path: string, value: Json, what: string): Fault {
  const text = `${path} in body ${what}`;
  return { text, cause: (base) => invalid(at(base, path), value, text) };
}

export function notPositive(path: string, factor: number): Fault {
  const text = `factor MultipleOf declared for ${path} must be positive: ${numberText(factor)}`;
  return { text, cause: (base) => invalid(at(base, path), factor, text) };
}

/** Of a combination (anyOf, ...): it belongs to no field. */
export function wrongAsAWhole(path: string, what: string): Fault {
  const text = `${quoted(path)} ${what}`;
  return { text, cause: (base) => invalid(base === '' ? NO_FIELD : base, '', text) };
}

function at(base: string, path: string): string {
  const name = path.replace(/^\./, '');
  if (name === '') return base === '' ? NO_FIELD : base;
  return base === '' ? name : `${base}.${name}`;
}
