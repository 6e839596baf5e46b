import { expect, test } from 'vitest';
import type { KubeObject } from '../object.ts';
import { finalizerWarnings } from './finalizer-warnings.ts';

const ADVICE = 'to avoid accidental conflicts with other finalizer writers';

test.each([
  ['has a domain and a path', 'example.test/hold', []],
  ['is one of Kubernetes itself', 'foregroundDeletion', []],
  ['was there before', 'old', []],
  ['has no domain', 'hold', [`metadata.finalizers: "hold": prefer a domain-qualified finalizer name ${ADVICE}`]],
  [
    'has no path',
    'example.test',
    [`metadata.finalizers: "example.test": prefer a domain-qualified finalizer name including a path (/) ${ADVICE}`],
  ],
])('a finalizer that %s: %s', (_, finalizer, warnings) => {
  const object = (finalizers: readonly string[]) => ({ metadata: { finalizers } }) as unknown as KubeObject;
  expect(finalizerWarnings(object([finalizer]), object(['old']))).toEqual(warnings);
});
