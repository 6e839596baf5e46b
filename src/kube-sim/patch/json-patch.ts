// JSON patch (RFC 6902) as the library behind a real server does it: indices may be negative, and whatever cannot be done
// is answered with one and the same text (recordings 072, 073).
import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../object.ts';
import { defineMember } from '../own.ts';
import { isList, isObject } from '../shape.ts';
import { StatusError } from '../status.ts';
import type { JsonPatchOperation } from './decode-patch.ts';

const MAX_OPERATIONS = 10_000;

/** Throws StatusError: 422 where an operation is impossible or a test fails, 413 where there are too many. */
export function jsonPatch(object: JsonObject, operations: readonly JsonPatchOperation[]): JsonObject {
  if (operations.length > MAX_OPERATIONS) throw tooManyOperations(operations.length);
  const result = operations.reduce<Json>(applied, object);
  if (!isObject(result)) throw impossible();
  return result;
}

function applied(value: Json, operation: JsonPatchOperation): Json {
  const path = pointer(operation.path);
  const given = operation.value ?? null;
  switch (operation.op) {
    case 'add':
      return changed(value, path, (parent, key) => added(parent, key, given));
    case 'remove':
      return changed(value, path, removed);
    case 'replace':
      if (path.length === 0) return given;
      return changed(value, path, (parent, key) => replaced(parent, key, given));
    case 'move': {
      const from = pointer(operation.from);
      const moved = existing(value, from);
      return changed(changed(value, from, removed), path, (parent, key) => added(parent, key, moved));
    }
    case 'copy': {
      const copied = found(value, pointer(operation.from)) ?? null;
      return changed(value, path, (parent, key) => added(parent, key, copied));
    }
    case 'test':
      if (!isDeepStrictEqual(found(value, path) ?? null, given)) throw impossible();
      return value;
    default:
      throw impossible();
  }
}

/** `/spec/disks/0` as its steps; none for the whole document. */
function pointer(path: string | undefined): readonly string[] {
  if (path === '') return [];
  // Whatever is before the first slash is passed over.
  const [, ...steps] = path?.split('/') ?? [];
  if (steps.length === 0) throw impossible();
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Undefined if the last step names no member of an object. A way that does not lead there at all is an error. */
function found(value: Json, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((parent, step) => {
    if (!isList(parent) && !isObject(parent)) throw impossible();
    return child(parent, step);
  }, value);
}

function existing(value: Json, path: readonly string[]): Json {
  const there = found(value, path);
  if (there === undefined) throw impossible();
  return there;
}

function child(parent: Json, key: string): Json | undefined {
  if (isList(parent)) return parent[place(key, parent.length)];
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

/** A copy of `value` in which the parent of what `path` names has been changed. */
function changed(value: Json, path: readonly string[], change: (parent: Json, key: string) => Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) throw impossible();
  if (rest.length === 0) return change(value, step);
  const inside = child(value, step);
  if (inside === undefined) throw impossible();
  return replaced(value, step, changed(inside, rest, change));
}

function added(parent: Json, key: string, value: Json): Json {
  if (isObject(parent)) return withMember(parent, key, value);
  if (!isList(parent)) throw impossible();
  const index = key === '-' ? parent.length : place(key, parent.length + 1);
  return parent.toSpliced(index, 0, value);
}

function removed(parent: Json, key: string): Json {
  if (child(parent, key) === undefined) throw impossible();
  if (isList(parent)) return parent.toSpliced(place(key, parent.length), 1);
  return Object.fromEntries(Object.entries(parent as JsonObject).filter(([name]) => name !== key));
}

/** A member that is not there is added. */
function replaced(parent: Json, key: string, value: Json): Json {
  if (isObject(parent)) return withMember(parent, key, value);
  if (!isList(parent)) throw impossible();
  return parent.with(place(key, parent.length), value);
}

function withMember(parent: JsonObject, key: string, value: Json): JsonObject {
  const result: Record<string, Json | undefined> = { ...parent };
  defineMember(result, key, value);
  return result;
}

/** The index that `key` means in a list of `length`; -1 is the last one. */
function place(key: string, length: number): number {
  const index = /^[-+]?\d+$/.test(key) ? Number(key) : Number.NaN;
  const counted = index < 0 ? index + length : index;
  if (!(counted >= 0 && counted < length)) throw impossible();
  return counted;
}

function impossible(): StatusError {
  return new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request');
}

function tooManyOperations(got: number): StatusError {
  const message = `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${got}`;
  return new StatusError(413, 'RequestEntityTooLarge', message);
}
