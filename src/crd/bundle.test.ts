import { describe, expect, test } from 'vitest';
import { bundleManifests } from './bundle.ts';
import { parseManifests } from './manifests.ts';

function object(kind: string, name: string, spec: unknown, namespace?: string): string {
  return JSON.stringify({ apiVersion: 'infra.virtrigaud.io/v1beta1', kind, metadata: { name, namespace }, spec });
}

const bundle = (...objects: string[]): ReturnType<typeof bundleManifests> =>
  bundleManifests(parseManifests(objects.join('\n---\n')));

const small = object('VMClass', 'small', { cpus: 1, memory: '1Gi' });
const debian = object('VMImage', 'debian', { source: 'debian-12' });
const web = object('VirtualMachine', 'web', { classRef: { name: 'small' }, imageRef: { name: 'debian' } });

describe('a VirtualMachine', () => {
  test('finds its class and image in the same file, wherever they stand', () => {
    const { vms, unused } = bundle(web, debian, small);
    expect(vms.map(({ vm, vmClass, image }) => [vm, vmClass, image].map((it) => it?.metadata.name))).toEqual([
      ['web', 'small', 'debian'],
    ]);
    expect(unused).toEqual([]);
  });

  test('leaves what it does not refer to unused', () => {
    const provider = object('Provider', 'pve', {});
    const secret = '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}';
    const { unused } = bundle(web, debian, small, object('VMClass', 'large', {}), provider, secret);
    expect(unused.map(({ metadata }) => metadata.name)).toEqual(['large', 'pve', 's']);
  });

  test('looks in its own namespace unless a reference names another', () => {
    const classRef = { name: 'small', namespace: 'default' };
    const vm = object(
      'VirtualMachine',
      'web',
      { classRef, importedDisk: { diskID: 'x', path: 'vms:9/x.raw' } },
      'prod',
    );
    expect(bundle(vm, small).vms[0]?.vmClass.metadata.name).toBe('small');
    const lost = object('VirtualMachine', 'web', { classRef: { name: 'small' } }, 'prod');
    expect(() => bundle(lost, small)).toThrow('there is no VMClass "small" in namespace "prod"');
  });

  test.each([
    [[web, debian], /^VirtualMachine web \(document 1\): spec.classRef: there is no VMClass "small"/],
    [[web, small], /spec.imageRef: there is no VMImage "debian"/],
    [[object('VirtualMachine', 'web', {})], /spec.classRef: it names no VMClass/],
    [
      [web, small, debian, small],
      /^VMClass small \(document 4\): it is there twice, also as VMClass small \(document 2\)/,
    ],
  ])('is refused where something is amiss: %#', (objects, says) => {
    expect(() => bundle(...objects)).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
    expect(() => bundle(...objects)).toThrow(says);
  });
});

describe('a kind that there is not', () => {
  test('is refused in our group with the one that was meant, and left alone in others', () => {
    const typo = 'apiVersion: infra.virtrigaud.io/v1beta1\nkind: VirtualMachin\nmetadata: {name: web}\nspec: {}\n';
    expect(() => bundleManifests(parseManifests(typo))).toThrow(/VirtualMachin web.*Did you mean VirtualMachine/);
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n';
    expect(bundleManifests(parseManifests(secret)).vms).toEqual([]);
  });
});
