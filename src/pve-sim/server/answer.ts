// Answers as PVE writes them: the reason phrase carries the message, an error closes the connection (pve-behaviour 1.2, 1.3).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { deflateSync, gzipSync } from 'node:zlib';
import type { Profile } from '../profiles/profile.ts';
import { PveError } from '../pve-error.ts';
import { Changed, Download, Page } from '../routes/endpoint.ts';

export type Format = 'json' | 'extjs';

export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** Text goes out as it is, without a content type; undefined: no body. */
  readonly body: Readonly<Record<string, unknown>> | string | Download | undefined;
  /** From another daemon, whose own `Connection` stays in it. */
  readonly passedOn?: boolean;
}

const COMPRESS_ABOVE_BYTES = 1024;

export function dataAnswer(format: Format, result: unknown): Answer {
  if (result instanceof Download) return { status: 200, reason: 'OK', body: result };
  const data = resultBody(result);
  return { status: 200, reason: 'OK', body: format === 'extjs' ? { ...data, success: 1 } : data };
}

function resultBody(result: unknown): Record<string, unknown> {
  if (result instanceof Page) return pageBody(result);
  if (!(result instanceof Changed)) return { data: result ?? null };
  const { data, changes } = result;
  return changes === undefined ? { data } : { data, changes };
}

/** An empty list has no total. */
function pageBody({ data, total }: Page): Record<string, unknown> {
  return total === 0 ? { data } : { data, total };
}

/**
 * An error raised by a handler or by the checks before it.
 * @param hasMessage whether this version puts the text into a `json` body too
 */
export function errorAnswer(format: Format, error: unknown, hasMessage: boolean): Answer {
  const known = error instanceof PveError ? error : new PveError(500, `${internalText(error)} at pve-sim`);
  const reason = firstLine(known.message);
  const errors = known.errors === undefined ? {} : { errors: known.errors };
  // The refusal of a URI is the one text without a line end.
  const message = known.status === 501 ? known.message : `${known.message}\n`;
  if (format === 'extjs') {
    const body = { data: null, message, ...errors, success: 0, status: known.status };
    return { status: 200, reason: 'OK', body };
  }
  return { status: known.status, reason, body: { data: null, ...(hasMessage ? { message } : {}), ...errors } };
}

export function emptyAnswer(status: number, reason: string): Answer {
  return { status, reason: firstLine(reason), body: undefined };
}

export function textAnswer(status: number, text: string): Answer {
  return { status, reason: firstLine(text), body: text };
}

function internalText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** How an answer leaves its node. */
export interface Departure {
  /** ms of the world's time: the Date header is the node's clock. */
  readonly now: number;
  /** Whether the connection has had its number of requests. */
  readonly last: boolean;
  readonly profile: Profile;
}

export function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  { now, last, profile }: Departure,
): void {
  const date = new Date(now).toUTCString();
  const headers: Record<string, string | number | string[]> = {
    Date: date,
    Expires: date,
    Server: 'pve-api-daemon/3.0',
    Pragma: 'no-cache',
    'Cache-Control': 'max-age=0',
  };
  const closes = last || answer.status >= 400 || asksToClose(request);
  // Said in PVE's words: left to itself the server would also tell its time-out, which PVE does not.
  const own = closes ? 'close' : 'Keep-Alive';
  headers['Connection'] = answer.passedOn === true ? [answer.status >= 400 ? 'close' : 'Keep-Alive', own] : own;
  let bytes = Buffer.alloc(0);
  if (typeof answer.body === 'string') bytes = Buffer.from(answer.body);
  else if (answer.body !== undefined) {
    const file = answer.body instanceof Download ? answer.body : undefined;
    headers['Content-Type'] = file === undefined ? 'application/json;charset=UTF-8' : 'text/plain';
    bytes = Buffer.from(file?.text ?? JSON.stringify(answer.body));
    // Files are compressed whatever the client takes (recording one-node/85).
    const wanted = file === undefined ? encodingFor(request, profile) : 'gzip';
    const encoding = bytes.length > COMPRESS_ABOVE_BYTES ? wanted : undefined;
    if (encoding !== undefined) {
      bytes = ENCODINGS[encoding](bytes);
      headers['Content-Encoding'] = encoding;
    }
  }
  headers['Content-Length'] = bytes.length;
  response.writeHead(answer.status, phrase(answer.reason), headers);
  response.end(bytes);
}

/** HTTP/1.0 keeps a connection only where it says so. */
function asksToClose({ headers: { connection }, httpVersionMinor }: IncomingMessage): boolean {
  return connection === undefined ? httpVersionMinor === 0 : /\bclose\b/i.test(connection);
}

const ENCODINGS = { gzip: gzipSync, deflate: deflateSync } as const;

function encodingFor(request: IncomingMessage, profile: Profile): keyof typeof ENCODINGS | undefined {
  const accepted = request.headers['accept-encoding'];
  const takes = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(accepted ?? '');
  if (takes('gzip')) return 'gzip';
  return profile.has('deflatedAnswers') && takes('deflate') ? 'deflate' : undefined;
}

/** The phrase goes out as UTF-8 bytes, which HTTP takes as Latin-1. */
function phrase(reason: string): string {
  return Buffer.from(reason.replaceAll(/\p{Cc}/gu, ' '), 'utf8').toString('latin1');
}
