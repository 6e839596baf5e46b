// Where a list that was cut at its limit goes on: the revision it is of and the last key that was told.
import { StatusError } from '../status.ts';

export interface Continuation {
  /** -1: whatever is there by then, since the revision itself is forgotten. */
  readonly revision: number;
  /** Within the namespace, where there is one. */
  readonly after: string;
}

export function encodeContinue({ revision, after }: Continuation): string {
  const token = { v: 'meta.k8s.io/v1', rv: revision, start: `/${after}\u0000` };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

export function decodeContinue(token: string): Continuation {
  const bad = illegalAt(token);
  if (bad !== undefined) throw invalid(`continue key is not valid: illegal base64 data at input byte ${bad}`);
  const { v, rv, start } = readToken(Buffer.from(token, 'base64url').toString());
  if (v !== 'meta.k8s.io/v1')
    throw invalid(
      `continue key is not valid: server does not recognize this encoded version ${JSON.stringify(v ?? '')}`,
    );
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0)
    throw invalid('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '')
    throw invalid('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  return { revision: rv, after: start.replace(/^\//, '').split('\u0000', 1)[0] ?? '' };
}

interface Token {
  readonly v?: unknown;
  readonly rv?: unknown;
  readonly start?: unknown;
}

function readToken(text: string): Token {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw invalid(`continue key is not valid: ${(error as Error).message}`);
  }
  return typeof parsed === 'object' && parsed !== null ? parsed : {};
}

/** The first character that is none of unpadded URL-safe base64, or the lone one at the end (recording 147). */
function illegalAt(text: string): number | undefined {
  const strange = text.search(/[^A-Za-z0-9_-]/);
  if (strange >= 0) return strange;
  return text.length % 4 === 1 ? text.length - 1 : undefined;
}

function invalid(why: string): StatusError {
  return new StatusError(400, 'BadRequest', `invalid continue token: ${why}`);
}
