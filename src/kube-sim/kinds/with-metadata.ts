import type { Schema } from '../schema/schema.ts';
import { OBJECT_META_SCHEMA } from './object-meta-schema.ts';

const TEXT: Schema = { type: 'string' };

/** A kind's own schema with apiVersion, kind and metadata as every object has them. */
export function withMetadata(schema: Schema): Schema {
  const { apiVersion: _, kind: __, metadata: ___, ...own } = schema.properties ?? {};
  return {
    ...schema,
    type: 'object',
    properties: { kind: TEXT, apiVersion: TEXT, metadata: OBJECT_META_SCHEMA, ...own },
  };
}
