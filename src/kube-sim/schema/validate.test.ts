import { describe, expect, it, test } from 'vitest';
import { causeText } from '../causes.ts';
import type { Json } from '../object.ts';
import type { Schema } from './schema.ts';
import { validate } from './validate.ts';

const of = (spec: Schema): Schema => ({ type: 'object', properties: { spec } });
const list = (more: Partial<Schema>): Schema => of({ type: 'array', items: { type: 'string' }, ...more });

// Rows checked against k8s.io/apiextensions-apiserver 0.32.
const FAULTS: readonly (readonly [schema: Schema, spec: Json, fault: string])[] = [
  [of({ type: 'string' }), 5, 'spec: Invalid value: "integer": spec in body must be of type string: "integer"'],
  [of({ type: 'integer' }), 2.5, 'spec: Invalid value: "number": spec in body must be of type integer: "number"'],
  [of({ type: 'string' }), null, 'spec: Invalid value: "null": spec in body must be of type string: "null"'],
  [
    of({ type: 'integer', minimum: 1, exclusiveMinimum: true }),
    1,
    'spec: Invalid value: 1: spec in body should be greater than 1',
  ],
  [
    of({ type: 'number', maximum: 1.5 }),
    2.5,
    'spec: Invalid value: 2.5: spec in body should be less than or equal to 1.5',
  ],
  [of({ type: 'integer', multipleOf: 2 }), 3, 'spec: Invalid value: 3: spec in body should be a multiple of 2'],
  [of({ type: 'string', minLength: 2 }), 'é', 'spec: Invalid value: "é": spec in body should be at least 2 chars long'],
  [of({ type: 'string', maxLength: 1 }), 'ab', 'spec: Too long: may not be more than 1 bytes'],
  [of({ type: 'string', pattern: '^a' }), 'b"', String.raw`spec: Invalid value: "b\"": spec in body should match '^a'`],
  [of({ type: 'string', format: 'ipv4' }), 'x', 'spec: Invalid value: "x": spec in body must be of type ipv4: "x"'],
  [of({ type: 'integer', enum: [1, 2] }), 3, 'spec: Unsupported value: 3: supported values: "1", "2"'],
  [list({ minItems: 1 }), [], 'spec: Invalid value: 0: spec in body should have at least 1 items'],
  [list({ maxItems: 0 }), ['a'], 'spec: Too many: 1: must have at most 0 items'],
  [list({}), [1], 'spec[0]: Invalid value: "integer": spec[0] in body must be of type string: "integer"'],
  [list({ 'x-kubernetes-list-type': 'set' }), ['a', 'a'], 'spec[1]: Duplicate value: "a"'],
  [
    of({ type: 'object', minProperties: 1 }),
    {},
    'spec: Invalid value: 0: spec in body should have at least 1 properties',
  ],
  [of({ type: 'object', required: ['a'] }), {}, 'spec.a: Required value'],
  [
    of({ type: 'object', not: { required: ['a'] } }),
    { a: 1 },
    '<nil>: Invalid value: "": "spec" must not validate the schema (not)',
  ],
  [
    of({ type: 'string', oneOf: [{ minLength: 1 }, { maxLength: 5 }] }),
    'ab',
    '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ],
];

const NOT_CHECKED =
  '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; ' +
  'correct the existing errors to complete validation';

describe('validation', () => {
  it.each(FAULTS)('%j, %j: %s', (schema, spec, fault) => {
    expect(validate({ spec }, schema).map(causeText)).toEqual([fault]);
  });

  const ruled = of({ type: 'integer', minimum: 1, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] });

  it('says that rules were not checked after faults that keep a server from them', () => {
    expect(validate({ spec: 'x' }, ruled).map(causeText).at(-1)).toBe(NOT_CHECKED);
    expect(validate({ spec: 0 }, ruled).map(causeText)).toHaveLength(1);
  });

  it('tells what is wrong with the metadata first', () => {
    const metadata = [{ reason: 'FieldValueTooLong', message: 'Too long', field: 'metadata.annotations' }];
    const told = validate({ spec: 1 }, ruled, { metadata }).map(causeText);
    expect(told).toEqual(['metadata.annotations: Too long', NOT_CHECKED]);
  });

  it('forgives what was wrong before and is as it was', () => {
    const schema = of({ type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } });
    const old = { spec: { a: 1, b: 'x' } };
    expect(validate({ spec: { a: 1, b: 'y' } }, schema, { old })).toEqual([]);
    expect(validate({ spec: { a: 2, b: 'x' } }, schema, { old })).toHaveLength(1);
  });

  it('asks a write of the status about nothing else, and names fields from there on', () => {
    const schema: Schema = {
      type: 'object',
      required: ['spec'],
      properties: { status: { type: 'object', properties: { phase: { type: 'string' } } } },
    };
    const [cause] = validate({ status: { phase: 1 } }, schema, { subresource: 'status' });
    expect(cause).toMatchObject({ field: 'status.phase' });
    expect(cause?.message).toBe('Invalid value: "integer": phase in body must be of type string: "integer"');
  });
});

test('an address may have zeros before a number', () => {
  const schema = { type: 'string', format: 'ipv4' } as const;
  expect(validate('01.2.003.4', schema)).toEqual([]);
  expect(validate('01.2.3', schema)).toHaveLength(1);
});
