// Takes out of an object what its schema does not know, as an apiserver does with every custom object it reads.
import { OBJECT_META_SCHEMA } from '../kinds/object-meta-schema.ts';
import type { Json, JsonObject } from '../object.ts';
import { defineMember, own } from '../own.ts';
import { isList, isObject } from '../shape.ts';
import { additionalSchema } from './member.ts';
import { withoutNulls } from './nulls.ts';
import type { Schema } from './schema.ts';

export interface Pruned {
  readonly value: Json;
  /** Paths of what was taken out: first those in `metadata`, then the others, each sorted (recordings 160, 163). */
  readonly unknown: readonly string[];
}

/** `value` is an object of the API: apiVersion, kind and metadata need not be in its schema. */
export function prune(value: Json, schema: Schema): Pruned {
  const pruner = new Pruner();
  const known = pruner.known(value, { ...schema, 'x-kubernetes-embedded-resource': true }, '');
  const unknown = [...pruner.inMetadata.sort(), ...pruner.elsewhere.sort(), ...pruner.inEmbeddedMetadata.sort()];
  return { value: withoutNulls(known, schema), unknown };
}

const KEEPS_UNKNOWN: Schema = { 'x-kubernetes-preserve-unknown-fields': true };
const TYPE_META = new Set(['apiVersion', 'kind']);

class Pruner {
  readonly inMetadata: string[] = [];
  readonly elsewhere: string[] = [];
  readonly inEmbeddedMetadata: string[] = [];

  /** Without a schema nothing is known of what is inside. */
  known(value: Json, schema: Schema | undefined, path: string): Json {
    if (isList(value)) return this.#list(value, schema, path);
    return isObject(value) ? this.#object(value, schema, path) : value;
  }

  #list(value: readonly Json[], schema: Schema | undefined, path: string): Json {
    // Whoever keeps what it does not know in a list keeps it in the items, too.
    const items = keepsUnknown(schema) ? { ...schema?.items, ...KEEPS_UNKNOWN } : schema?.items;
    return value.map((item, index) => this.known(item, items, `${path}[${index}]`));
  }

  #object(value: JsonObject, schema: Schema | undefined, path: string): JsonObject {
    const result: Record<string, Json> = {};
    for (const [key, member = null] of Object.entries(value)) {
      const place = path === '' ? key : `${path}.${key}`;
      const kept = this.#member(member, key, schema, place);
      if (kept === undefined) this.elsewhere.push(place);
      else defineMember(result, key, kept);
    }
    return result;
  }

  #member(member: Json, key: string, schema: Schema | undefined, place: string): Json | undefined {
    if (schema?.['x-kubernetes-embedded-resource'] === true) {
      if (TYPE_META.has(key)) return member;
      if (key === 'metadata') return this.#metadata(member, place);
    }
    const property = own(schema?.properties, key);
    if (property !== undefined) return this.known(member, property, place);
    if (schema?.additionalProperties !== undefined) return this.known(member, additionalSchema(schema), place);
    return keepsUnknown(schema) ? member : undefined;
  }

  #metadata(metadata: Json, path: string): Json {
    const pruner = new Pruner();
    const known = pruner.known(metadata, OBJECT_META_SCHEMA, path);
    (path === 'metadata' ? this.inMetadata : this.inEmbeddedMetadata).push(...pruner.elsewhere);
    return known;
  }
}

function keepsUnknown(schema: Schema | undefined): boolean {
  return schema?.['x-kubernetes-preserve-unknown-fields'] === true;
}
