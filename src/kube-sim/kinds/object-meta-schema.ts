import type { Schema } from '../schema/schema.ts';
import { schemaOf } from './schemas/definitions.ts';

/** Of `metadata`, for objects of every kind. */
export const OBJECT_META_SCHEMA: Schema = schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
