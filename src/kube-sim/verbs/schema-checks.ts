// What an object has to be by its schema: defaults first, then its faults, those of the metadata before the others.
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { validate } from '../schema/validate.ts';
import { withDefaults } from '../schema/with-defaults.ts';
import { type Cause, invalidStatus } from '../status.ts';

export function withKindDefaults(object: KubeObject, { schema, resource }: Kind): KubeObject {
  if (!resource.custom) return object;
  const { metadata, ...rest } = object;
  return { ...(withDefaults(rest, schema) as KubeObject), metadata };
}

export interface Checked {
  readonly object: KubeObject;
  readonly old?: KubeObject;
  readonly subresource?: string;
  /** What is wrong with its metadata. */
  readonly metadata: readonly Cause[];
}

/** Throws what is wrong with it. A kind of Kubernetes itself has had its types checked when it was read. */
export function refuseFaults(kind: Kind, checked: Checked): void {
  const { resource, schema } = kind;
  const { object, old, metadata } = checked;
  const causes = resource.custom
    ? validate(object, withoutMetadata(schema), checked)
    : [...metadata, ...(kind.check?.(object, old) ?? [])];
  if (causes.length > 0) throw invalidStatus(resource.kind, resource.group, object.metadata.name, causes);
}

const ownSchemas = new WeakMap<Schema, Schema>();

/** Metadata is checked by rules of its own; a schema has a say in the names alone. */
function withoutMetadata(schema: Schema): Schema {
  const known = ownSchemas.get(schema);
  if (known !== undefined) return known;
  const { metadata, ...rest } = schema.properties ?? {};
  const { name, generateName } = metadata?.properties ?? {};
  const names = { ...(name && { name }), ...(generateName && { generateName }) };
  const own = { ...schema, properties: { ...rest, metadata: { properties: names } } };
  ownSchemas.set(schema, own);
  return own;
}
