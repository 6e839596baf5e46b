// Lists in a strategic merge patch: items are told apart by a key, or are what they are.
import type { Json, JsonObject } from '../object.ts';
import { isObject } from '../shape.ts';
import { StatusError } from '../status.ts';
import { withoutDirectives } from './strategic-new.ts';

export interface ListRule {
  /** Empty for a list of texts or numbers. */
  readonly key: string;
  readonly merge: (old: JsonObject, change: JsonObject) => JsonObject;
}

export function mergeList(before: readonly Json[], patch: readonly Json[], rule: ListRule): readonly Json[] {
  const { key } = rule;
  if (![...before, ...patch].some(isObject)) {
    const all = [...new Set([...before, ...patch])];
    return ordered(all, patch, before, '');
  }
  if (key === '') throw failed('cannot merge lists without merge key');
  const plain = patch.filter((item) => !isDirective(item));
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace')) return plain;
  const kept = before.filter((item) => !patch.some((gone) => isDirective(gone) && isSame(gone, item, key)));
  return ordered(mergeItems(kept, plain, rule), plain, kept, key);
}

function mergeItems(before: readonly Json[], patch: readonly Json[], { key, merge }: ListRule): readonly Json[] {
  return patch.reduce<readonly Json[]>((list, change) => {
    if (!isObject(change) || change[key] === undefined)
      throw failed(`map: ${JSON.stringify(change)} does not contain declared merge key: ${key}`);
    const index = list.findIndex((item) => isSame(item, change, key));
    const old = list[index];
    return isObject(old) ? list.with(index, merge(old, change)) : [...list, withoutDirectives(change) ?? {}];
  }, before);
}

export function withoutListed(list: readonly Json[], gone: readonly Json[]): readonly Json[] {
  return list.filter((item) => !gone.includes(item));
}

/**
 * Items that `order` names come as it has them. The others keep their places before those that they stood before in the old
 * list, and come after them where nobody knows.
 */
export function ordered(
  list: readonly Json[],
  order: readonly Json[],
  old: readonly Json[],
  key: string,
): readonly Json[] {
  const place = (of: readonly Json[], item: Json): number => of.findIndex((other) => isSame(other, item, key));
  const by = (of: readonly Json[]) => (a: Json, b: Json) => place(of, a) - place(of, b);
  const named = list.filter((item) => place(order, item) !== -1).sort(by(order));
  const others = list.filter((item) => place(order, item) === -1).sort(by(old));
  const result: Json[] = [];
  while (named.length > 0 && others.length > 0) {
    const [left = null] = others;
    const [right = null] = named;
    const isBefore = place(old, left) !== -1 && place(old, right) !== -1 && place(old, left) < place(old, right);
    result.push((isBefore ? others : named).shift() ?? null);
  }
  return [...result, ...others, ...named];
}

function isSame(one: Json, other: Json, key: string): boolean {
  if (key === '') return one === other;
  return isObject(one) && isObject(other) && one[key] !== undefined && one[key] === other[key];
}

function isDirective(item: Json): boolean {
  return isObject(item) && Object.hasOwn(item, '$patch');
}

/** A real server fails here without a reason. */
function failed(message: string): StatusError {
  return new StatusError(500, '', message);
}
