// Answers: JSON, indented for people, or YAML; errors as a Status.
import type { ServerResponse } from 'node:http';
import type { Json, JsonObject } from '../object.ts';
import { type MediaType, negotiateStatus } from '../show/negotiate.ts';
import { statusAsProtobuf } from '../show/status-protobuf.ts';
import { yamlText } from '../show/yaml-text.ts';
import { type StatusError, statusOf } from '../status.ts';
import { ExpiredContinue } from '../verbs/list.ts';

export interface Format {
  readonly mediaType: MediaType;
  readonly pretty: boolean;
}

/** Caching is for documents alone. */
export const NO_CACHE = 'no-cache, private';

export function send(response: ServerResponse, code: number, body: JsonObject, format: Format): void {
  const text = encode(body, format);
  response.writeHead(code, { 'content-type': format.mediaType, 'cache-control': NO_CACHE }).end(text);
}

export function encode(body: Json, { mediaType, pretty }: Format): string {
  if (mediaType === 'application/yaml') return yamlText(body);
  return `${pretty ? JSON.stringify(body, undefined, 2) : JSON.stringify(body)}\n`;
}

/** In whatever format the client takes; JSON for who takes none that there is. */
export function sendError(
  response: ServerResponse,
  error: StatusError,
  accept: string | undefined,
  pretty: boolean,
): void {
  const { retryAfterSeconds } = error.details;
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  const mediaType = negotiateStatus(accept);
  const metadata = error instanceof ExpiredContinue ? { continue: error.token } : {};
  if (mediaType !== PROTOBUF) return send(response, error.code, statusOf(error, metadata), { mediaType, pretty });
  response.writeHead(error.code, { 'content-type': mediaType, 'cache-control': NO_CACHE }).end(statusAsProtobuf(error));
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** What Go's HTTP server says where nothing is (recording 153). */
export function sendNotFound(response: ServerResponse): void {
  response.writeHead(404, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': NO_CACHE,
  });
  response.end('404 page not found\n');
}
