import type { Cache } from '#kube/cache';
import type { KubeObject } from '#kube/object';
import { expect, it } from 'vitest';
import { defaultPolicyOf } from './policy-binding.ts';

function policy(name: string, isDefault: boolean, priority?: number): KubeObject {
  const annotations = isDefault ? { 'virtrigaud.io/default-policy': 'true' } : {};
  const metadata = { name, namespace: 'default', uid: name, resourceVersion: '1', creationTimestamp: '', annotations };
  return { apiVersion: 'infra.virtrigaud.io/v1beta1', kind: 'VMPlacementPolicy', metadata, spec: { priority } };
}

it.each<[string, KubeObject[], string | undefined]>([
  ['none', [], undefined],
  ['the only one', [policy('a', false)], 'a'],
  ['none of two', [policy('a', false), policy('b', false)], undefined],
  ['the one that is annotated', [policy('a', false), policy('b', true)], 'b'],
  [
    'of several the one of the highest priority',
    [policy('a', true, 1), policy('b', true, 7), policy('c', false, 9)],
    'b',
  ],
  ['of equal ones the first by name', [policy('b', true), policy('a', true)], 'a'],
])('the default policy of a namespace: %s', (_title, policies, name) => {
  const cache: Cache = { get: () => undefined, list: () => policies };
  expect(defaultPolicyOf(cache, 'default')?.metadata.name).toBe(name);
});
