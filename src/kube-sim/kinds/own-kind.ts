// A kind of Kubernetes itself, from what is special about it.
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { isObject } from '../shape.ts';
import { subdomain } from '../objects/names.ts';
import { apiVersionOf, resourceName } from '../resource.ts';
import type { Cause } from '../status.ts';
import type { Kind } from './kind.ts';
import { BUILT_IN_RESOURCES } from './schemas/built-in-resources.ts';
import { withMetadata } from './with-metadata.ts';

type Special = Partial<Omit<Kind, 'resource' | 'schema'>>;

/** @param of `secrets`, `leases.coordination.k8s.io` */
export function ownKind(of: string, special: Special = {}): Kind {
  const resource = BUILT_IN_RESOURCES.find((candidate) => resourceName(candidate) === of);
  if (resource === undefined) throw new Error(`there is no resource ${of}`);
  return {
    resource,
    stored: of,
    storedApiVersion: apiVersionOf(resource),
    schema: withMetadata(resource.schema),
    nameRule: subdomain,
    unconditionalUpdate: true,
    generation: false,
    currentSince: 0,
    ...special,
  };
}

/** Nothing where it is no object. */
export function members(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** What may not change in an object that says `immutable: true`. */
export function changedThoughImmutable(object: KubeObject, old: KubeObject, fields: readonly string[]): Cause[] {
  if (old['immutable'] !== true) return [];
  const message = 'Forbidden: field is immutable when `immutable` is set';
  return fields
    .filter((field) => JSON.stringify(object[field] ?? null) !== JSON.stringify(old[field] ?? null))
    .map((field) => ({ reason: 'FieldValueForbidden', message, field }));
}
