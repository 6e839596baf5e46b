import { expect, test } from 'vitest';
import { givenUp, heldBy, isHeldByOther, type LeaseSpec, leaseSpecOf, seen } from './lease.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const others: LeaseSpec = { holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 3, renewTime: 'x' };

test.each([
  ['somebody else, just now', others, 'b', 0, true],
  ['somebody else, 14.9 s ago', others, 'b', 14_900, true],
  ['somebody else, who did not renew it', others, 'b', 15_000, false],
  ['us', others, 'a', 0, false],
  ['nobody', { ...others, holderIdentity: '' }, 'b', 0, false],
])('a Lease of %s', (_whose, spec, identity, laterMs, isHeld) => {
  expect(isHeldByOther(seen(undefined, spec, NOW), identity, NOW + laterMs)).toBe(isHeld);
});

test('the time begins anew with each renewal that is seen, whatever it says itself', () => {
  const first = seen(undefined, others, NOW);
  expect(seen(first, { ...others }, NOW + 5000).since).toBe(NOW);
  expect(seen(first, { ...others, renewTime: '1970' }, NOW + 5000).since).toBe(NOW + 5000);
});

test('it counts how often it has changed hands, and since when it is in these', () => {
  const time = '2026-01-02T03:04:05.678000Z';
  const ours = { holderIdentity: 'b', leaseDurationSeconds: 15, acquireTime: time, renewTime: time };
  expect(heldBy('b', undefined, 15_000, NOW)).toEqual({ ...ours, leaseTransitions: 0 });
  expect(heldBy('b', others, 15_000, NOW)).toEqual({ ...ours, leaseTransitions: 4 });
  const before = { ...ours, acquireTime: 'earlier', leaseTransitions: 4 };
  expect(heldBy('b', before, 15_000, NOW)).toEqual({ ...before, renewTime: time });
  expect(givenUp(before, NOW)).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 4 });
});

test('what a Lease leaves open is nobody’s', () => {
  const metadata = { name: 'l', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata };
  const nobody = { holderIdentity: '', leaseDurationSeconds: 0, leaseTransitions: 0 };
  expect(leaseSpecOf(lease)).toEqual(nobody);
  expect(leaseSpecOf({ ...lease, spec: { holderIdentity: null } })).toEqual(nobody);
});
