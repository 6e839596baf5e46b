import type { Schema } from '../schema/schema.ts';
import { OBJECT_META_SCHEMA } from './object-meta-schema.ts';

const TEXT: Schema = { type: 'string' };

/** A kind's own schema with apiVersion, kind and metadata as every object has them. */
export function withMetadata(schema: Schema): Schema {
  const { apiVersion: _, kind: __, metadata, ...own } = schema.properties ?? {};
  return {
    ...schema,
    type: 'object',
    properties: { kind: TEXT, apiVersion: TEXT, metadata: restricted(metadata), ...own },
  };
}

/** A definition may say what names have to be like. */
function restricted({ properties = {} }: Schema = {}): Schema {
  if (Object.keys(properties).length === 0) return OBJECT_META_SCHEMA;
  return { ...OBJECT_META_SCHEMA, properties: { ...OBJECT_META_SCHEMA.properties, ...properties } };
}
