import type { JsonObject } from '../object.ts';

/** A document says what it refers to, and what that refers to: named by the last part of `#/definitions/NAME`. */
export function referenced(from: JsonObject, write: (name: string) => JsonObject): JsonObject {
  const found = new Map<string, JsonObject>();
  const visit = (value: unknown): void => {
    for (const name of referencesIn(value)) {
      if (found.has(name)) continue;
      const definition = write(name);
      found.set(name, definition);
      visit(definition);
    }
  };
  visit(from);
  return Object.fromEntries([...found].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? nameOf(member) : referencesIn(member),
  );
}

function nameOf(reference: string): readonly string[] {
  const name = /^#\/(?:definitions|components\/schemas)\/(.+)$/.exec(reference)?.[1];
  return name === undefined ? [] : [name];
}
