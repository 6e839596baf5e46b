// How Kubernetes' own kinds look in protobuf: kubectl sends what it makes itself (`create secret`) in no other form. Numbers are
// those of the published .proto files; they never change.

export type FieldType =
  | 'text'
  /** A pointer in Go: there, even where it is empty. */
  | 'text?'
  | 'bytes'
  | 'int'
  | 'int?'
  | 'bool?'
  | 'time'
  | 'micro-time'
  /** Bytes that are JSON, in a message of their own. */
  | 'json'
  | { readonly message: Message }
  | { readonly list: Message | 'text' }
  | { readonly map: 'text' | 'bytes' };

/** By number. */
export type Message = Readonly<Record<number, readonly [name: string, type: FieldType]>>;

const OWNER: Message = {
  1: ['kind', 'text'],
  3: ['name', 'text'],
  4: ['uid', 'text'],
  5: ['apiVersion', 'text'],
  6: ['controller', 'bool?'],
  7: ['blockOwnerDeletion', 'bool?'],
};

const MANAGED_FIELDS: Message = {
  1: ['manager', 'text'],
  2: ['operation', 'text'],
  3: ['apiVersion', 'text'],
  4: ['time', 'time'],
  6: ['fieldsType', 'text'],
  7: ['fieldsV1', 'json'],
  8: ['subresource', 'text'],
};

const OBJECT_META: Message = {
  1: ['name', 'text'],
  2: ['generateName', 'text'],
  3: ['namespace', 'text'],
  4: ['selfLink', 'text'],
  5: ['uid', 'text'],
  6: ['resourceVersion', 'text'],
  7: ['generation', 'int'],
  8: ['creationTimestamp', 'time'],
  9: ['deletionTimestamp', 'time'],
  10: ['deletionGracePeriodSeconds', 'int?'],
  11: ['labels', { map: 'text' }],
  12: ['annotations', { map: 'text' }],
  13: ['ownerReferences', { list: OWNER }],
  14: ['finalizers', { list: 'text' }],
  17: ['managedFields', { list: MANAGED_FIELDS }],
};
const METADATA = ['metadata', { message: OBJECT_META }] as const;

const REFERENCE: Message = {
  1: ['kind', 'text'],
  2: ['namespace', 'text'],
  3: ['name', 'text'],
  4: ['uid', 'text'],
  5: ['apiVersion', 'text'],
  6: ['resourceVersion', 'text'],
  7: ['fieldPath', 'text'],
};
const SOURCE: Message = { 1: ['component', 'text'], 2: ['host', 'text'] };
const SERIES: Message = { 1: ['count', 'int'], 2: ['lastObservedTime', 'micro-time'] };

/** By `apiVersion/kind`. */
export const MESSAGES: Readonly<Record<string, Message>> = {
  'v1/Namespace': {
    1: METADATA,
    2: ['spec', { message: { 1: ['finalizers', { list: 'text' }] } }],
    3: ['status', { message: { 1: ['phase', 'text'] } }],
  },
  'v1/Secret': {
    1: METADATA,
    2: ['data', { map: 'bytes' }],
    3: ['type', 'text'],
    4: ['stringData', { map: 'text' }],
    5: ['immutable', 'bool?'],
  },
  'v1/ConfigMap': {
    1: METADATA,
    2: ['data', { map: 'text' }],
    3: ['binaryData', { map: 'bytes' }],
    4: ['immutable', 'bool?'],
  },
  'v1/ServiceAccount': {
    1: METADATA,
    2: ['secrets', { list: REFERENCE }],
    3: ['imagePullSecrets', { list: { 1: ['name', 'text'] } }],
    4: ['automountServiceAccountToken', 'bool?'],
  },
  'v1/Event': {
    1: METADATA,
    2: ['involvedObject', { message: REFERENCE }],
    3: ['reason', 'text'],
    4: ['message', 'text'],
    5: ['source', { message: SOURCE }],
    6: ['firstTimestamp', 'time'],
    7: ['lastTimestamp', 'time'],
    8: ['count', 'int'],
    9: ['type', 'text'],
    10: ['eventTime', 'micro-time'],
    11: ['series', { message: SERIES }],
    12: ['action', 'text'],
    13: ['related', { message: REFERENCE }],
    14: ['reportingComponent', 'text'],
    15: ['reportingInstance', 'text'],
  },
  'events.k8s.io/v1/Event': {
    1: METADATA,
    2: ['eventTime', 'micro-time'],
    3: ['series', { message: SERIES }],
    4: ['reportingController', 'text'],
    5: ['reportingInstance', 'text'],
    6: ['action', 'text'],
    7: ['reason', 'text'],
    8: ['regarding', { message: REFERENCE }],
    9: ['related', { message: REFERENCE }],
    10: ['note', 'text'],
    11: ['type', 'text'],
    12: ['deprecatedSource', { message: SOURCE }],
    13: ['deprecatedFirstTimestamp', 'time'],
    14: ['deprecatedLastTimestamp', 'time'],
    15: ['deprecatedCount', 'int'],
  },
  'coordination.k8s.io/v1/Lease': {
    1: METADATA,
    2: [
      'spec',
      {
        message: {
          1: ['holderIdentity', 'text?'],
          2: ['leaseDurationSeconds', 'int?'],
          3: ['acquireTime', 'micro-time'],
          4: ['renewTime', 'micro-time'],
          5: ['leaseTransitions', 'int?'],
          6: ['strategy', 'text?'],
          7: ['preferredHolder', 'text?'],
        },
      },
    ],
  },
};

/** In the body of a DELETE, whatever the kind. */
export const DELETE_OPTIONS: Message = {
  1: ['gracePeriodSeconds', 'int?'],
  2: ['preconditions', { message: { 1: ['uid', 'text?'], 2: ['resourceVersion', 'text?'] } }],
  3: ['orphanDependents', 'bool?'],
  4: ['propagationPolicy', 'text?'],
  5: ['dryRun', { list: 'text' }],
};
