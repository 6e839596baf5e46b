// Checks a value against its schema at every depth, in the order of the library by which an apiserver does it: type,
// combinations, text, number, list, enum, object.
import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../object.ts';
import { own } from '../own.ts';
import { isList, isObject } from '../shape.ts';
import { checkCombinations } from './check-combinations.ts';
import { checkFormat, checkNumber, checkText } from './check-scalar.ts';
import { type Correlation, isUnchanged, ofItem, ofMember } from './correlation.ts';
import { missing, tooFewOf, tooManyOf, unsupported, wrong, wrongType } from './faults.ts';
import { Findings } from './findings.ts';
import { formatCheck } from './formats.ts';
import { isInt64, isWhole, jsonType, numberFormat } from './json-type.ts';
import { additionalSchema } from './member.ts';
import type { Schema } from './schema.ts';

/** Where a value stands, and what stood there before. */
export interface Place {
  /** `spec.disks[0]`; empty for the checked value itself. */
  readonly path: string;
  readonly correlation: Correlation | undefined;
}

function check(value: Json, schema: Schema, place: Place): Findings {
  const findings = new Findings();
  if (value === null) {
    findings.merge(checkType(value, schema, place.path), checkEnum(value, schema, place.path));
    return findings;
  }
  for (const found of applicable(value, schema, place)) {
    findings.merge(found);
    findings.matches += 1;
  }
  findings.matches += 1;
  return findings;
}

/** As `check`, but what is as it was is forgiven. */
export function checkPart(value: Json, schema: Schema, place: Place): Findings {
  const findings = check(value, schema, place);
  return findings.isValid || !isUnchanged(value, place.correlation) ? findings : findings.forgiven();
}

function applicable(value: Json, schema: Schema, place: Place): Findings[] {
  const { path } = place;
  const isTyped = typesOf(schema).length > 0 || formatOf(schema) !== '';
  return [
    ...(isTyped ? [checkType(value, schema, path)] : []),
    // Within combinations nothing is forgiven.
    checkCombinations(schema, path, (part) => check(value, part, { path, correlation: undefined })),
    ...(typeof value === 'string' ? [checkText(value, schema, path)] : []),
    ...(typeof value === 'string' && formatOf(schema) !== '' ? [checkFormat(value, formatOf(schema), path)] : []),
    ...(typeof value === 'number' ? [checkNumber(value, schema, path)] : []),
    ...(isList(value) ? [checkList(value, schema, place)] : []),
    checkEnum(value, schema, path),
    ...(isObject(value) ? [checkObject(value, schema, place)] : []),
  ];
}

function typesOf(schema: Schema): readonly string[] {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return schema.type === undefined ? [] : [schema.type];
}

/** Formats that are not known count as none. */
function formatOf({ format }: Schema): string {
  return format === undefined || formatCheck(format) === undefined ? '' : format;
}

function checkType(value: Json, schema: Schema, path: string): Findings {
  const fault = typeFault(value, schema, path);
  if (fault !== undefined) return Findings.of(fault);
  const findings = new Findings();
  findings.matches = 1;
  return findings;
}

function typeFault(value: Json, schema: Schema, path: string): ReturnType<typeof wrongType> | undefined {
  const types = typesOf(schema);
  const format = formatOf(schema);
  const type = jsonType(value);
  const isText = typeof value === 'string' || isList(value);
  if (value === null)
    return types.length > 0 && schema.nullable !== true ? wrongType(path, types.join(','), 'null') : undefined;
  if (format !== '' && isText && !types.includes('number') && !types.includes('integer')) return undefined;
  if (types.includes(type) || isNumberOf(value, types)) return undefined;
  return format !== '' && !isText
    ? wrongType(path, format, numberFormat(value))
    : wrongType(path, types.join(','), type);
}

/** 2 is a number, 2.0 an integer. */
function isNumberOf(value: Json, types: readonly string[]): boolean {
  if (typeof value !== 'number') return false;
  return jsonType(value) === 'integer' ? types.includes('number') : types.includes('integer') && isWhole(value);
}

function checkEnum(value: Json, { enum: supported = [] }: Schema, path: string): Findings {
  const isSupported = supported.length === 0 || supported.some((item) => isSame(item, value));
  return isSupported ? new Findings() : Findings.of(unsupported(path, value, supported));
}

/** A fraction is made an integer before it is compared with one: 2.5 is among 1 and 2. */
function isSame(item: Json, value: Json): boolean {
  if (typeof item === 'number' && typeof value === 'number' && isInt64(item)) return Math.trunc(value) === item;
  return item !== null && isDeepStrictEqual(item, value);
}

function checkList(list: readonly Json[], schema: Schema, { path, correlation }: Place): Findings {
  const findings = new Findings();
  const { items, minItems, maxItems, uniqueItems } = schema;
  if (items !== undefined)
    for (const [index, item] of list.entries())
      findings.merge(checkPart(item, items, { path: `${path}[${index}]`, correlation: ofItem(correlation, item) }));
  if (minItems !== undefined && list.length < minItems) findings.add(tooFewOf(path, 'items', list.length, minItems));
  if (maxItems !== undefined && list.length > maxItems) findings.add(tooManyOf(path, 'items', list.length, maxItems));
  if (uniqueItems === true && hasDuplicates(list)) findings.add(wrong(path, '', "shouldn't contain duplicates"));
  findings.matches += 1;
  return findings;
}

function hasDuplicates(list: readonly Json[]): boolean {
  return list.some((item, index) => list.slice(0, index).some((other) => isDeepStrictEqual(item, other)));
}

function checkObject(object: JsonObject, schema: Schema, { path, correlation }: Place): Findings {
  const findings = new Findings();
  const { minProperties, maxProperties } = schema;
  const size = Object.keys(object).length;
  if (minProperties !== undefined && size < minProperties)
    findings.add(tooFewOf(path, 'properties', size, minProperties));
  if (maxProperties !== undefined && size > maxProperties)
    findings.add(tooManyOf(path, 'properties', size, maxProperties));
  for (const [key, member = null] of Object.entries(object)) {
    if (own(schema.properties, key) !== undefined) continue;
    if (schema.additionalProperties === false) findings.add(forbiddenMember(path, key));
    const additional = additionalSchema(schema);
    if (additional === undefined) continue;
    findings.merge(checkPart(member, additional, { path: `${path}.${key}`, correlation: ofMember(correlation, key) }));
  }
  for (const [key, property] of Object.entries(schema.properties ?? {}))
    findings.merge(checkProperty(own(object, key), key, property, { path, correlation }));
  for (const key of schema.required ?? []) if (!Object.hasOwn(object, key)) findings.add(missing(`${path}.${key}`));
  return findings;
}

function checkProperty(value: Json | undefined, key: string, schema: Schema, { path, correlation }: Place): Findings {
  if (value === undefined) return new Findings();
  return checkPart(value, schema, {
    path: path === '' ? key : `${path}.${key}`,
    correlation: ofMember(correlation, key),
  });
}

function forbiddenMember(path: string, key: string): ReturnType<typeof wrong> {
  const text = `${path}.${key} in body is a forbidden property`;
  return {
    text,
    cause: (base) => ({ ...wrong(path, key, '').cause(base), message: `Invalid value: "${key}": ${text}` }),
  };
}
