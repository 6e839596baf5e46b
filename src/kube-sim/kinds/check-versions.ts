// What a version of a CustomResourceDefinition says beside its schema: columns, paths of /scale, fields to select by.
import { isDeepStrictEqual } from 'node:util';
import { duplicate, invalid, required, tooMany } from '../causes.ts';
import type { Json, JsonObject } from '../object.ts';
import { own } from '../own.ts';
import type { Schema } from '../schema/schema.ts';
import { isList, isObject, textOf } from '../shape.ts';
import type { Cause } from '../status.ts';
import { members } from './own-kind.ts';

export function wrongVersion(version: JsonObject, index: number, versions: readonly JsonObject[]): Cause[] {
  // What all versions have is looked at once, and at the place where such a thing used to be.
  const at = (name: string): string | undefined => {
    const isShared = versions.every((other) => isDeepStrictEqual(other[name], version[name]));
    if (isShared) return index === 0 ? `spec.${name}` : undefined;
    return `spec.versions[${index}].${name}`;
  };
  const [columns, subresources, fields] = ['additionalPrinterColumns', 'subresources', 'selectableFields'].map(at);
  const { scale } = members(version['subresources']);
  const schema = members(version['schema'])['openAPIV3Schema'] as Schema | undefined;
  return [
    ...wrongWarning(version, `spec.versions[${index}].deprecationWarning`),
    ...(columns === undefined ? [] : each(version['additionalPrinterColumns'], columns, wrongColumn)),
    ...(subresources === undefined || !isObject(scale) ? [] : wrongScale(scale, `${subresources}.scale`)),
    ...(fields === undefined || schema === undefined ? [] : wrongFields(version['selectableFields'], schema, fields)),
  ];
}

function each(value: Json | undefined, at: string, check: (item: JsonObject, at: string) => Cause[]): Cause[] {
  return isList(value) ? value.flatMap((item, index) => check(members(item), `${at}[${index}]`)) : [];
}

const LONGEST_WARNING = 256;

function wrongWarning({ deprecated, deprecationWarning: text }: JsonObject, at: string): Cause[] {
  if (typeof text !== 'string') return [];
  const fault = (detail: string): Cause => invalid(at, text, detail);
  if (deprecated !== true) return [fault('can only be set for deprecated versions')];
  const unprintable = text.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u);
  const found = `non-printable character found at index ${unprintable}`;
  return [
    ...(Buffer.byteLength(text) > LONGEST_WARNING ? [fault('must be <= 256 characters long')] : []),
    ...(text === '' ? [fault('must not be an empty string')] : []),
    ...(unprintable < 0 ? [] : [fault(`must only contain printable UTF-8 characters; ${found}`)]),
  ];
}

const TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function wrongColumn(column: JsonObject, at: string): Cause[] {
  const [name, type, format, path] = ['name', 'type', 'format', 'jsonPath'].map((member) => textOf(column[member]));
  const ofTypes = `must be one of ${TYPES.join(',')}`;
  return [
    ...(name === '' ? [required(`${at}.name`)] : []),
    ...(type === '' ? [required(`${at}.type`, ofTypes)] : []),
    ...(type === undefined || type === '' || TYPES.includes(type) ? [] : [invalid(`${at}.type`, type, ofTypes)]),
    ...(format === undefined || format === '' || FORMATS.includes(format)
      ? []
      : [invalid(`${at}.format`, format, `must be one of ${FORMATS.join(',')}`)]),
    ...wrongPath(path ?? '', `${at}.JSONPath`),
  ];
}

function wrongPath(path: string, at: string): Cause[] {
  if (path === '') return [required(at)];
  return path.startsWith('.') ? [] : [invalid(at, path, 'must be a simple json path starting with .')];
}

function wrongScale(scale: JsonObject, at: string): Cause[] {
  const labels = textOf(scale['labelSelectorPath']);
  return [
    ...wrongPathUnder(textOf(scale['specReplicasPath']), ['.spec'], `${at}.specReplicasPath`),
    ...wrongPathUnder(textOf(scale['statusReplicasPath']), ['.status'], `${at}.statusReplicasPath`),
    ...(labels === '' ? [] : wrongPathUnder(labels, ['.spec', '.status'], `${at}.labelSelectorPath`)),
  ];
}

function wrongPathUnder(path: string, roots: readonly string[], at: string): Cause[] {
  const faults = wrongPath(path, at);
  if (faults.length > 0 || roots.some((root) => path.startsWith(`${root}.`))) return faults;
  const under = roots.length === 1 ? roots[0] : `either ${roots.join(' or ')}`;
  return [invalid(at, path, `should be a json path under ${under}`)];
}

const MOST_FIELDS = 8;
const SELECTABLE = ['string', 'boolean', 'integer'];

function wrongFields(fields: Json | undefined, schema: Schema, at: string): Cause[] {
  const known = new Set<string>();
  const faults = each(fields, at, ({ jsonPath }, item) =>
    wrongField(textOf(jsonPath), `${item}.jsonPath`, schema, known),
  );
  return known.size <= MOST_FIELDS ? faults : [...faults, tooMany(at, known.size, MOST_FIELDS)];
}

function wrongField(path: string, at: string, schema: Schema, known: Set<string>): Cause[] {
  if (path === '') return [required(at)];
  const fault = (detail: string): Cause[] => [invalid(at, path, detail)];
  if (path.includes('[')) return fault('is an invalid path: array notation is not allowed');
  const [first, ...steps] = path.split('.');
  const found = steps.reduce<Schema | undefined>((part, step) => own(part?.properties, step), schema);
  if (first !== '' || found === undefined) return fault('is an invalid path: does not refer to a valid field');
  const isAgain = known.has(path);
  known.add(path);
  return [
    ...(SELECTABLE.includes(found.type ?? '')
      ? []
      : fault(
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        )),
    ...(isAgain ? [duplicate(at, path)] : []),
  ];
}
