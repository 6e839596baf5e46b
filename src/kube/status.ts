// What a server says where it does not do what it was asked: a Status, or what a proxy before it has to say.
import { STATUS_CODES } from 'node:http';
import { KubeApiError } from './api.ts';

/** The reasons that Kubernetes gives to codes. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

interface Status {
  readonly kind?: unknown;
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly name?: unknown } | null;
}

/** From an answer that is no success. */
export function errorOfAnswer(code: number, body: string): KubeApiError {
  const status = parseStatus(body);
  if (status !== undefined) return errorOfStatus(status, code);
  const text = body.trim().slice(0, 200);
  const message = text === '' || text.startsWith('<') ? (STATUS_CODES[code] ?? '') : text;
  return new KubeApiError({ code, reason: reasonOf(code), message: message === '' ? `HTTP status ${code}` : message });
}

/** From a Status, as an answer or as an event of a watch. */
export function errorOfStatus(value: unknown, answered: number): KubeApiError {
  const status = (typeof value === 'object' && value !== null ? value : {}) as Status;
  const code = typeof status.code === 'number' ? status.code : answered;
  const reason = typeof status.reason === 'string' && status.reason !== '' ? status.reason : reasonOf(code);
  const message =
    typeof status.message === 'string' && status.message !== '' ? status.message : (STATUS_CODES[code] ?? reason);
  const names = typeof status.details?.name === 'string' && status.details.name !== '';
  return new KubeApiError({ code, reason, message, namesObject: names });
}

function parseStatus(body: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const isStatus = typeof value === 'object' && value !== null && (value as Status).kind === 'Status';
    return isStatus ? value : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(code: number): string {
  return REASONS[code] ?? 'Unknown';
}
