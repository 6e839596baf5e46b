// Which fields an object has got, lost or changed, as structured-merge-diff finds them.
import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../object.ts';
import { own } from '../own.ts';
import type { Schema } from '../schema/schema.ts';
import { isList, isObject } from '../shape.ts';
import { type FieldSet, NO_FIELDS, only, union } from './field-set.ts';
import { isParted, itemStep, partSchema } from './layout.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** An object that is not there yet is compared as an empty one. */
export function compare(before: JsonObject, after: JsonObject, schema: Schema): Comparison {
  const walk = new Walk();
  walk.members(before, after, schema, []);
  return walk;
}

type Value = Json | undefined;
type Path = readonly string[];

class Walk implements Comparison {
  added = NO_FIELDS;
  modified = NO_FIELDS;
  removed = NO_FIELDS;

  members(before: JsonObject, after: JsonObject, schema: Schema, path: Path): void {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      this.#field(own(before, key), own(after, key), partSchema(schema, key), [...path, `f:${key}`]);
  }

  #field(before: Value, after: Value, schema: Schema, path: Path): void {
    const isInParts = this.#parts(before, after, schema, path);
    if (before === undefined && after !== undefined) this.added = union(this.added, only(path));
    else if (before !== undefined && after === undefined) this.removed = union(this.removed, only(path));
    else if (!isInParts && !isDeepStrictEqual(before, after)) this.modified = union(this.modified, only(path));
  }

  /** False where the field has no parts on either side, or is of another kind now: then it is compared as a whole, too. */
  #parts(before: Value, after: Value, schema: Schema, path: Path): boolean {
    const [oldItems, newItems] = [partedList(before, schema), partedList(after, schema)];
    const [oldMembers, newMembers] = [partedObject(before, schema), partedObject(after, schema)];
    this.#items(oldItems, newItems, schema, path);
    this.members(oldMembers, newMembers, schema, path);
    const parts = [oldItems, newItems, oldMembers, newMembers].flatMap((of) => Object.keys(of));
    return parts.length > 0 && isSameShape(before, after);
  }

  #items(before: readonly Json[], after: readonly Json[], schema: Schema, path: Path): void {
    const [old, now] = [byStep(before, schema), byStep(after, schema)];
    for (const step of new Set([...old.keys(), ...now.keys()]))
      this.#item(old.get(step) ?? [], now.get(step) ?? [], schema.items ?? {}, [...path, step]);
  }

  /** More than one with the same key are compared as a whole. */
  #item(before: readonly Json[], after: readonly Json[], schema: Schema, path: Path): void {
    if (before.length <= 1 && after.length <= 1) this.#field(before[0], after[0], schema, path);
    else if (before.length === 0) this.added = union(this.added, only(path));
    else if (after.length === 0) this.removed = union(this.removed, only(path));
    else if (!isDeepStrictEqual(before, after)) this.modified = union(this.modified, only(path));
  }
}

function partedList(value: Value, schema: Schema): readonly Json[] {
  return isList(value) && isParted(value, schema) ? value : [];
}

function partedObject(value: Value, schema: Schema): JsonObject {
  return isObject(value) && isParted(value, schema) ? value : {};
}

function byStep(list: readonly Json[], schema: Schema): Map<string, Json[]> {
  return Map.groupBy(list, (item) => itemStep(item, schema));
}

/** Null is a list or an object without parts. A text in place of an object is a change of the field itself. */
function isSameShape(before: Value, after: Value): boolean {
  const [one, other] = [before ?? null, after ?? null];
  return one === null || other === null || (isList(one) === isList(other) && isObject(one) === isObject(other));
}
