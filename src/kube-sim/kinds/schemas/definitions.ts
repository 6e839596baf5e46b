// All definitions together, and the schemas made from them. A definition that refers to itself (the schema in a CRD)
// gives a schema that contains itself: whoever walks one is led by a value, which ends.
import type { Schema } from '../../schema/schema.ts';
import { ANSWERS } from './answers.ts';
import { APIEXTENSIONS } from './apiextensions.ts';
import { AUTOSCALING } from './autoscaling.ts';
import { COORDINATION } from './coordination.ts';
import { CORE } from './core.ts';
import { CRD_CONVERSION } from './crd-conversion.ts';
import { CRD_VERSION } from './crd-version.ts';
import type { Definition, Definitions } from './definition.ts';
import { DISCOVERY } from './discovery.ts';
import { EVENTS } from './events.ts';
import { JSON_SCHEMA } from './json-schema.ts';
import { OBJECT_META } from './object-meta.ts';

/** Of the kinds of Kubernetes itself, by name. */
export const DEFINITIONS: Definitions = {
  ...OBJECT_META,
  ...ANSWERS,
  ...DISCOVERY,
  ...AUTOSCALING,
  ...CORE,
  ...EVENTS,
  ...COORDINATION,
  ...APIEXTENSIONS,
  ...CRD_VERSION,
  ...CRD_CONVERSION,
  ...JSON_SCHEMA,
};

const made = new Map<string, Schema>();

/** The schema of a definition, references followed. Defaults are left out: those in the documents are for clients. */
export function schemaOf(name: string): Schema {
  const known = made.get(name);
  if (known !== undefined) return known;
  const schema: Schema = {};
  made.set(name, schema);
  names.set(schema, name.slice(name.lastIndexOf('.') + 1));
  return Object.assign(schema, resolved(definition(name)));
}

/** How Go calls the type that has this schema: `LeaseSpec`. */
export function structName(schema: Schema): string | undefined {
  return names.get(schema);
}

const names = new WeakMap<Schema, string>();

function definition(name: string): Definition {
  const found = DEFINITIONS[name];
  if (found === undefined) throw new Error(`no definition of ${name}`);
  return found;
}

function resolved(from: Definition): Schema {
  const { default: _, properties, items, additionalProperties, ...rest } = from;
  return {
    ...rest,
    ...(properties && { properties: mapped(properties) }),
    ...(items && { items: followed(items) }),
    ...(additionalProperties && { additionalProperties: followed(additionalProperties) }),
    ...(isFree(from) && { 'x-kubernetes-preserve-unknown-fields': true }),
  };
}

function mapped(properties: Definitions): Record<string, Schema> {
  return Object.fromEntries(Object.entries(properties).map(([key, of]) => [key, followed(of)]));
}

/** The very schema referred to, not a copy, so that one in itself has an end. */
function followed(of: Definition): Schema {
  return of.$ref === undefined ? resolved(of) : schemaOf(of.$ref);
}

/** Says nothing about what is inside: JSON, RawExtension, FieldsV1. */
function isFree({ type, properties, additionalProperties }: Definition): boolean {
  return type === undefined || (type === 'object' && properties === undefined && additionalProperties === undefined);
}
