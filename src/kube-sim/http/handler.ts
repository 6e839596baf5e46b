// A request from its first byte to the last one of its answer. Nobody gets further than the door without credentials.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { isPretty } from '../show/pretty.ts';
import { badRequest, forbidden, StatusError } from '../status.ts';
import type { Api } from '../verbs/api.ts';
import { sendError, sendNotFound } from './answer.ts';
import { answerDocument } from './documents.ts';
import { answerHealth } from './health.ts';
import { answerResource } from './resource-requests.ts';
import { routeOf } from './route.ts';

export interface HandlerOptions {
  readonly api: Api;
  readonly isKnown: (authorization: string | undefined) => boolean;
  readonly log: Logger;
  /** The server ends. */
  readonly signal: AbortSignal;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createHandler(options: HandlerOptions): Handler {
  return async (request, response) => {
    try {
      await answer(options, request, response);
    } catch (error) {
      fail(options.log, request, response, error);
    }
    if (!request.complete) dropRest(request, options.api.clock);
  };
}

const LINGER_MS = 1000;

/** What is left of a body that nobody wanted is not kept; who goes on sending it still gets to read the answer. */
function dropRest(request: IncomingMessage, clock: Clock): void {
  request.resume();
  const cut = clock.after(LINGER_MS, () => request.destroy());
  request.once('close', cut);
}

async function answer(options: HandlerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { api, isKnown, signal } = options;
  if (!isKnown(request.headers.authorization)) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
  refuseImpersonation(request);
  const { path, query } = parseTarget(request.url ?? '/');
  if (answerHealth(response, path, query)) return;
  const route = routeOf(path, request.method ?? '', api.kinds);
  if (route.what === 'nothing') sendNotFound(response);
  else if (route.what === 'document') answerDocument(api, { request, response, query, path });
  else await answerResource(api, route, { request, response, query, signal });
}

/** `kubectl --as`: to answer whoever is meant by that as if it were somebody else would be wrong. */
function refuseImpersonation({ headers }: IncomingMessage): void {
  const name = headers['impersonate-user'] ?? headers['impersonate-uid'] ?? headers['impersonate-group'];
  if (name === undefined) return;
  throw forbidden({ group: '', plural: 'users' }, String(name), IMPERSONATION);
}

const IMPERSONATION = 'the standalone API has one user; impersonation is not supported';

/** Dots and double slashes in a path mean nothing here: they name what is not there. */
function parseTarget(target: string): { path: string; query: URLSearchParams } {
  const [path = '/', ...query] = target.replace(/^https?:\/\/[^/]*/, '').split('?');
  try {
    return { path: decodeURIComponent(path), query: new URLSearchParams(query.join('?')) };
  } catch {
    throw badRequest(`the path ${JSON.stringify(path)} is not encoded as a URL`);
  }
}

function fail(log: Logger, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (!(error instanceof StatusError))
    log.error('a request has failed', { method: request.method, path: request.url, error });
  const status =
    error instanceof StatusError
      ? error
      : new StatusError(
          500,
          'InternalError',
          `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
        );
  // Who sends more than is taken has to see the answer before the connection ends.
  if (!request.complete) response.setHeader('connection', 'close');
  const pretty = new URLSearchParams((request.url ?? '').split('?')[1] ?? '').get('pretty') ?? undefined;
  sendError(response, status, request.headers.accept, isPretty(pretty, request.headers['user-agent']));
}
