// Sets of fields, as managedFields have them (FieldsV1): a tree whose steps are `f:name`, `k:{"name":"root"}`, `v:"t1"`, with
// `.` where the field itself is in the set beside what is in it.
import type { Json, JsonObject } from '../object.ts';
import { isObject } from '../shape.ts';

export interface FieldSet {
  readonly isMember: boolean;
  readonly inside: ReadonlyMap<string, FieldSet>;
}

export const NO_FIELDS: FieldSet = { isMember: false, inside: new Map() };

export function isEmpty({ isMember, inside }: FieldSet): boolean {
  return !isMember && inside.size === 0;
}

export function union(one: FieldSet, other: FieldSet): FieldSet {
  const inside = new Map(one.inside);
  for (const [step, set] of other.inside) inside.set(step, union(inside.get(step) ?? NO_FIELDS, set));
  return { isMember: one.isMember || other.isMember, inside };
}

/** What is in `set` and not in `without`. */
export function difference(set: FieldSet, without: FieldSet): FieldSet {
  const inside = [...set.inside].map(
    ([step, part]) => [step, difference(part, without.inside.get(step) ?? NO_FIELDS)] as const,
  );
  return made(set.isMember && !without.isMember, inside);
}

/** Without the fields of `without` and all that is in them. */
export function differenceInDepth(set: FieldSet, without: FieldSet): FieldSet {
  const kept = [...set.inside].filter(([step]) => without.inside.get(step)?.isMember !== true);
  const inside = kept.map(
    ([step, part]) => [step, differenceInDepth(part, without.inside.get(step) ?? NO_FIELDS)] as const,
  );
  return made(set.isMember, inside);
}

function made(isMember: boolean, inside: readonly (readonly [string, FieldSet])[]): FieldSet {
  return { isMember, inside: new Map(inside.filter(([, part]) => !isEmpty(part))) };
}

/** The set of one field. */
export function only(path: readonly string[]): FieldSet {
  return path.reduceRight<FieldSet>((set, step) => ({ isMember: false, inside: new Map([[step, set]]) }), {
    isMember: true,
    inside: new Map(),
  });
}

export function toFieldsV1(set: FieldSet): JsonObject {
  const steps = [...set.inside].sort(([a], [b]) => (a < b ? -1 : 1));
  const self = set.isMember && steps.length > 0 ? [['.', {}] as const] : [];
  return Object.fromEntries([...self, ...steps.map(([step, part]) => [step, toFieldsV1(part)] as const)]);
}

/** Undefined for what is no set of fields. */
export function fromFieldsV1(fields: Json): FieldSet | undefined {
  return isObject(fields) && Object.keys(fields).length > 0 ? nodeOf(fields) : isObject(fields) ? NO_FIELDS : undefined;
}

function nodeOf(fields: Json): FieldSet | undefined {
  if (!isObject(fields)) return undefined;
  const inside = new Map<string, FieldSet>();
  for (const [key, part = null] of Object.entries(fields)) {
    if (key === '.') continue;
    const step = stepOf(key);
    const set = nodeOf(part);
    if (step === undefined || set === undefined) return undefined;
    inside.set(step, set);
  }
  return { isMember: inside.size === 0 || Object.hasOwn(fields, '.'), inside };
}

/** As it would have been written here; undefined for what is no step. */
function stepOf(key: string): string | undefined {
  if (/^f:|^i:-?\d+$/.test(key)) return key;
  if (!/^[kv]:/.test(key)) return undefined;
  try {
    const value = JSON.parse(key.slice(2)) as Json;
    return key.startsWith('v:') ? `v:${JSON.stringify(value)}` : keyStep(value as JsonObject);
  } catch {
    return undefined;
  }
}

/** `k:{"name":"root"}`, the keys sorted. */
export function keyStep(keys: JsonObject): string {
  return `k:${JSON.stringify(Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))))}`;
}
