// What a schema within anyOf, oneOf, allOf and not may say: it restricts, and describes nothing.
import { forbidden, invalid, required } from '../causes.ts';
import { isDeepStrictEqual } from 'node:util';
import { own } from '../own.ts';
import type { Cause } from '../status.ts';
import { goPatternError } from './go-pattern-error.ts';
import type { Schema } from './schema.ts';

const INT_OR_STRING: readonly Schema[] = [{ type: 'integer' }, { type: 'string' }];

/** Of the combinations of a schema; the way of saying "integer or string" in them is allowed. */
export function combinationErrors(schema: Schema, path: string): Cause[] {
  const [first] = schema.allOf ?? [];
  const isAllowedFirst = isDeepStrictEqual(first?.anyOf, INT_OR_STRING);
  return [
    ...wrongPattern(schema, path),
    ...combinations(schema, path).flatMap(({ part, at, kind, index }) => {
      if (kind === 'anyOf' && isDeepStrictEqual(schema.anyOf, INT_OR_STRING)) return [];
      return restrictionErrors(kind === 'allOf' && index === 0 && isAllowedFirst ? without(part) : part, at);
    }),
  ];
}

function without(schema: Schema): Schema {
  const { anyOf: _, ...rest } = schema;
  return rest;
}

interface Combination {
  readonly kind: string;
  readonly index: number;
  readonly part: Schema;
  readonly at: string;
}

function combinations(schema: Schema, path: string): Combination[] {
  const listed = (['anyOf', 'allOf', 'oneOf'] as const).flatMap((kind) =>
    (schema[kind] ?? []).map((part, index) => ({ kind, index, part, at: `${path}.${kind}[${index}]` })),
  );
  return schema.not === undefined
    ? listed
    : [...listed, { kind: 'not', index: 0, part: schema.not, at: `${path}.not` }];
}

function wrongPattern({ pattern }: Schema, path: string): Cause[] {
  const error = pattern === undefined ? undefined : goPatternError(pattern);
  if (pattern === undefined || error === undefined) return [];
  const detail = `must be a valid regular expression, but isn't: error parsing regexp: ${error}`;
  return [invalid(`${path}.pattern`, pattern, detail)];
}

/** What it has and must not have, with the text for it. */
const DESCRIBES: readonly (readonly [name: keyof Schema, detail: string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
];

function restrictionErrors(schema: Schema, path: string): Cause[] {
  const described = DESCRIBES.filter(
    ([name]) => schema[name] !== undefined && schema[name] !== false && schema[name] !== '',
  );
  const { items, properties = {} } = schema;
  return [
    ...described.map(([name, detail]) => forbidden(`${path}.${name}`, detail)),
    ...(own(properties, 'metadata') === undefined
      ? []
      : [forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context')]),
    ...combinationErrors(schema, path),
    ...(items === undefined ? [] : restrictionErrors(items, `${path}.items`)),
    ...Object.entries(properties).flatMap(([key, part]) => restrictionErrors(part, `${path}.properties[${key}]`)),
  ];
}

/** Whatever a combination restricts has to be there outside of it. Asked of the root's combinations alone. */
export function incompleteCombinations(within: Schema, schema: Schema, path: string, at: string): Cause[] {
  return combinations(within, at).flatMap(({ part, at: place }) => incomplete(part, schema, path, place));
}

function incomplete(part: Schema, schema: Schema | undefined, path: string, at: string): Cause[] {
  if (schema === undefined) return [required(path, `because it is defined in ${at}`)];
  return [
    ...incompleteCombinations(part, schema, path, at),
    ...(part.items === undefined ? [] : incomplete(part.items, schema.items, `${path}.items`, `${at}.items`)),
    ...Object.entries(part.properties ?? {}).flatMap(([key, property]) => {
      const [place, placeAt] = [`${path}.properties[${key}]`, `${at}.properties[${key}]`];
      return incomplete(property, own(schema.properties, key), place, placeAt);
    }),
  ];
}
