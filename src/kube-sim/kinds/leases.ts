// Leases, whose numbers have to make sense.
import { invalid } from '../causes.ts';
import type { KubeObject } from '../object.ts';
import type { Cause } from '../status.ts';
import { members, ownKind } from './own-kind.ts';

export const LEASES = ownKind('leases.coordination.k8s.io', {
  unconditionalUpdate: false,
  check: wrongNumbers,
  empty: { spec: {} },
});

function wrongNumbers(lease: KubeObject): Cause[] {
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = members(lease['spec']);
  return [
    ...(typeof seconds === 'number' && seconds <= 0
      ? [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
      : []),
    ...(typeof transitions === 'number' && transitions < 0
      ? [invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]
      : []),
  ];
}
