import { createHash } from 'node:crypto';

/** The same for JSON that says the same. */
export function digestOf(json: string): string {
  return createHash('sha256')
    .update(canonical(JSON.parse(json)))
    .digest('hex')
    .slice(0, 32);
}

/** JSON of a value, in whichever order its keys were. */
function canonical(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => [key, sorted(item)] as const);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
