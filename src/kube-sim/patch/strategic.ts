// Strategic merge patch, for the kinds of Kubernetes itself: their schemas say which lists are merged, and by which key. What
// a list or an object is to become besides, directives in the patch say (`$patch`, `$retainKeys`, `$setElementOrder/...`,
// `$deleteFromPrimitiveList/...`).
import { OBJECT_META_SCHEMA } from '../kinds/object-meta-schema.ts';
import type { Json, JsonObject } from '../object.ts';
import { defineMember, own } from '../own.ts';
import { memberSchema } from '../schema/member.ts';
import type { Schema } from '../schema/schema.ts';
import { isList, isObject } from '../shape.ts';
import { StatusError } from '../status.ts';
import { type ListRule, mergeList, ordered, withoutListed } from './strategic-list.ts';
import { withoutDirectives } from './strategic-new.ts';

const DELETE_FROM = '$deleteFromPrimitiveList/';
const SET_ORDER = '$setElementOrder/';
const RETAIN_KEYS = '$retainKeys';

/** Throws StatusError: 400 for directives in a wrong form, 500 where a real server fails, too. */
export function strategicPatch(object: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  const properties = { ...schema.properties, metadata: own(schema.properties, 'metadata') ?? OBJECT_META_SCHEMA };
  return mergeObject(object, patch, { ...schema, properties });
}

function mergeObject(before: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const { $patch: directive, ...rest } = patch;
  if (directive === 'delete') return {};
  if (directive === 'replace') return rest;
  if (directive !== undefined) throw unknownDirective(directive, patch);
  const result: Record<string, Json> = retained(before, patch);
  const orders = Object.entries(rest).filter(([key]) => key.startsWith(SET_ORDER));
  for (const [key, change = null] of Object.entries(rest)) {
    if (key === RETAIN_KEYS || key.startsWith(SET_ORDER)) continue;
    mergeMember(result, key, change, schema);
  }
  for (const [key, order = null] of orders)
    setOrder(result, key.slice(SET_ORDER.length), order, { before, rest, schema });
  return result;
}

function mergeMember(result: Record<string, Json>, key: string, change: Json, schema: Schema | undefined): void {
  if (key.startsWith(DELETE_FROM)) return deleteFrom(result, key.slice(DELETE_FROM.length), change);
  if (change === null) {
    delete result[key];
    return;
  }
  const old = Object.hasOwn(result, key) ? result[key] : undefined;
  const merged = mergeValue(old, change, memberSchema(schema, key));
  if (merged === undefined) delete result[key];
  else defineMember(result, key, merged);
}

/** Undefined: there is nothing left of it. */
function mergeValue(old: Json | undefined, change: Json, schema: Schema | undefined): Json | undefined {
  const strategy = schema?.['x-kubernetes-patch-strategy']?.split(',') ?? [];
  if (isObject(old) && isObject(change))
    return strategy.includes('replace') ? change : mergeObject(old, change, schema);
  if (isList(old) && isList(change))
    return strategy.includes('merge') ? mergeList(old, change, ruleOf(schema)) : change;
  return withoutDirectives(change);
}

function ruleOf(schema: Schema | undefined): ListRule {
  return {
    key: schema?.['x-kubernetes-patch-merge-key'] ?? '',
    merge: (old, change) => mergeObject(old, change, schema?.items),
  };
}

function deleteFrom(result: Record<string, Json>, key: string, gone: Json): void {
  const list = result[key];
  if (isList(list) && isList(gone)) defineMember(result, key, withoutListed(list, gone));
}

interface Patched {
  readonly before: JsonObject;
  readonly rest: JsonObject;
  readonly schema: Schema | undefined;
}

function setOrder(result: Record<string, Json>, key: string, order: Json, { before, rest, schema }: Patched): void {
  const [list, old = [], patched = []] = [result[key], own(before, key), own(rest, key)];
  if (!isList(order) || !isList(old) || !isList(patched))
    throw badRequest('invalid patch format of setElementOrder list');
  if (isList(list)) defineMember(result, key, ordered(list, order, old, ruleOf(memberSchema(schema, key)).key));
}

/** What the patch says is to stay, or all of it. */
function retained(before: JsonObject, patch: JsonObject): Record<string, Json> {
  const keys = patch[RETAIN_KEYS];
  const members = Object.entries(before).map(([key, value = null]) => [key, value] as const);
  if (keys === undefined) return Object.fromEntries(members);
  if (!isList(keys)) throw badRequest('invalid patch format of retainKeys');
  const isStray = Object.entries(patch).some(
    ([key, value]) => value !== null && !key.startsWith('$') && !keys.includes(key),
  );
  if (isStray) throw badRequest('invalid patch format of retainKeys');
  return Object.fromEntries(members.filter(([key]) => keys.includes(key)));
}

function unknownDirective(directive: Json, patch: JsonObject): StatusError {
  return new StatusError(500, '', `unknown patch type: ${JSON.stringify(directive)} in map: ${JSON.stringify(patch)}`);
}

function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}
