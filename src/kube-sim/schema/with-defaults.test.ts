import { describe, expect, it } from 'vitest';
import type { Json } from '../object.ts';
import type { Schema } from './schema.ts';
import { withDefaults } from './with-defaults.ts';

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    cpus: { type: 'integer', default: 2 },
    note: { type: 'string', nullable: true, default: 'none' },
    cache: { type: 'object', default: {}, properties: { mode: { type: 'string', default: 'none' } } },
    disks: { type: 'array', items: { type: 'object', properties: { bus: { type: 'string', default: 'scsi' } } } },
    sizes: { type: 'object', additionalProperties: { type: 'integer', default: 1 } },
    off: { type: 'object', properties: { deep: { type: 'string', default: 'x' } } },
    proto: { type: 'object', properties: { ['__proto__']: { type: 'string' } } },
  },
};
const FILLED = { cpus: 2, note: 'none', cache: { mode: 'none' } };

const ROWS: readonly (readonly [about: string, value: Json, result: Json])[] = [
  ['an empty object gets them, defaults of defaults too', {}, FILLED],
  [
    'what is there stays',
    { cpus: 8, cache: { mode: 'writeback' } },
    { ...FILLED, cpus: 8, cache: { mode: 'writeback' } },
  ],
  ['null is silence (recording 184) unless it is allowed', { cpus: null, note: null }, { ...FILLED, note: null }],
  [
    'every item of a list gets its own',
    { disks: [{}, { bus: 'sata' }] },
    { ...FILLED, disks: [{ bus: 'scsi' }, { bus: 'sata' }] },
  ],
  ['a null in a map is one', { sizes: { a: null, b: 3 } }, { ...FILLED, sizes: { a: 1, b: 3 } }],
  ['an object that is not there and has no default of its own stays away', { other: [1] }, { ...FILLED, other: [1] }],
];

describe('defaults', () => {
  it.each(ROWS)('%s', (_about, value, result) => {
    expect(withDefaults(value, SCHEMA)).toEqual(result);
  });

  it('leave the value they were given as it is', () => {
    const value = Object.freeze({ disks: Object.freeze([Object.freeze({})]) });
    expect(withDefaults(value, SCHEMA)).not.toBe(value);
  });
});
