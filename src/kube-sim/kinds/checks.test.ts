// What a real kube-apiserver of 1.32 says of Leases and Events that do not make sense.
import { expect, test } from 'vitest';
import { causeText } from '../causes.ts';
import type { JsonObject, KubeObject } from '../object.ts';
import { OWN_KINDS } from './own-kinds.ts';

const EVENT = { involvedObject: { namespace: 'default' }, reason: 'Created', message: 'it is' };
const NEWER = { ...EVENT, eventTime: '2026-01-01T00:00:00.000000Z', action: 'Create', reportingInstance: 'a' };

test.each<[string, JsonObject, readonly string[]]>([
  ['Lease', { spec: { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 } }, []],
  [
    'Lease',
    { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } },
    [
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
  ['Event', EVENT, []],
  ['Event', { ...EVENT, involvedObject: { kind: 'Node' } }, []],
  [
    'Event',
    { ...EVENT, involvedObject: { namespace: 'other' } },
    ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
  ],
  ['Event', { ...NEWER, reportingComponent: 'virtrigaud-manager' }, []],
  [
    'Event',
    { ...NEWER, reportingComponent: 'a', action: '', reportingInstance: 'x'.repeat(129) },
    ['reportingInstance: Invalid value: "": can have at most 128 characters', 'action: Required value'],
  ],
])('%s %j', (kind, members, says) => {
  const { check } = OWN_KINDS.find(({ resource }) => resource.kind === kind) ?? {};
  const object = { metadata: { name: 'a', namespace: 'default' }, ...members } as unknown as KubeObject;
  expect(check?.(object, undefined).map(causeText)).toEqual(says);
});
