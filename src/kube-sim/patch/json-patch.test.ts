import { describe, expect, it } from 'vitest';
import type { Json } from '../object.ts';
import { decodeJsonPatch, type JsonPatchOperation } from './decode-patch.ts';
import { jsonPatch } from './json-patch.ts';

const OBJECT = { spec: { cpus: 12, tags: ['a', 'b'], 'a/b~c': 1 } };

// Rows checked against the library behind a real server.
const DONE: readonly (readonly [about: string, operations: readonly JsonPatchOperation[], spec: Json])[] = [
  [
    'tests, replaces and adds (recording 071)',
    [
      { op: 'test', path: '/spec/cpus', value: 12 },
      { op: 'replace', path: '/spec/cpus', value: 13 },
      { op: 'add', path: '/spec/args', value: ['x'] },
      { op: 'add', path: '/spec/args/-', value: 'y' },
    ],
    { ...OBJECT.spec, cpus: 13, args: ['x', 'y'] },
  ],
  [
    'adds before the index, counted from the end too',
    [{ op: 'add', path: '/spec/tags/-2', value: 'x' }],
    { ...OBJECT.spec, tags: ['a', 'x', 'b'] },
  ],
  ['removes the last item', [{ op: 'remove', path: '/spec/tags/-1' }], { ...OBJECT.spec, tags: ['a'] }],
  ['replaces a member that is not there', [{ op: 'replace', path: '/spec/new', value: 1 }], { ...OBJECT.spec, new: 1 }],
  ['reads ~0 and ~1', [{ op: 'remove', path: '/spec/a~1b~0c' }], { cpus: 12, tags: ['a', 'b'] }],
  ['moves', [{ op: 'move', from: '/spec/cpus', path: '/spec/tags/0' }], { tags: [12, 'a', 'b'], 'a/b~c': 1 }],
  ['copies', [{ op: 'copy', from: '/spec/tags', path: '/spec/cpus' }], { ...OBJECT.spec, cpus: ['a', 'b'] }],
  ['finds that what is not there is null', [{ op: 'test', path: '/spec/none', value: null }], OBJECT.spec],
];

const IMPOSSIBLE: readonly JsonPatchOperation[] = [
  { op: 'test', path: '/spec/cpus', value: 99 },
  { op: 'remove', path: '/spec/nothing' },
  { op: 'add', path: '/none/a', value: 1 },
  { op: 'add', path: '/spec/tags/3', value: 1 },
  { op: 'add', path: '/spec/tags/x', value: 1 },
  { op: 'replace', path: '', value: [] },
  { op: 'add', path: 'spec', value: 1 },
  { op: 'frobnicate', path: '/spec' },
  { op: 'test', path: '/spec/cpus/deep', value: null },
];

describe('a JSON patch', () => {
  it.each(DONE)('%s', (_about, operations, spec) => {
    expect(jsonPatch(OBJECT, operations)).toEqual({ spec });
  });

  it.each(IMPOSSIBLE)('%j is impossible, and why is not said', (operation) => {
    const answer = {
      code: 422,
      message: 'the server rejected our request due to an error in our request',
      details: {},
    };
    expect(() => jsonPatch(OBJECT, [operation])).toThrow(expect.objectContaining(answer));
  });

  it('has at most 10,000 operations', () => {
    const operations = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/spec/cpus', value: 12 }));
    const message = 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001';
    expect(() => jsonPatch(OBJECT, operations)).toThrow(expect.objectContaining({ code: 413, message }));
  });

  it.each([
    ['{"op":"remove"}', 'json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    ['[1]', 'json: cannot unmarshal number into Go value of type handlers.jsonPatchOp'],
    ['[{"op":1}]', 'json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string'],
  ])('%s is none (recording 074)', (text, why) => {
    const message = `error decoding patch: ${why}`;
    expect(() => decodeJsonPatch(text)).toThrow(expect.objectContaining({ code: 400, reason: 'BadRequest', message }));
  });

  it('tells what a strict server refuses', () => {
    const { strictErrors } = decodeJsonPatch('[{"op":"add","op":"add","path":"/a","wat":1}]');
    expect(strictErrors).toEqual(['json patch duplicate field "[0].op"', 'json patch unknown field "[0].wat"']);
  });
});
