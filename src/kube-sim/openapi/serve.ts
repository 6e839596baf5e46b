// What is answered under /openapi, headers and all.
import type { Resource } from '../resource.ts';
import { StatusError } from '../status.ts';
import { PRIVATE, unlessKnown } from '../show/document.ts';
import type { Document } from '../show/document.ts';
import { clauses } from '../show/negotiate.ts';
import { openApiV2, openApiV3At, openApiV3Index } from './openapi.ts';
import type { OpenApiDocument, V2Format } from './openapi.ts';

export interface OpenApiRequest {
  /** Without the query. */
  readonly path: string;
  /** The query parameter of that name. */
  readonly hash: string | undefined;
  readonly accept: string | undefined;
  readonly ifNoneMatch: string | undefined;
  /** In milliseconds. */
  readonly now: number;
}

const YEAR = 365 * 24 * 60 * 60 * 1000;

/** Undefined where there is nothing under this path. */
export function openApiAnswer(request: OpenApiRequest, resources: readonly Resource[]): Document | undefined {
  const document = answer(request, resources);
  return document && unlessKnown(document, request.ifNoneMatch);
}

function answer(request: OpenApiRequest, resources: readonly Resource[]): Document | undefined {
  const path = request.path.replace(/\/$/, '');
  if (path === '/openapi/v2') return v2(request.accept, resources);
  if (path === '/openapi/v3') return whole(openApiV3Index(resources), { 'cache-control': PRIVATE });
  const [, name] = /^\/openapi\/v3\/(.+)$/.exec(path) ?? [];
  const document = name === undefined ? undefined : openApiV3At(name, resources);
  return document && v3(path, document, request);
}

/** With the right hash the document can be kept for ever (recording 012), which kubectl needs `expires` for; a wrong one is led on. */
function v3(path: string, document: OpenApiDocument, { hash, now }: OpenApiRequest): Document {
  if (hash === undefined || hash === '') return whole(document, { vary: 'Accept', 'cache-control': PRIVATE });
  if (hash !== document.hash) {
    const headers = { location: `${path}?hash=${document.hash}`, 'cache-control': PRIVATE };
    return { status: 301, headers, body: undefined };
  }
  const expires = new Date(now + YEAR).toUTCString();
  return whole(document, { vary: 'Accept', 'cache-control': 'public, immutable', expires });
}

function v2(accept: string | undefined, resources: readonly Resource[]): Document {
  const document = openApiV2(resources, formatOf(accept));
  return whole(document, { vary: 'Accept-Encoding, Accept', 'cache-control': PRIVATE });
}

function whole({ body, contentType, etag }: OpenApiDocument, headers: Readonly<Record<string, string>>): Document {
  return { status: 200, headers: { 'content-type': contentType, etag, ...headers }, body };
}

/** kubectl asks for `application/com.github.proto-openapi.spec.v2@v1.0+protobuf`, with an @ (recording 022). */
function formatOf(accept: string | undefined): V2Format {
  if (accept === undefined || accept.trim() === '') return 'json';
  for (const { type, subtype } of clauses(accept)) {
    if (type === '*' || (type === 'application' && ['*', 'json'].includes(subtype))) return 'json';
    if (type === 'application' && /^com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf$/.test(subtype))
      return 'protobuf';
  }
  throw new StatusError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  );
}
