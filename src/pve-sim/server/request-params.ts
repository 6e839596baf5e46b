// Parameters of a request: query and body, merged the way PVE does (pve-behaviour 1.4).
import { failure, parameterError, TransportError } from '../pve-error.ts';
import { AT_SERVER, parseJson } from './perl-json.ts';

export type RawRequestParams = Record<string, unknown>;

/** Pairs are parted by `&` or `;`; a key that repeats becomes a list, one without `=` is not sent. */
export function parseQuery(text: string): RawRequestParams {
  return parsePairs(text.split(/[&;]/).filter((pair) => pair.includes('=')));
}

/** As in a query, but a key without `=` has an empty value (recordings one-node/21 and 22). */
function parseForm(text: string): RawRequestParams {
  return parsePairs(text.split(/[&;]/));
}

function parsePairs(pairs: readonly string[]): RawRequestParams {
  const params: RawRequestParams = {};
  for (const pair of pairs) {
    if (pair === '') continue;
    // A second `=` that is not encoded ends the value (recording one-node/22).
    const [key = '', value = ''] = pair.split('=');
    add(params, key === '' ? '_root' : decode(key), decode(value));
  }
  return params;
}

function add(params: RawRequestParams, key: string, value: string): void {
  const before = params[key];
  if (before === undefined) params[key] = value;
  else params[key] = Array.isArray(before) ? [...(before as unknown[]), value] : [before, value];
}

/** JSON may hold a number where the path has text. */
function isSame(sent: unknown, inPath: string | undefined): boolean {
  return typeof sent === 'number' ? String(sent) === inPath : sent === inPath;
}

/** Percent-encoded UTF-8; a stray percent sign stays as it is. */
function decode(text: string): string {
  const bytes = text.replaceAll('+', ' ').replaceAll(/%(?![0-9a-fA-F]{2})/g, '%25');
  try {
    return decodeURIComponent(bytes);
  } catch {
    return decodeURIComponent(bytes.replaceAll(/%[89a-fA-F][0-9a-fA-F]/g, '%EF%BF%BD'));
  }
}

/** @throws 506 for a content type PVE does not read, 500 for JSON that does not parse */
export function parseBody(contentType: string | undefined, body: Buffer): RawRequestParams {
  const type = contentType?.split(';')[0]?.trim() ?? '';
  if (type === 'application/json') return readJson(body.toString('utf8'));
  if (body.length === 0) return {};
  if (type === '' || type === 'application/x-www-form-urlencoded') return parseForm(body.toString('utf8'));
  throw new TransportError(506, `upload 'Content-Type '${contentType ?? ''}' not implemented`);
}

function readJson(text: string): RawRequestParams {
  const parsed = parseJson(text);
  if (parsed === null) return {};
  if (typeof parsed === 'string' || typeof parsed === 'number') {
    const reason = `Can't use string ("${parsed}") as a HASH ref while "strict refs" in use`;
    throw new TransportError(500, `${reason}${AT_SERVER}`);
  }
  if (typeof parsed !== 'object' || Array.isArray(parsed))
    throw new TransportError(500, `Not a HASH reference${AT_SERVER}`);
  const undefinedKey = Object.entries(parsed).find(([, value]) => value === null)?.[0];
  if (undefinedKey !== undefined) throw failure(`unable to parse value of '${undefinedKey}' - got undefined value`);
  return { ...parsed };
}

/**
 * Query wins over body; both must agree with the path. `_dc` is dropped.
 * @throws 400 for a parameter that contradicts the path
 */
export function mergeParams(
  path: Readonly<Record<string, string>>,
  body: RawRequestParams,
  query: RawRequestParams,
): RawRequestParams {
  const { _dc: _, ...sent } = { ...body, ...query };
  const conflicts = Object.keys(path).filter((name) => sent[name] !== undefined && !isSame(sent[name], path[name]));
  if (conflicts.length > 0) {
    const text = 'duplicate parameter (already defined in URI) with conflicting values!';
    throw parameterError(Object.fromEntries(conflicts.map((name) => [name, text])));
  }
  return { ...sent, ...path };
}
