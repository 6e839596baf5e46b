import { describe, expect, it } from 'vitest';
import type { Schema } from './schema.ts';
import { structuralErrors } from './structural-errors.ts';

const inSpec = (spec: Schema): Schema => ({ type: 'object', properties: { spec } });
const SPEC = 'schema.properties[spec]';

// Texts of k8s.io/apiextensions-apiserver 0.32.
const REFUSED: readonly (readonly [about: string, schema: Schema, error: string])[] = [
  [
    'a type that is none',
    inSpec({ type: 'null' as 'string' }),
    `${SPEC}.type: Forbidden: type cannot be set to null, use nullable as an alternative`,
  ],
  [
    'another type that is none',
    inSpec({ type: 'text' as 'string' }),
    `${SPEC}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`,
  ],
  ['a reference', inSpec({ $ref: '#/definitions/a' } as Schema), `${SPEC}.$ref: Forbidden: $ref is not supported`],
  [
    'patterns for names',
    { type: 'object', additionalProperties: { type: 'object', patternProperties: { a: {} } } as Schema },
    'schema.additionalProperties.patternProperties: Forbidden: patternProperties is not supported',
  ],
  [
    'several schemas of items',
    inSpec({ type: 'array', items: [{ type: 'string' }] as Schema }),
    `${SPEC}.items: Forbidden: items must be a schema object and not an array`,
  ],
  [
    'unknown fields not preserved',
    inSpec({ 'x-kubernetes-preserve-unknown-fields': false }),
    `${SPEC}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`,
  ],
  [
    'an empty rule',
    inSpec({ type: 'string', 'x-kubernetes-validations': [{ rule: '' }] }),
    `${SPEC}.x-kubernetes-validations[0].rule: Required value: rule is not specified`,
  ],
  ['no type at the root', {}, 'schema.type: Required value: must not be empty at the root'],
  [
    'another type at the root',
    { type: 'array', items: { type: 'string' } },
    'schema.type: Invalid value: "array": must be object at the root',
  ],
  ['a field without a type', inSpec({}), `${SPEC}.type: Required value: must not be empty for specified object fields`],
  ['a list without items', inSpec({ type: 'array' }), `${SPEC}.items: Required value: must be specified`],
  [
    'a combination that describes',
    inSpec({ type: 'string', anyOf: [{ type: 'string' }] }),
    `${SPEC}.anyOf[0].type: Forbidden: must be empty to be structural`,
  ],
  [
    'a combination that restricts what is nowhere',
    { type: 'object', not: { properties: { a: { minimum: 1 } } } },
    'schema.properties[a]: Required value: because it is defined in schema.not.properties[a]',
  ],
  [
    'unique items',
    inSpec({ type: 'array', uniqueItems: true, items: { type: 'string' } }),
    `${SPEC}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
  ],
  [
    'a list of type map without keys',
    inSpec({ type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } }),
    `${SPEC}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
  ],
  [
    'a key that an item need not have',
    inSpec({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: { type: 'object', properties: { name: { type: 'string' } } },
    }),
    `${SPEC}.items.properties[name].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
  ],
  [
    'properties beside a map',
    inSpec({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } }),
    `${SPEC}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
  ],
  [
    'more than names in metadata',
    { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
    'schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
  ],
  [
    'a wrong default',
    inSpec({ type: 'integer', default: 'x' }),
    `${SPEC}.default: Invalid value: "string":  in body must be of type integer: "string"`,
  ],
];

const ACCEPTED: readonly (readonly [about: string, schema: Schema])[] = [
  [
    'integer or string, said as always',
    inSpec({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
  ],
  ['a free field', inSpec({ 'x-kubernetes-preserve-unknown-fields': true })],
  [
    'names in metadata',
    {
      type: 'object',
      properties: { metadata: { type: 'object', properties: { name: { type: 'string', pattern: '^a' } } } },
    },
  ],
  [
    'a default with defaults of its own',
    inSpec({ type: 'object', default: {}, properties: { a: { type: 'string', default: 'b' } } }),
  ],
];

describe('a schema with', () => {
  it.each(REFUSED)('%s is not structural', (_about, schema, error) => {
    const errors = structuralErrors(schema, 'schema').map(({ field, message }) => `${field}: ${message}`);
    expect(errors).toContain(error);
  });

  it.each(ACCEPTED)('%s is structural', (_about, schema) => {
    expect(structuralErrors(schema, 'schema')).toEqual([]);
  });
});
