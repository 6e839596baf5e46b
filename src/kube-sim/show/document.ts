// Answers that are not objects: discovery and OpenAPI. They change with the kinds alone, so clients keep them by their ETag.
import { createHash } from 'node:crypto';
import type { Json } from '../object.ts';

export interface Document {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON still to be written (as YAML where `content-type` says so), bytes as they are, or nothing. */
  readonly body: Json | Uint8Array | undefined;
}

/** What nobody should keep without asking again. */
export const PRIVATE = 'no-cache, private';

/** SHA-512, in capitals as the hashes in OpenAPI's URLs. */
export function hashOf(bytes: string | Uint8Array): string {
  return createHash('sha512').update(bytes).digest('hex').toUpperCase();
}

/** 304 where the client has it already (`If-None-Match`). */
export function unlessKnown(document: Document, ifNoneMatch: string | undefined): Document {
  const { etag } = document.headers;
  if (document.status !== 200 || etag === undefined || !isAmong(etag, ifNoneMatch)) return document;
  const { 'content-type': _, ...headers } = document.headers;
  return { status: 304, headers, body: undefined };
}

function isAmong(etag: string, ifNoneMatch = ''): boolean {
  return ifNoneMatch.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
}
