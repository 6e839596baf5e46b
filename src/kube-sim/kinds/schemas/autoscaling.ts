// Scale, which a CRD may declare (recording 011).
import type { Definitions } from './definition.ts';
import { TYPE_META } from './type-meta.ts';

/** Definitions of the subresource `scale`. */
export const AUTOSCALING: Definitions = {
  'io.k8s.api.autoscaling.v1.Scale': {
    description: 'Scale represents a scaling request for a resource.',
    type: 'object',
    properties: {
      ...TYPE_META,
      metadata: {
        description:
          'Standard object metadata; More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata.',
        default: {},
        $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
      },
      spec: {
        description:
          'spec defines the behavior of the scale. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#spec-and-status.',
        default: {},
        $ref: 'io.k8s.api.autoscaling.v1.ScaleSpec',
      },
      status: {
        description:
          'status is the current status of the scale. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#spec-and-status. Read-only.',
        default: {},
        $ref: 'io.k8s.api.autoscaling.v1.ScaleStatus',
      },
    },
  },
  'io.k8s.api.autoscaling.v1.ScaleSpec': {
    description: 'ScaleSpec describes the attributes of a scale subresource.',
    type: 'object',
    properties: {
      replicas: {
        description: 'replicas is the desired number of instances for the scaled object.',
        type: 'integer',
        format: 'int32',
      },
    },
  },
  'io.k8s.api.autoscaling.v1.ScaleStatus': {
    description: 'ScaleStatus represents the current status of a scale subresource.',
    type: 'object',
    required: ['replicas'],
    properties: {
      replicas: {
        description: 'replicas is the actual number of observed instances of the scaled object.',
        type: 'integer',
        format: 'int32',
        default: 0,
      },
      selector: {
        description:
          'selector is the label query over pods that should match the replicas count. This is same as the label selector but in the string format to avoid introspection by clients. The string will be in the same format as the query-param syntax. More info about label selectors: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/',
        type: 'string',
      },
    },
  },
};
