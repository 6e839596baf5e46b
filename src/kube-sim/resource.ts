// What the API serves: one entry per resource, built in or made from a CRD. Everything that is generic (verbs, discovery,
// tables, OpenAPI) reads this and nothing else, so that a kind is data.
import type { Schema } from './schema/schema.ts';

export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `virtualmachines`: the word in the path. */
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** In the order discovery tells them. */
  readonly verbs: readonly Verb[];
  /** Has `/status`: writes to one never touch the other. */
  readonly hasStatus: boolean;
  /** Of `spec`, `status` and all else, `metadata` left out where the kind has nothing to say about it. */
  readonly schema: Schema;
  /** Made from a CRD: defaults, pruning and validation by its schema. Otherwise a kind of Kubernetes itself. */
  readonly custom: boolean;
  /** After the column `Name`, before `Age` where that is not among them. */
  readonly columns: readonly PrinterColumn[];
  /** JSON paths without the leading dot (`spec.pool`) that a field selector may name, beside metadata.name and .namespace. */
  readonly selectableFields: readonly string[];
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** As in a CRD. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  /** Above 0: only with `-o wide`. */
  readonly priority?: number;
  /** `.spec.pool`, with the leading dot. */
  readonly jsonPath: string;
}

/** `machines.example.test`, `secrets`: as Status messages name a resource. */
export function resourceName({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** `example.test/v1`, `v1`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
