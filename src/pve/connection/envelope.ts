import { STATUS_CODES } from 'node:http';
import { PveError, PveNoAnswer } from '../errors.ts';
import type { PveAnswer, PveRequest, Send } from './request.ts';

/** What PVE never answers (pve-behaviour 1.3): a gateway without such a path, or one that does not reach PVE. */
export const FOREIGN_STATUSES: Readonly<Record<number, string>> = {
  404: 'not-pve',
  502: '502',
  503: '503',
  504: '504',
};

/** Takes the data out of PVE's envelope (pve-behaviour 1.2); every other status becomes a `PveError` (1.3). */
export function openEnvelope(next: Send<PveAnswer>, endpointAddress: string): Send<unknown> {
  return async (request) => {
    const answer = await next(request);
    const foreign = FOREIGN_STATUSES[answer.status];
    if (foreign !== undefined) throw notPve(request, answer, endpointAddress, foreign);
    if (answer.status !== 200) throw pveError(request, answer);
    const body = parseBody(answer.body);
    if (body === undefined) throw notPve(request, answer, endpointAddress, 'not-pve');
    return body['data'];
  };
}

function parseBody(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function pveError(request: PveRequest, answer: PveAnswer): PveError {
  const body = parseBody(answer.body) ?? {};
  const text = typeof body['message'] === 'string' ? body['message'].trimEnd() : '';
  const firstLine = text.split('\n', 1)[0] ?? '';
  // A proxy in between may drop the phrase or put HTTP's own words in its place.
  const phrase = answer.reason === STATUS_CODES[answer.status] ? '' : answer.reason.trim();
  const reason = phrase || firstLine || answer.reason || `status ${answer.status}`;
  return new PveError({
    status: answer.status,
    reason,
    message: text === '' ? reason : text,
    errors: parameterErrors(body['errors']),
    method: request.method,
    path: request.path,
  });
}

function parameterErrors(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text).trim()]));
}

function notPve(request: PveRequest, answer: PveAnswer, endpoint: string, code: string): PveNoAnswer {
  return new PveNoAnswer({
    outcome: 'unknown',
    method: request.method,
    path: request.path,
    endpoint,
    code,
    cause: new Error(`status ${answer.status} with a body that is not PVE's: ${answer.body.slice(0, 80)}`),
  });
}
