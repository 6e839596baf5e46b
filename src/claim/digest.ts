import { createHash } from 'node:crypto';

const VERSION = '1';

/**
 * The digest of a request: version digit and the first 16 hex digits of SHA-256 over its canonical JSON (RFC 8785).
 * What is null, "", 0, false, [] or {} counts as not said, at every depth. Bytes count as the hex of their SHA-256.
 * @param fields the request's fields under their proto names, JSON fields already parsed. Frozen: a change needs a new version.
 */
export function requestDigest(fields: Readonly<Record<string, unknown>>): string {
  const said = prune(fields) ?? {};
  return VERSION + createHash('sha256').update(canonicalJson(said)).digest('hex').slice(0, 16);
}

function prune(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return value.length === 0 ? undefined : createHash('sha256').update(value).digest('hex');
  if (Array.isArray(value)) {
    const items = value.map(prune).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).flatMap(([key, item]) => {
      const said = prune(item);
      return said === undefined ? [] : [[key, said] as const];
    });
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  return value === null || value === '' || value === 0 || value === false ? undefined : value;
}

/** RFC 8785: members sorted by UTF-16 code units, no blanks; ECMAScript's own number and string forms are the canonical ones. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
