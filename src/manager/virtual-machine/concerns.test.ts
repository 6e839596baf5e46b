import type { Cache } from '#kube/cache';
import type { KubeObject } from '#kube/object';
import { describe, expect, it } from 'vitest';
import { concerns } from './concerns.ts';

const GROUP = 'infra.virtrigaud.io/v1beta1';

function object(kind: string, name: string, rest: object = {}, namespace = 'default'): KubeObject {
  const metadata = { name, namespace, uid: name, resourceVersion: '1', creationTimestamp: '' };
  return { apiVersion: kind === 'Secret' ? 'v1' : GROUP, kind, metadata, ...rest };
}

const VMS = [
  object('VirtualMachine', 'full', {
    spec: {
      providerRef: { name: 'prod', namespace: 'infra' },
      classRef: { name: 'small' },
      imageRef: { name: 'ubuntu' },
      placementRef: { name: 'spread' },
      networks: [{ name: 'lan', networkRef: { name: 'office' } }],
      userData: { cloudInit: { secretRef: { name: 'documents' } }, sshKeys: { secretRef: { name: 'keys' } } },
      metaData: { cloudInit: { secretRef: { name: 'meta' } } },
    },
  }),
  object('VirtualMachine', 'excerpt', {
    spec: { classRef: { name: 'large' } },
    status: { bound: { providerRef: { name: 'prod', namespace: 'infra' }, imageRef: { name: 'ubuntu' } } },
  }),
  object('VirtualMachine', 'strayed', {
    spec: { providerRef: { name: 'other', namespace: 'infra' }, placementRef: { name: 'own' } },
    status: { id: '100', bound: { providerRef: { name: 'prod', namespace: 'infra' } } },
  }),
  object('VirtualMachine', 'elsewhere', { spec: { classRef: { name: 'small' } } }, 'other'),
];

const cache: Cache = {
  get: () => undefined,
  list: (_resource, namespace) =>
    VMS.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
};

function concerned(changed: KubeObject): string[] {
  const concern = concerns.find(({ resource }) => resource.kind === changed.kind);
  return concern?.whom(changed, cache).map(({ name }) => name) ?? [];
}

describe('a change concerns the VirtualMachines that name the object', () => {
  it.each<[string, KubeObject, string[]]>([
    [
      'a Provider, also where it is bound only',
      object('Provider', 'prod', {}, 'infra'),
      ['full', 'excerpt', 'strayed'],
    ],
    ['a Provider of that name in another namespace', object('Provider', 'prod'), []],
    ['a class, in its own namespace', object('VMClass', 'small'), ['full']],
    ['an image', object('VMImage', 'ubuntu'), ['full', 'excerpt']],
    ['a network', object('VMNetworkAttachment', 'office'), ['full']],
    ['a Secret with user data', object('Secret', 'documents'), ['full']],
    ['a Secret with keys', object('Secret', 'keys'), ['full']],
    ['a Secret with meta data', object('Secret', 'meta'), ['full']],
    ['another Secret', object('Secret', 'other'), []],
    ['a policy that is named, and perhaps the default', object('VMPlacementPolicy', 'spread'), ['full', 'excerpt']],
    ['a policy that may be the default', object('VMPlacementPolicy', 'new'), ['excerpt']],
  ])('%s', (_title, changed, names) => {
    expect(concerned(changed)).toEqual(names);
  });

  it.each<[string, KubeObject, KubeObject, boolean]>([
    ['Provider', state('Provider', 'True'), state('Provider', 'False'), true],
    ['Provider', state('Provider', 'True', { healthy: true }), state('Provider', 'True'), false],
    ['VMImage', state('VMImage', 'False'), state('VMImage', 'True'), true],
  ])('the status of a %s matters as far as it may free somebody', (kind, before, after, matters) => {
    const concern = concerns.find(({ resource }) => resource.kind === kind);
    expect(concern?.matters?.(after, before)).toBe(matters);
  });
});

function state(kind: string, status: string, more: object = {}): KubeObject {
  return object(kind, 'one', { spec: {}, status: { conditions: [{ type: 'Ready', status }], ...more } });
}
