// A schema as Kubernetes publishes it for its own kinds: with references to others by name. Both OpenAPI documents and
// the schemas that objects are checked by are made from these.
import type { Schema } from '../../schema/schema.ts';

/** What stands beside `$ref` (description, default) is about this place, not about the definition referred to. */
export interface Definition extends Omit<Schema, 'properties' | 'items' | 'additionalProperties'> {
  /** `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`. */
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Definition>>;
  readonly items?: Definition;
  readonly additionalProperties?: Definition;
}

/** By name. */
export type Definitions = Readonly<Record<string, Definition>>;
