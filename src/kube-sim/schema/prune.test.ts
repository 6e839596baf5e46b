import { describe, expect, it } from 'vitest';
import type { Json } from '../object.ts';
import { prune } from './prune.ts';
import type { Schema } from './schema.ts';

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        pool: { type: 'string' },
        note: { type: 'string', nullable: true },
        cpus: { type: 'integer', default: 2 },
        options: { type: 'object', additionalProperties: { type: 'string' } },
        disks: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
        free: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { known: { type: 'object' } },
        },
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
    },
  },
};

const TAKEN_OUT: readonly (readonly [about: string, value: Json, unknown: readonly string[], left: Json])[] = [
  [
    'unknown fields at every depth, in order',
    { spec: { pool: 'red', nope: 1, disks: [{ name: 'a', wat: 2 }] } },
    ['spec.disks[0].wat', 'spec.nope'],
    { spec: { pool: 'red', disks: [{ name: 'a' }] } },
  ],
  [
    'those in metadata first',
    { apiVersion: 'v1', kind: 'K', metadata: { bogus: 1, name: 'v4', labels: { any: 'x' } }, extra: 1 },
    ['metadata.bogus', 'extra'],
    { apiVersion: 'v1', kind: 'K', metadata: { name: 'v4', labels: { any: 'x' } } },
  ],
  ['no key of a map', { spec: { options: { a: 'b' } } }, [], { spec: { options: { a: 'b' } } }],
  [
    'nothing in an object that keeps what it does not know, but in what it knows',
    { spec: { free: { any: { thing: 1 }, known: { not: 1 } } } },
    ['spec.free.known.not'],
    { spec: { free: { any: { thing: 1 }, known: {} } } },
  ],
  [
    'what is no metadata in an embedded object',
    { spec: { template: { kind: 'K', metadata: { name: 'x', bogus: 1 }, any: 1 } } },
    ['spec.template.metadata.bogus'],
    { spec: { template: { kind: 'K', metadata: { name: 'x' }, any: 1 } } },
  ],
  [
    'null where it is neither allowed nor has a default (recording 184), without a word',
    { spec: { pool: null, note: null, cpus: null, free: { any: null } } },
    [],
    { spec: { note: null, cpus: null, free: { any: null } } },
  ],
  ['a field called as one that every object in JavaScript has', { constructor: 1 }, ['constructor'], {}],
];

describe('pruning takes out', () => {
  it.each(TAKEN_OUT)('%s', (_about, value, unknown, left) => {
    expect(prune(value, SCHEMA)).toEqual({ value: left, unknown });
  });
});
