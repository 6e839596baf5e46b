import { describe, expect, test } from 'vitest';
import { manifestTitle, parseManifests } from './manifests.ts';

const VM = 'apiVersion: infra.virtrigaud.io/v1beta1\nkind: VirtualMachine\nmetadata:\n  name: web\n';

describe('a file of manifests', () => {
  test('gives its objects in order, with the document each came from', () => {
    const manifests = parseManifests(`# first\n---\n${VM}spec: {}\n---\n${VM.replace('web', 'db')}`);
    expect(manifests.map(manifestTitle)).toEqual(['VirtualMachine web (document 1)', 'VirtualMachine db (document 2)']);
    expect(manifests[0]).toMatchObject({ kind: 'VirtualMachine', metadata: { name: 'web' }, spec: {} });
  });

  test('may hold objects of any kind', () => {
    const [secret] = parseManifests('apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  a: b\n');
    expect(secret).toMatchObject({ apiVersion: 'v1', kind: 'Secret' });
  });

  test.each(['', '# nothing\n', '---\n---\n'])('may be empty: %j', (text) => {
    expect(parseManifests(text)).toEqual([]);
  });

  // As kubectl turns them into JSON; quoted they are texts.
  test('has the words for true and false that kubectl knows', () => {
    const words = 'a: On\n  b: off\n  c: yes\n  d: N\n  e: "Off"\n  f: oN\n  g: OffGraceful\n  h: |\n    on\n';
    expect(parseManifests(`${VM}spec:\n  ${words}`)[0]?.spec).toEqual({
      a: true,
      b: false,
      c: true,
      d: false,
      e: 'Off',
      f: 'oN',
      g: 'OffGraceful',
      h: 'on\n',
    });
  });

  test('may be JSON', () => {
    expect(parseManifests('{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}')).toHaveLength(1);
  });

  test.each([
    ['a: [b\n', /^document 1: not valid YAML: .*line 2/],
    [`${VM}---\na: b: c\n`, /^document 2: not valid YAML: .*line 6/],
    [`${VM}${VM}`, /^document 1: .*unique.*line 5.*put a line "---" before it/],
    ['- a\n', /^document 1: .*expected object.*apiVersion, kind and metadata.name/],
    ['apiVersion: v1\nkind: Secret\n', /^document 1: metadata: /],
    ['apiVersion: v1\nkind: Secret\nmetadata: {}\n', /^document 1: metadata.name: /],
    [`${VM}spce: {}\n`, /^VirtualMachine web \(document 1\): spce: .*did you mean "spec"/],
    [`${VM}powerState: On\n`, /^VirtualMachine web \(document 1\): powerState: there is no such field/],
  ])('is refused where it reads %j', (text, says) => {
    expect(() => parseManifests(text)).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
    expect(() => parseManifests(text)).toThrow(says);
  });
});
