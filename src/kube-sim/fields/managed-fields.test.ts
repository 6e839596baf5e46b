import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject, ManagedFieldsEntry } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { withManagedFields } from './managed-fields.ts';

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        cpus: { type: 'integer' },
        args: { type: 'array', items: { type: 'string' } },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        disks: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: { type: 'object', properties: { name: { type: 'string' }, size: { type: 'integer' } } },
        },
      },
    },
    status: { type: 'object', properties: { phase: { type: 'string' } } },
  },
};
const FIRST = '2026-01-01T00:00:00Z';
const LATER = '2026-01-02T00:00:00Z';

function object(spec: JsonObject, more: JsonObject = {}, metadata: JsonObject = {}): KubeObject {
  return {
    apiVersion: 'e.test/v1',
    kind: 'K',
    metadata: { name: 'x', ...metadata },
    spec,
    ...more,
  } as unknown as KubeObject;
}

function written(
  manager: string,
  after: KubeObject,
  before?: KubeObject,
  more: { subresource?: string; wanted?: KubeObject } = {},
): KubeObject {
  const time = before === undefined ? FIRST : LATER;
  return withManagedFields({ before, after, manager, time, schema: SCHEMA, apiVersion: 'e.test/v1', ...more });
}

function owned({ metadata }: KubeObject): Record<string, JsonObject> {
  return Object.fromEntries((metadata.managedFields ?? []).map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
}

describe('managedFields', () => {
  const spec = { cpus: 2, args: ['x'], tags: ['t'], disks: [{ name: 'root', size: 1 }] };
  const created = written('one', object(spec, {}, { labels: { a: 'b' } }));

  it('name all of a new object, lists by what they are', () => {
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'one',
        operation: 'Update',
        apiVersion: 'e.test/v1',
        time: FIRST,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
          'f:spec': {
            '.': {},
            'f:args': {},
            'f:cpus': {},
            'f:disks': { '.': {}, 'k:{"name":"root"}': { '.': {}, 'f:name': {}, 'f:size': {} } },
            'f:tags': { '.': {}, 'v:"t"': {} },
          },
        },
      },
    ]);
  });

  it('follow whoever changed a value last; what stays as it was stays with its manager', () => {
    const after = written('two', object({ ...spec, cpus: 3, tags: ['t', 'u'] }, {}, { labels: { a: 'b' } }), created);
    expect(owned(after)['two']).toEqual({ 'f:spec': { 'f:cpus': {}, 'f:tags': { 'v:"u"': {} } } });
    expect(owned(after)['one']?.['f:spec']).not.toHaveProperty('f:cpus');
    expect(after.metadata.managedFields?.map(({ time }) => time)).toEqual([FIRST, LATER]);
  });

  it('forget a manager who has nothing left, and what is gone', () => {
    const one = written('one', object({ cpus: 2 }));
    expect(Object.keys(owned(written('two', object({ cpus: 3 }), one)))).toEqual(['one', 'two']);
    expect(owned(written('two', object({}), one))).toEqual({ one: { 'f:spec': {} } });
  });

  it('are as they were after a write that changes nothing', () => {
    expect(written('one', { ...created }, created)).toEqual(created);
  });

  it('of a write of the status are apart, and never of the spec', () => {
    const wanted = object({ ...spec, cpus: 99 }, { status: { phase: 'Up' } }, { labels: { a: 'b', ignored: 'yes' } });
    const after = { ...created, status: { phase: 'Up' } } as KubeObject;
    const entry = written('two', after, created, { subresource: 'status', wanted }).metadata.managedFields?.at(-1);
    expect(entry).toMatchObject({ manager: 'two', subresource: 'status' });
    expect(entry?.fieldsV1).toEqual({
      'f:metadata': { 'f:labels': { 'f:ignored': {} } },
      'f:status': { '.': {}, 'f:phase': {} },
    });
  });

  it('may be set by a client, cleared by it, and are not what makes no sense', () => {
    const given: ManagedFieldsEntry = {
      manager: 'me',
      operation: 'Apply',
      apiVersion: 'e.test/v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:cpus': {} } },
    };
    const put = (managedFields: readonly JsonObject[]): unknown =>
      owned(written('one', object(spec, {}, { labels: { a: 'b' }, managedFields }), created));
    expect(put([given])).toEqual({ me: given.fieldsV1 });
    expect(put([{}])).toEqual({});
    expect(put([{ ...given, fieldsType: 'FieldsV9' }])).toEqual(owned(created));
  });

  it('of more than ten updaters put the oldest ones together', () => {
    let stored = created;
    for (let round = 0; round < 12; round += 1)
      stored = written(`m${round}`, object({ ...spec, [`x${round}`]: 1, ...(stored['spec'] as JsonObject) }), stored);
    const managers = (stored.metadata.managedFields ?? []).map(({ manager }) => manager);
    expect(managers).toHaveLength(10);
    expect(managers).toContain('ancient-changes');
  });
});
