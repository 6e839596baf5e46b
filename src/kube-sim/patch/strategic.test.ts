import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { strategicPatch } from './strategic.ts';

const CONTAINERS: Schema = {
  type: 'object',
  properties: {
    data: { type: 'object', additionalProperties: { type: 'string' } },
    items: {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string' }, image: { type: 'string' } } },
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
    },
    args: { type: 'array', items: { type: 'string' } },
    strategy: { type: 'object', 'x-kubernetes-patch-strategy': 'retainKeys', properties: {} },
  },
};
const OBJECT: JsonObject = {
  metadata: { name: 'x', finalizers: ['a', 'b'] },
  data: { k: 'v', l: 'w' },
  items: [
    { name: 'one', image: '1' },
    { name: 'two', image: '2' },
  ],
  args: ['x'],
  strategy: { type: 'Rolling', rolling: {} },
};

// Rows checked against the library of a real server.
const ROWS: readonly (readonly [about: string, patch: JsonObject, changes: JsonObject])[] = [
  ['members are merged, null takes out', { data: { k: null, m: 'n' } }, { data: { l: 'w', m: 'n' } }],
  [
    'items are merged by their key, new ones come first',
    {
      items: [
        { name: 'two', image: '3' },
        { name: 'new', image: null },
      ],
    },
    { items: [{ name: 'one', image: '1' }, { name: 'two', image: '3' }, { name: 'new' }] },
  ],
  ['an item is deleted', { items: [{ name: 'one', $patch: 'delete' }] }, { items: [{ name: 'two', image: '2' }] }],
  ['a list is replaced', { items: [{ $patch: 'replace' }, { name: 'only' }] }, { items: [{ name: 'only' }] }],
  ['an object is replaced', { data: { $patch: 'replace', z: '1' } }, { data: { z: '1' } }],
  ['a list that is not merged is put in its place', { args: ['y'] }, { args: ['y'] }],
  [
    'texts are added once',
    { metadata: { finalizers: ['b', 'c'] } },
    { metadata: { name: 'x', finalizers: ['a', 'b', 'c'] } },
  ],
  [
    'texts are taken out',
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
    { metadata: { name: 'x', finalizers: ['b'] } },
  ],
  [
    'the order of items is set',
    { '$setElementOrder/items': [{ name: 'two' }, { name: 'one' }], items: [{ name: 'one', image: '9' }] },
    {
      items: [
        { name: 'two', image: '2' },
        { name: 'one', image: '9' },
      ],
    },
  ],
  [
    'only some members stay',
    { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    { strategy: { type: 'Recreate' } },
  ],
];

describe('a strategic merge patch', () => {
  it.each(ROWS)('%s', (_about, patch, changes) => {
    expect(strategicPatch(OBJECT, patch, CONTAINERS)).toEqual({ ...OBJECT, ...changes });
  });

  it.each([
    [{ data: { $patch: 'frobnicate' } }, 500],
    [{ items: [{ image: '1' }] }, 500],
    [{ strategy: { $retainKeys: 'type' } }, 400],
    [{ '$setElementOrder/items': 1 }, 400],
  ] as const)('%j is refused', (patch, code) => {
    expect(() => strategicPatch(OBJECT, patch, CONTAINERS)).toThrow(expect.objectContaining({ code }));
  });
});
