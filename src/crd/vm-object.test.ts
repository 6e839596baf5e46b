import { describe, expect, it } from 'vitest';
import { parseVmObjects } from './vm-object.ts';

const vm = (name: string, more = ''): string =>
  `{"apiVersion":"infra.virtrigaud.io/v1beta1","kind":"VirtualMachine","metadata":{"name":"${name}","namespace":"team-a","uid":"u-${name}"}${more}}`;
const ref = ',"spec":{"providerRef":{"name":"prod"}},"status":{"id":"100","extra":{}}';

describe('VirtualMachines as kubectl prints them', () => {
  it('are read with their id and Provider, whose namespace is their own where none is said', () => {
    const elsewhere = ',"spec":{"providerRef":{"name":"prod","namespace":"infra"}},"status":{"id":""}';
    expect(parseVmObjects(`${vm('web', ref)}\n---\n${vm('db', elsewhere)}\n---\n${vm('new')}`)).toEqual([
      { name: 'web', namespace: 'team-a', uid: 'u-web', id: '100', provider: 'team-a/prod' },
      { name: 'db', namespace: 'team-a', uid: 'u-db', id: undefined, provider: 'infra/prod' },
      { name: 'new', namespace: 'team-a', uid: 'u-new', id: undefined, provider: undefined },
    ]);
  });

  it.each([
    [
      'a List',
      `{"apiVersion":"v1","kind":"List","metadata":{},"items":[${vm('web', ref)},{"apiVersion":"v1","kind":"Pod"}]}`,
    ],
    [
      'a typed list, whose items need not say what they are',
      'apiVersion: infra.virtrigaud.io/v1beta1\nkind: VirtualMachineList\nitems:\n- metadata: {name: web, namespace: team-a, uid: u-web}\n  spec: {providerRef: {name: prod}}\n  status: {id: "100"}\n',
    ],
  ])('are read from %s', (_what, text) => {
    expect(parseVmObjects(text)).toMatchObject([{ name: 'web', namespace: 'team-a', id: '100' }]);
  });

  it.each([
    ['what is no YAML', 'a: [', /document 1: not YAML or JSON/],
    ['a table', 'NAME  READY\nweb   True\n', /document 1: it is no object of Kubernetes/],
    ['an object without a name', vm('').replace('"name":"",', ''), /document 1: metadata\.name/],
    ['an id that is no text', vm('web', ',"status":{"id":100}'), /document 1: status\.id/],
  ])('are not guessed from %s', (_what, text, message) => {
    expect(() => parseVmObjects(text)).toThrow(message);
  });
});
