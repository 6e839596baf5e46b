import { describe, expect, test } from 'vitest';
import type { Json } from '../object.ts';
import { parseJsonPath } from './json-path.ts';

const MACHINE: Json = {
  metadata: { name: 'a1', labels: { 'app.kubernetes.io/name': 'web', plain: 'x' } },
  spec: {
    cpus: 2,
    ratio: 0.5,
    on: true,
    note: null,
    disks: [
      { name: 'root', size: '10Gi', cache: { mode: 'none' } },
      { name: 'data', size: 20, boot: false },
      { name: 'more', size: 5 },
    ],
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
};

const PATHS: readonly (readonly [path: string, found: readonly Json[]])[] = [
  ['.metadata.name', ['a1']],
  ['$.metadata.name', ['a1']],
  ['metadata.name', ['a1']],
  ['.spec.nothing.deeper', []],
  ['.spec.note', [null]],
  ['.spec.disks[0].size', ['10Gi']],
  ['.spec.disks[-1].name', ['more']],
  ['.spec.disks[-2].name', ['data']],
  ['.spec.disks[7].name', []],
  ['.spec.disks[0:2].name', ['root', 'data']],
  ['.spec.disks[1:].name', ['data', 'more']],
  ['.spec.disks[::2].name', ['root', 'more']],
  ['.spec.disks[0,2].name', ['root', 'more']],
  ['.spec.disks[*].name', ['root', 'data', 'more']],
  ['.spec.disks.*.name', ['root', 'data', 'more']],
  ['.spec.disks.name', []],
  ['.metadata.labels.plain', ['x']],
  ['.metadata.labels.app\\.kubernetes\\.io/name', ['web']],
  [".metadata.labels['app.kubernetes.io/name']", ['web']],
  ['.metadata.labels["app.kubernetes.io/name"]', ['web']],
  [".metadata['name','labels']", ['a1', { 'app.kubernetes.io/name': 'web', plain: 'x' }]],
  ['..mode', ['none']],
  ['.spec..name', ['root', 'data', 'more']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  [".status.conditions[?(@.type=='Ready')].status", ['True']],
  ['.status.conditions[?(@.type == "Ready")].status', ['True']],
  ['.status.conditions[?(@.type!="Ready")].status', ['False']],
  ['.status.conditions[?(@.type=="None")].status', []],
  ['.spec.disks[?(@.boot==false)].name', ['data']],
  ['.spec.disks[?(@.boot)].name', ['data']],
  ['.spec.disks[?(@.size>10)].name', ['data']],
  ['.spec.disks[?(@.size<=5)].name', ['more']],
  ['.spec.disks[?(@.cache.mode=="none")].name', ['root']],
  ['.spec.constructor', []],
];

describe('a JSON path', () => {
  test.each(PATHS)('%s finds %j', (path, found) => {
    expect(parseJsonPath(path)(MACHINE)).toEqual(found);
  });

  test.each(['.spec[', '.spec[x]', '.spec.disks[?(@.a]', '.a b', '.[]'])('%s is none', (path) => {
    expect(() => parseJsonPath(path)).toThrow(SyntaxError);
  });

  test('that goes everywhere again and again comes to an end', () => {
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`m${index}`, { leaf: index }]));
    expect(parseJsonPath('..*'.repeat(8))(wide)).toEqual([]);
    expect(parseJsonPath('..m7..leaf')(wide)).toEqual([7]);
  });
});
