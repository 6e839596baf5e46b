import { describe, expect, test } from 'vitest';
import { BUILT_IN_RESOURCES } from '../kinds/schemas/built-in-resources.ts';
import { openApiV3Document, openApiV3Index } from './openapi.ts';
import { openApiAnswer } from './serve.ts';
import type { OpenApiRequest } from './serve.ts';

const now = Date.parse('2001-02-03T04:05:06Z');
const PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const LEASES = '/openapi/v3/apis/coordination.k8s.io/v1';

function ask(path: string, of: Partial<OpenApiRequest> = {}): ReturnType<typeof openApiAnswer> {
  return openApiAnswer(
    { hash: undefined, accept: undefined, ifNoneMatch: undefined, now, ...of, path },
    BUILT_IN_RESOURCES,
  );
}

function text(body: unknown): string {
  return Buffer.from(body as Uint8Array).toString();
}

describe('under /openapi', () => {
  const leases = openApiV3Document('coordination.k8s.io', 'v1', BUILT_IN_RESOURCES);

  test('the index names each document with its hash', () => {
    const index = ask('/openapi/v3');
    expect(index?.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    expect(index?.headers['etag']).toBe(openApiV3Index(BUILT_IN_RESOURCES).etag);
    expect(JSON.parse(text(index?.body))).toMatchObject({
      paths: { 'apis/coordination.k8s.io/v1': { serverRelativeURL: `${LEASES}?hash=${leases?.hash}` } },
    });
  });

  test('a document with its hash can be kept, which needs an end (recording 012)', () => {
    expect(ask(LEASES, { hash: leases?.hash })?.headers).toEqual({
      'content-type': 'application/json',
      etag: leases?.etag,
      vary: 'Accept',
      'cache-control': 'public, immutable',
      expires: 'Sun, 03 Feb 2002 04:05:06 GMT',
    });
  });

  test('a document without a hash is asked for again, and an old hash leads to the new one', () => {
    expect(ask(LEASES)?.headers['cache-control']).toBe('no-cache, private');
    expect(ask(LEASES, { hash: 'OLD' })).toMatchObject({
      status: 301,
      headers: { location: `${LEASES}?hash=${leases?.hash}` },
    });
  });

  test('nothing is sent that the client has', () => {
    expect(ask('/openapi/v3', { ifNoneMatch: openApiV3Index(BUILT_IN_RESOURCES).etag })).toEqual({
      status: 304,
      headers: { etag: openApiV3Index(BUILT_IN_RESOURCES).etag, 'cache-control': 'no-cache, private' },
      body: undefined,
    });
  });

  test.each([
    ['application/com.github.proto-openapi.spec.v2@v1.0+protobuf', PROTOBUF],
    [PROTOBUF, PROTOBUF],
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    [undefined, 'application/json'],
  ])('version 2 for %s is %s', (accept, contentType) => {
    const answer = ask('/openapi/v2', { accept });
    expect(answer?.headers).toMatchObject({ 'content-type': contentType, vary: 'Accept-Encoding, Accept' });
  });

  test('version 2 in anything else is refused', () => {
    expect(() => ask('/openapi/v2', { accept: 'text/html' })).toThrow('only the following media types are accepted');
  });

  test.each(['/openapi', '/openapi/v4', '/openapi/v3/apis/nope.test/v1', '/openapi/v3/constructor'])(
    'there is nothing at %s',
    (path) => {
      expect(ask(path)).toBeUndefined();
    },
  );
});
