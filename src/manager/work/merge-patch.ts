import { isDeepStrictEqual } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;

/** The JSON merge patch that makes `after` of `before`; undefined where they are the same. */
export function mergePatchOf(before: Fields, after: Fields): Fields | undefined {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes = [...keys].flatMap((key) => {
    const change = changeOf(before[key], after[key]);
    return change === undefined ? [] : [[key, change] as const];
  });
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/** undefined: none. */
function changeOf(before: unknown, after: unknown): unknown {
  if (isFields(before) && isFields(after)) return mergePatchOf(before, after);
  if (after === undefined) return before === undefined ? undefined : null;
  return isSame(before, after) ? undefined : after;
}

function isSame(one: unknown, other: unknown): boolean {
  // Servers send fields in an order of their own.
  return isDeepStrictEqual(one, other);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
