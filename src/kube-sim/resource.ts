// What the API serves: one entry per resource, built in or made from a CRD. Everything that is generic (verbs, discovery,
// tables, OpenAPI) reads this and nothing else, so that a kind is data.
import type { Json, KubeObject } from './object.ts';
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
  /** Has `/scale`: published, and refused when asked for. */
  readonly hasScale?: boolean;
  /** Made from a CRD: defaults, pruning and validation by its schema. Otherwise a kind of Kubernetes itself. */
  readonly custom: boolean;
  /** After the column `Name`. Where there are none, `Age` follows it. */
  readonly columns: readonly PrinterColumn[];
  /** The whole table of a built-in kind, in place of `columns`. */
  readonly table?: readonly TableColumn[];
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

/** A column of a built-in kind: what no path can say. */
export interface TableColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly format?: string;
  readonly description: string;
  readonly priority?: number;
  /** `now` in milliseconds. */
  readonly cell: (object: KubeObject, now: number) => Json;
}

/** `machines.example.test`, `secrets`: as Status messages name a resource. */
export function resourceName({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** `example.test/v1`, `v1`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
