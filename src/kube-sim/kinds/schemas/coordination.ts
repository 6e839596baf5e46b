// Leases, by which one of several replicas is elected.
import type { Definition, Definitions } from './definition.ts';
import { TYPE_META } from './type-meta.ts';

const MICRO_TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';

const text = (description: string): Definition => ({ description, type: 'string' });
const whole = (description: string): Definition => ({ description, type: 'integer', format: 'int32' });

/** Definitions of Lease. */
export const COORDINATION: Definitions = {
  'io.k8s.api.coordination.v1.Lease': {
    description: 'Lease is held by one holder at a time, who renews it.',
    type: 'object',
    properties: {
      ...TYPE_META,
      metadata: {
        description:
          'More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
        default: {},
        $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
      },
      spec: { description: 'Who holds it and until when.', default: {}, $ref: 'io.k8s.api.coordination.v1.LeaseSpec' },
    },
  },
  'io.k8s.api.coordination.v1.LeaseSpec': {
    description: 'LeaseSpec says who holds a lease.',
    type: 'object',
    properties: {
      acquireTime: { description: 'When the holder got it.', $ref: MICRO_TIME },
      holderIdentity: text('Who holds it; empty while nobody does.'),
      leaseDurationSeconds: whole('How long others wait after renewTime before they take it.'),
      leaseTransitions: whole('How often it has changed hands.'),
      preferredHolder: text('Who should have it; needs a strategy.'),
      renewTime: { description: 'When the holder last renewed it.', $ref: MICRO_TIME },
      strategy: text('How a holder is chosen where the election is coordinated.'),
    },
  },
};
