// Checks of texts and numbers against a schema.
import { numberText } from '../go-text.ts';
import { type Fault, notPositive, textTooLong, wrong, wrongType } from './faults.ts';
import { Findings } from './findings.ts';
import { formatCheck } from './formats.ts';
import { goPattern } from './go-pattern.ts';
import { isInt64, isWhole } from './json-type.ts';
import type { Schema } from './schema.ts';

/** The first of length and pattern that is wrong. */
export function checkText(text: string, { maxLength, minLength, pattern }: Schema, path: string): Findings {
  const length = [...text].length;
  if (maxLength !== undefined && length > maxLength) return Findings.of(textTooLong(path, maxLength));
  if (minLength !== undefined && length < minLength)
    return Findings.of(wrong(path, text, `should be at least ${minLength} chars long`));
  if (pattern !== undefined && pattern !== '' && goPattern(pattern)?.test(text) !== true)
    return Findings.of(wrong(path, text, `should match '${pattern}'`));
  return new Findings();
}

export function checkFormat(text: string, format: string, path: string): Findings {
  return formatCheck(format)?.(text) === false ? Findings.of(wrongType(path, format, text)) : new Findings();
}

export function checkNumber(value: number, schema: Schema, path: string): Findings {
  const findings = Findings.of(
    ...multiple(value, schema, path),
    ...below(value, schema, path),
    ...above(value, schema, path),
  );
  findings.matches += 1;
  return findings;
}

function multiple(value: number, { multipleOf }: Schema, path: string): Fault[] {
  if (multipleOf === undefined) return [];
  const isInteger = isInt64(value);
  const factor = isInteger ? Math.trunc(multipleOf) : multipleOf;
  if (factor <= 0) return [notPositive(path, factor)];
  const isMultiple = isInteger ? value % factor === 0 : isWhole(factor < 1 ? (1 / factor) * value : value / factor);
  return isMultiple ? [] : [wrong(path, value, `should be a multiple of ${numberText(factor)}`)];
}

function below(value: number, { minimum, exclusiveMinimum }: Schema, path: string): Fault[] {
  if (minimum === undefined) return [];
  const limit = comparable(value, minimum);
  if (exclusiveMinimum === true)
    return value <= limit ? [wrong(path, value, `should be greater than ${numberText(limit)}`)] : [];
  return value < limit ? [wrong(path, value, `should be greater than or equal to ${numberText(limit)}`)] : [];
}

function above(value: number, { maximum, exclusiveMaximum }: Schema, path: string): Fault[] {
  if (maximum === undefined) return [];
  const limit = comparable(value, maximum);
  if (exclusiveMaximum === true)
    return value >= limit ? [wrong(path, value, `should be less than ${numberText(limit)}`)] : [];
  return value > limit ? [wrong(path, value, `should be less than or equal to ${numberText(limit)}`)] : [];
}

/** Integers are compared with the limit as an integer. */
function comparable(value: number, limit: number): number {
  return isInt64(value) ? Math.trunc(limit) : limit;
}
