// What is not about objects: discovery, and the paths that lead nowhere.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { discoveryDocument } from '../discovery/discovery.ts';
import { rootPaths } from '../discovery/root-paths.ts';
import { openApiAnswer } from '../openapi/serve.ts';
import type { JsonObject } from '../object.ts';
import { type Document, PRIVATE, unlessKnown } from '../show/document.ts';
import { isPretty } from '../show/pretty.ts';
import type { Api } from '../verbs/api.ts';
import { encode, sendNotFound } from './answer.ts';

export interface DocumentRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export function answerDocument(api: Api, exchange: DocumentRequest): void {
  const { path } = exchange;
  const resources = api.kinds.resources();
  const document = path.startsWith('/openapi/') ? openApi(api, exchange) : discovery(api, exchange);
  if (document !== undefined) sendDocument(exchange, document);
  else if (path.startsWith('/apis/')) sendNotFound(exchange.response);
  else sendDocument(exchange, nowhere(rootPaths(resources)));
}

function discovery(api: Api, { path, request: { headers } }: DocumentRequest): Document | undefined {
  return discoveryDocument(path, headers.accept, api.kinds.resources(), headers.host ?? '');
}

function openApi(api: Api, { path, query, request: { headers } }: DocumentRequest): Document | undefined {
  const hash = query.get('hash') ?? undefined;
  const request = {
    path,
    hash,
    accept: headers.accept,
    ifNoneMatch: headers['if-none-match'],
    now: api.clock.realNow(),
  };
  return openApiAnswer(request, api.kinds.resources());
}

function nowhere(body: JsonObject): Document {
  return { status: 404, headers: { 'content-type': 'application/json', 'cache-control': PRIVATE }, body };
}

function sendDocument({ request, response, query }: DocumentRequest, document: Document): void {
  const { status, headers, body } = unlessKnown(document, request.headers['if-none-match']);
  const pretty = isPretty(query.get('pretty') ?? undefined, request.headers['user-agent']);
  const bytes = bytesOf(body, headers['content-type'] ?? '', pretty);
  response.writeHead(status, headers).end(bytes);
}

function bytesOf(body: Document['body'], contentType: string, pretty: boolean): string | Uint8Array | undefined {
  if (body === undefined || body instanceof Uint8Array) return body;
  return encode(body, {
    mediaType: contentType === 'application/yaml' ? contentType : 'application/json',
    pretty,
  });
}
