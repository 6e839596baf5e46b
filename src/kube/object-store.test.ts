import { expect, test } from 'vitest';
import type { KubeObject } from './object.ts';
import { type Change, createObjectStore } from './object-store.ts';

/** `a/web u1 v5`: namespace/name, uid, resourceVersion. */
function object(text: string): KubeObject {
  const [where = '', uid = '', version = ''] = text.split(' ');
  const [namespace, name = ''] = where.startsWith('/') ? [undefined, where.slice(1)] : where.split('/');
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion: version };
  return { apiVersion: 'v1', kind: 'Thing', metadata: { ...metadata, creationTimestamp: '' } };
}

function text({ metadata: { namespace = '', name, uid, resourceVersion } }: KubeObject): string {
  return `${namespace}/${name} ${uid} ${resourceVersion}`;
}

function told(changes: readonly Change[]): string[] {
  return changes.map(({ next, previous }) => `${previous ? text(previous) : '-'} > ${next ? text(next) : '-'}`);
}

function storeOf(...texts: readonly string[]) {
  const store = createObjectStore();
  store.replace(texts.map(object));
  return store;
}

test.each([
  ['a new one', 'a/db u2 v1', ['- > a/db u2 v1']],
  ['a change', 'a/web u1 v6', ['a/web u1 v5 > a/web u1 v6']],
  ['what is known', 'a/web u1 v5', []],
  ['another one of its name', 'a/web u9 v9', ['a/web u1 v5 > -', '- > a/web u9 v9']],
  ['one of its name elsewhere', 'b/web u3 v1', ['- > b/web u3 v1']],
])('%s comes', (_what, comes, changes) => {
  const store = storeOf('a/web u1 v5');
  expect(told(store.put(object(comes)))).toEqual(changes);
  expect(text(store.get(object(comes).metadata) ?? object(''))).toBe(comes);
});

test.each([
  ['as it was at last', 'a/web u1 v8', ['a/web u1 v8 > -'], 0],
  ['that is another one', 'a/web u0 v3', [], 1],
  ['that is not known', 'a/db u2 v3', [], 1],
])('one goes %s', (_what, goes, changes, left) => {
  const store = storeOf('a/web u1 v5');
  expect(told(store.remove(object(goes)))).toEqual(changes);
  expect(store.list()).toHaveLength(left);
});

test('a list tells what is gone, what is another one, what has changed and what is new', () => {
  const store = storeOf('a/gone u1 v1', 'a/again u2 v1', 'b/same u3 v1', 'b/other u4 v1', '/node u5 v1');
  const now = ['a/again u9 v7', 'b/same u3 v1', 'b/other u4 v2', 'c/new u6 v3', '/node u5 v1'];
  expect(told(store.replace(now.map(object)))).toEqual([
    'a/gone u1 v1 > -',
    'a/again u2 v1 > -',
    '- > a/again u9 v7',
    'b/other u4 v1 > b/other u4 v2',
    '- > c/new u6 v3',
  ]);
  expect(store.list().map(text).toSorted()).toEqual(now.toSorted());
  expect(store.list('b').map(text)).toEqual(['b/same u3 v1', 'b/other u4 v2']);
  expect(store.list('nowhere')).toEqual([]);
});
