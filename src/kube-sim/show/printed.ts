// Values as a Go program prints them in a column of text.
import { numberText } from '../go-text.ts';
import type { Json, JsonObject } from '../object.ts';

/** Lists and objects as JSON, all else plainly. */
export function printed(value: Json): string {
  if (value === null) return '<no value>';
  if (typeof value === 'object') return escaped(JSON.stringify(sorted(value)));
  return typeof value === 'number' ? numberText(value) : String(value);
}

function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, sorted((value as JsonObject)[key] ?? null)]));
}

/** Go's JSON is safe within HTML. */
function escaped(json: string): string {
  return json.replaceAll(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
