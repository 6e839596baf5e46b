import { describe, expect, test } from 'vitest';
import { BUILT_IN_RESOURCES } from '../kinds/schemas/built-in-resources.ts';
import type { Json, KubeObject } from '../object.ts';
import type { PrinterColumn, Resource } from '../resource.ts';
import { parseIncludeObject, tableOf } from './table.ts';

const now = Date.parse('2001-02-03T04:10:06Z');

function object(kind: string, members: Record<string, Json>): KubeObject {
  const metadata = { name: 'a', uid: 'u', resourceVersion: '7', creationTimestamp: '2001-02-03T04:05:06Z' };
  return { apiVersion: 'v1', kind, metadata, ...members };
}

function builtIn(kind: string, group = ''): Resource {
  const resource = BUILT_IN_RESOURCES.find((one) => one.kind === kind && one.group === group);
  if (resource === undefined) throw new Error(`no ${kind}`);
  return resource;
}

/** Heads and cells that `kubectl get` prints, those of `-o wide` in brackets. */
function shown(resource: Resource, of: KubeObject): Record<string, unknown> {
  const table = tableOf([of], resource, { includeObject: 'None', now, resourceVersion: '7' });
  const columns = table['columnDefinitions'] as { name: string; priority: number }[];
  const [row] = table['rows'] as { cells: unknown[] }[];
  return Object.fromEntries(
    columns.map(({ name, priority }, index) => [priority > 0 ? `(${name})` : name, row?.cells[index]]),
  );
}

const EVENT = {
  type: 'Warning',
  reason: 'Failed',
  firstTimestamp: '2001-02-03T04:05:06Z',
  lastTimestamp: '2001-02-03T04:09:36Z',
  count: 3,
  involvedObject: { kind: 'VirtualMachine', name: 'vm1', fieldPath: 'spec' },
  source: { component: 'manager', host: 'n1' },
  message: 'no room\n',
};

describe('a table of a built-in kind', () => {
  test.each([
    ['Namespace', { status: { phase: 'Active' } }, { Name: 'a', Status: 'Active', Age: '5m' }],
    ['Secret', { type: 'Opaque', data: { a: 'YQ==', b: '' } }, { Name: 'a', Type: 'Opaque', Data: 2, Age: '5m' }],
    ['Secret', { type: 'Opaque' }, { Name: 'a', Type: 'Opaque', Data: 0, Age: '5m' }],
    ['ConfigMap', { data: { a: 'x' }, binaryData: { b: 'YQ==' } }, { Name: 'a', Data: 2, Age: '5m' }],
    ['ServiceAccount', {}, { Name: 'a', Secrets: 0, Age: '5m' }],
  ])('%s %j', (kind, members, cells) => {
    expect(shown(builtIn(kind), object(kind, members))).toEqual(cells);
  });

  test('Lease', () => {
    const lease = object('Lease', { spec: { holderIdentity: 'm-1' } });
    expect(shown(builtIn('Lease', 'coordination.k8s.io'), lease)).toEqual({ Name: 'a', Holder: 'm-1', Age: '5m' });
  });

  test('CustomResourceDefinition', () => {
    const crd = builtIn('CustomResourceDefinition', 'apiextensions.k8s.io');
    expect(shown(crd, object('CustomResourceDefinition', {}))).toEqual({
      Name: 'a',
      'Created At': '2001-02-03T04:05:06Z',
    });
  });

  test('Event', () => {
    expect(shown(builtIn('Event'), object('Event', EVENT))).toEqual({
      'Last Seen': '30s',
      Type: 'Warning',
      Reason: 'Failed',
      Object: 'virtualmachine/vm1',
      '(Subobject)': 'spec',
      '(Source)': 'manager, n1',
      Message: 'no room',
      '(First Seen)': '5m',
      '(Count)': 3,
      '(Name)': 'a',
    });
  });

  test('Event of events.k8s.io, which has a time and a note only', () => {
    const event = object('Event', {
      eventTime: '2001-02-03T04:10:00.000000Z',
      note: 'hi',
      reportingController: 'm',
      type: 'Normal',
    });
    expect(shown(builtIn('Event', 'events.k8s.io'), event)).toMatchObject({
      'Last Seen': '6s',
      Object: '',
      '(Source)': 'm',
      Message: 'hi',
      '(First Seen)': '6s',
      '(Count)': 1,
    });
  });
});

function withColumn(type: PrinterColumn['type'], jsonPath: string): Resource {
  return { ...builtIn('ConfigMap'), table: undefined as never, custom: true, columns: [{ name: 'C', type, jsonPath }] };
}

const CELLS: readonly (readonly [type: PrinterColumn['type'], value: Json, cell: Json])[] = [
  ['string', 'x', 'x'],
  ['string', 20, '20'],
  ['string', 0.5, '0.5'],
  ['string', true, 'true'],
  ['string', ['b', 1], '["b",1]'],
  ['string', { b: '<', a: 1 }, '{"a":1,"b":"\\u003c"}'],
  ['integer', 2, 2],
  ['integer', 2.7, 2],
  ['integer', '2', null],
  ['number', 2.5, 2.5],
  ['boolean', false, false],
  ['boolean', 'false', null],
  ['date', '2001-02-03T04:10:00Z', '6s'],
  ['date', '2001', '<invalid>'],
  ['date', '', '<unknown>'],
  ['date', 7, null],
];

describe('a column of a CRD', () => {
  test.each(CELLS)('of type %s shows %j as %j', (type, value, cell) => {
    expect(shown(withColumn(type, '.x'), object('X', { x: value }))).toEqual({ Name: 'a', C: cell });
  });

  test('whose path cannot be read stays empty', () => {
    expect(shown(withColumn('string', '.x['), object('X', { x: 1 }))).toEqual({ Name: 'a', C: null });
  });

  test('is the age where the CRD has none', () => {
    const resource = { ...withColumn('string', '.x'), columns: [] };
    expect(shown(resource, object('X', {}))).toEqual({ Name: 'a', Age: '5m' });
  });
});

describe('includeObject', () => {
  test.each([
    [undefined, 'Metadata'],
    ['', 'Metadata'],
    ['None', 'None'],
    ['Object', 'Object'],
  ])('%s means %s', (text, include) => {
    expect(parseIncludeObject(text)).toBe(include);
  });

  test('of another value is refused (recording 152)', () => {
    expect(() => parseIncludeObject('Wrong')).toThrow(
      "Unable to convert to Table as requested: includeObject: Invalid value: \"Wrong\": must be 'Metadata', 'Object', 'None', or empty",
    );
  });
});
