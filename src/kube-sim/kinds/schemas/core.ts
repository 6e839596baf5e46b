// The kinds of the core group that are played.
import type { Definition, Definitions } from './definition.ts';
import { TYPE_META } from './type-meta.ts';

const METADATA: Definition = {
  description:
    "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
  default: {},
  $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
};
const TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.Time';
const MICRO_TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';
const OBJECT_REFERENCE = 'io.k8s.api.core.v1.ObjectReference';

const text = (description: string): Definition => ({ description, type: 'string' });
const truth = (description: string): Definition => ({ description, type: 'boolean' });

/** Definitions of Namespace, Secret, ConfigMap, ServiceAccount, Event and their parts. */
export const CORE: Definitions = {
  'io.k8s.api.core.v1.Namespace': {
    description: 'Namespace is a scope for names; deleting it deletes what is in it.',
    type: 'object',
    properties: {
      ...TYPE_META,
      metadata: METADATA,
      spec: { description: 'How the namespace behaves.', default: {}, $ref: 'io.k8s.api.core.v1.NamespaceSpec' },
      status: {
        description: 'Where the namespace is in its life.',
        default: {},
        $ref: 'io.k8s.api.core.v1.NamespaceStatus',
      },
    },
  },
  'io.k8s.api.core.v1.NamespaceSpec': {
    description: 'NamespaceSpec says what has to happen before a namespace goes.',
    type: 'object',
    properties: {
      finalizers: {
        description: 'Names that have to be gone before the namespace is removed from storage.',
        type: 'array',
        items: { type: 'string', default: '' },
        'x-kubernetes-list-type': 'atomic',
      },
    },
  },
  'io.k8s.api.core.v1.NamespaceStatus': {
    description: 'NamespaceStatus is what is known about a namespace.',
    type: 'object',
    properties: {
      conditions: {
        description: 'What stands in the way of the deletion, as last seen.',
        type: 'array',
        items: { default: {}, $ref: 'io.k8s.api.core.v1.NamespaceCondition' },
        'x-kubernetes-list-map-keys': ['type'],
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-patch-merge-key': 'type',
        'x-kubernetes-patch-strategy': 'merge',
      },
      phase: text('Active, or Terminating while it is being deleted.'),
    },
  },
  'io.k8s.api.core.v1.NamespaceCondition': {
    description: 'NamespaceCondition is one thing known about the deletion of a namespace.',
    type: 'object',
    required: ['type', 'status'],
    properties: {
      lastTransitionTime: { description: 'When the status last changed.', $ref: TIME },
      message: text('The reason in words.'),
      reason: text('The reason in one word.'),
      status: { description: 'True, False or Unknown.', type: 'string', default: '' },
      type: { description: 'Which thing.', type: 'string', default: '' },
    },
  },
  'io.k8s.api.core.v1.ConfigMap': {
    description: 'ConfigMap holds settings for others to read.',
    type: 'object',
    properties: {
      ...TYPE_META,
      metadata: METADATA,
      binaryData: {
        description: 'Bytes by key, in base64. A key is either here or in data.',
        type: 'object',
        additionalProperties: { type: 'string', format: 'byte' },
      },
      data: {
        description: 'Texts by key. A key has letters, digits, -, _ and dots.',
        type: 'object',
        additionalProperties: { type: 'string', default: '' },
      },
      immutable: truth('Once true, the data cannot be changed, and this cannot be taken back.'),
    },
  },
  'io.k8s.api.core.v1.Secret': {
    description: 'Secret holds data that not everybody may read: passwords, keys, tokens.',
    type: 'object',
    properties: {
      ...TYPE_META,
      metadata: METADATA,
      data: {
        description: 'Bytes by key, in base64. A key has letters, digits, -, _ and dots.',
        type: 'object',
        additionalProperties: { type: 'string', format: 'byte' },
      },
      immutable: truth('Once true, the data cannot be changed, and this cannot be taken back.'),
      stringData: {
        description:
          'Texts by key, for writing only: they go to data when the Secret is written, and win over what is there.',
        type: 'object',
        additionalProperties: { type: 'string', default: '' },
      },
      type: text('What the Secret is for (Opaque where nothing is said), which says what keys are expected.'),
    },
  },
  'io.k8s.api.core.v1.ServiceAccount': {
    description: 'ServiceAccount is a name for a program that talks to the API.',
    type: 'object',
    properties: {
      ...TYPE_META,
      metadata: METADATA,
      automountServiceAccountToken: truth('Whether pods that run as this account get its token.'),
      imagePullSecrets: {
        description: 'Secrets in the same namespace that images are pulled with.',
        type: 'array',
        items: { default: {}, $ref: 'io.k8s.api.core.v1.LocalObjectReference' },
        'x-kubernetes-list-type': 'atomic',
      },
      secrets: {
        description: 'Secrets in the same namespace that pods of this account may use.',
        type: 'array',
        items: { default: {}, $ref: OBJECT_REFERENCE },
        'x-kubernetes-list-map-keys': ['name'],
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-patch-merge-key': 'name',
        'x-kubernetes-patch-strategy': 'merge',
      },
    },
  },
  'io.k8s.api.core.v1.Event': {
    description: 'Event tells what happened to an object, for people to read. It goes after a while.',
    type: 'object',
    required: ['metadata', 'involvedObject'],
    properties: {
      ...TYPE_META,
      metadata: METADATA,
      action: text('What was done or failed.'),
      count: { description: 'How often it has happened.', type: 'integer', format: 'int32' },
      eventTime: { description: 'When it was first seen.', $ref: MICRO_TIME },
      firstTimestamp: { description: 'When it was first recorded.', $ref: TIME },
      involvedObject: { description: 'What it is about.', default: {}, $ref: OBJECT_REFERENCE },
      lastTimestamp: { description: 'When it was last recorded.', $ref: TIME },
      message: text('What happened, in words.'),
      reason: text('What happened, in one word.'),
      related: { description: 'Another object it has to do with.', $ref: OBJECT_REFERENCE },
      reportingComponent: { description: 'The controller that tells it.', type: 'string', default: '' },
      reportingInstance: { description: 'Which instance of the controller.', type: 'string', default: '' },
      series: { description: 'Of an event that happens again and again.', $ref: 'io.k8s.api.core.v1.EventSeries' },
      source: { description: 'Who tells it.', default: {}, $ref: 'io.k8s.api.core.v1.EventSource' },
      type: text('Normal or Warning.'),
    },
  },
  'io.k8s.api.core.v1.EventSeries': {
    description: 'EventSeries counts an event that happens again and again.',
    type: 'object',
    properties: {
      count: { description: 'How often up to the last observation.', type: 'integer', format: 'int32' },
      lastObservedTime: { description: 'When it was last seen.', $ref: MICRO_TIME },
    },
  },
  'io.k8s.api.core.v1.EventSource': {
    description: 'EventSource is who tells an event.',
    type: 'object',
    properties: { component: text('The program.'), host: text('The node it runs on.') },
  },
  [OBJECT_REFERENCE]: {
    description: 'ObjectReference names an object.',
    type: 'object',
    properties: {
      apiVersion: text('Its group and version.'),
      fieldPath: text('A part of it, as a path in JSON.'),
      kind: text('Its kind.'),
      name: text('Its name.'),
      namespace: text('Its namespace.'),
      resourceVersion: text('The version it had.'),
      uid: text('Its uid.'),
    },
    'x-kubernetes-map-type': 'atomic',
  },
  'io.k8s.api.core.v1.LocalObjectReference': {
    description: 'LocalObjectReference names an object in the same namespace.',
    type: 'object',
    properties: { name: { description: 'Its name.', type: 'string', default: '' } },
    'x-kubernetes-map-type': 'atomic',
  },
  [MICRO_TIME]: {
    description: 'MicroTime is a time to the microsecond, in RFC 3339.',
    type: 'string',
    format: 'date-time',
  },
};
