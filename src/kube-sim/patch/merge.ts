import type { Json, JsonObject } from '../object.ts';
import { defineMember } from '../own.ts';
import { isList, isObject } from '../shape.ts';

/** JSON merge patch (RFC 7386): null takes a member out, objects are merged, all else is put in its place. */
export function mergePatch(object: JsonObject, patch: JsonObject): JsonObject {
  return merged(object, patch);
}

function merged(target: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, Json> = {};
  for (const [key, value = null] of Object.entries(target)) if (patch[key] !== null) defineMember(result, key, value);
  for (const [key, change = null] of Object.entries(patch)) {
    if (change === null) continue;
    const before = Object.hasOwn(target, key) ? target[key] : undefined;
    defineMember(result, key, inPlaceOf(before, change));
  }
  return result;
}

function inPlaceOf(before: Json | undefined, change: Json): Json {
  if (isObject(before)) return isObject(change) ? merged(before, change) : change;
  return withoutNulls(change);
}

/** What is new has no members that are null, also inside of lists. In a list that replaces an object they stay. */
function withoutNulls(value: Json): Json {
  if (isList(value)) return value.map(withoutNulls);
  return isObject(value) ? merged({}, value) : value;
}
