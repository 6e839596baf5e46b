import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../object.ts';
import { decodeMergePatch } from './decode-patch.ts';
import { mergePatch } from './merge.ts';

// Rows checked against the library behind a real server.
const ROWS: readonly (readonly [about: string, object: JsonObject, patch: JsonObject, result: JsonObject])[] = [
  [
    'objects are merged, null takes out',
    { a: { b: 1, c: 2 }, d: 3 },
    { a: { b: null, e: 4 } },
    { a: { c: 2, e: 4 }, d: 3 },
  ],
  ['lists are put in the place of lists', { a: [1, 2] }, { a: [3] }, { a: [3] }],
  ['what is new has no nulls', {}, { a: { b: null, c: [{ d: null, e: 1 }] } }, { a: { c: [{ e: 1 }] } }],
  ['a list that replaces an object keeps its nulls', { a: {} }, { a: [{ d: null }] }, { a: [{ d: null }] }],
  ['null for what is not there says nothing', { a: 1 }, { b: null }, { a: 1 }],
];

describe('a JSON merge patch', () => {
  it.each(ROWS)('%s', (_about, object, patch, result) => {
    expect(mergePatch(object, patch)).toEqual(result);
  });

  it.each([
    ['[1]', 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['{"a"', 'error decoding patch: unexpected end of JSON input'],
  ])('%s is none', (text, message) => {
    expect(() => decodeMergePatch(text)).toThrow(expect.objectContaining({ code: 400, reason: 'BadRequest', message }));
  });
});
