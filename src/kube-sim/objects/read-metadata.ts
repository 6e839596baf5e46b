// Metadata as a client sends it: its types, told as Go's decoder tells them, and what of it the server takes.
import { isDeepStrictEqual } from 'node:util';
import { timeFault } from '../decode/go-time.ts';
import type { Json, JsonObject, ObjectMeta, OwnerReference } from '../object.ts';
import { isObject } from '../shape.ts';

/** Go's names of the types, by member. */
const TYPES: Readonly<Record<string, string>> = {
  name: 'string',
  generateName: 'string',
  namespace: 'string',
  selfLink: 'string',
  uid: 'types.UID',
  resourceVersion: 'string',
  generation: 'int64',
  creationTimestamp: 'v1.Time',
  deletionTimestamp: 'v1.Time',
  deletionGracePeriodSeconds: 'int64',
  labels: 'map[string]string',
  annotations: 'map[string]string',
  finalizers: '[]string',
  ownerReferences: '[]v1.OwnerReference',
  managedFields: '[]v1.ManagedFieldsEntry',
};

/** What is wrong with its types, in the words of Go's decoder (recording 156); undefined: nothing. */
export function metadataFault(metadata: Json | undefined): string | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  if (!isObject(metadata)) return `json: cannot unmarshal ${goType(metadata)} into Go value of type v1.ObjectMeta`;
  for (const [name, type] of Object.entries(TYPES)) {
    const value = metadata[name];
    const fault = value === undefined || value === null ? undefined : memberFault(name, type, value);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function memberFault(name: string, type: string, value: Json): string | undefined {
  const field = (wrong: Json, wanted: string): string =>
    `json: cannot unmarshal ${goType(wrong)} into Go struct field ObjectMeta.${name} of type ${wanted}`;
  switch (type) {
    case 'int64':
      if (typeof value !== 'number') return field(value, type);
      return Number.isInteger(value) ? undefined : field(value, type).replace('number', `number ${value}`);
    case 'map[string]string':
      return isObject(value) ? wrongItem(Object.values(value), field) : field(value, type);
    case '[]string':
      return Array.isArray(value) ? wrongItem(value, field) : field(value, type);
    case '[]v1.OwnerReference':
    case '[]v1.ManagedFieldsEntry':
      if (!Array.isArray(value)) return field(value, type);
      return value.every((item: Json) => isObject(item)) ? undefined : field(value, type.slice(2));
    case 'v1.Time':
      return typeof value === 'string'
        ? timeFault(value)
        : `json: cannot unmarshal ${goType(value)} into Go value of type string`;
    default:
      return typeof value === 'string' ? undefined : field(value, type);
  }
}

function wrongItem(
  values: readonly (Json | undefined)[],
  field: (wrong: Json, wanted: string) => string,
): string | undefined {
  const wrong = values.find((value) => typeof value !== 'string' && value !== null && value !== undefined);
  return wrong === undefined ? undefined : field(wrong, 'string');
}

/** As Go names what it found. */
export function goType(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'object':
      return 'object';
    default:
      return typeof value;
  }
}

/** Metadata without what no object keeps: empty members, and nulls in maps as empty texts. */
export function tidyMetadata(metadata: JsonObject): JsonObject {
  const entries = Object.entries(metadata).map(([name, value]) => [name, tidied(name, value)] as const);
  return Object.fromEntries(entries.filter(([, value]) => !isEmpty(value)));
}

function tidied(name: string, value: Json | undefined): Json | undefined {
  if (name !== 'labels' && name !== 'annotations') return value;
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, text ?? '']));
}

function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

/**
 * Each owner once, with a warning if one was there again.
 * @param when empty, or when that was found
 */
export function withSingleOwners(metadata: ObjectMeta, when: string, warn: (text: string) => void): ObjectMeta {
  const { ownerReferences: owners } = metadata;
  if (owners === undefined) return metadata;
  const isAgain = (owner: OwnerReference, index: number): boolean =>
    owners.slice(0, index).some((other) => isDeepStrictEqual(other, owner));
  const again = owners.filter(isAgain);
  if (again.length === 0) return metadata;
  warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject ` +
      'such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ' +
      [...new Set(again.map(({ uid }) => uid))].join(', '),
  );
  return { ...metadata, ownerReferences: owners.filter((owner, index) => !isAgain(owner, index)) };
}
