import { describe, expect, test } from 'vitest';
import { BUILT_IN_RESOURCES } from '../kinds/schemas/built-in-resources.ts';
import type { JsonObject } from '../object.ts';
import { isMissing, machineResources, recording, WHY_SKIPPED } from '../recordings.ts';
import type { Exchange } from '../recordings.ts';
import { unlessKnown } from '../show/document.ts';
import type { Document } from '../show/document.ts';
import { discoveryDocument } from './discovery.ts';
import { compareVersions } from './groups.ts';

const crd = BUILT_IN_RESOURCES.filter(({ group }) => group === 'apiextensions.k8s.io');
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

function document(path: string, accept?: string): Document {
  const found = discoveryDocument(path, accept, BUILT_IN_RESOURCES, '127.0.0.1:6443');
  if (found === undefined) throw new Error(`nothing at ${path}`);
  return found;
}

describe.skipIf(isMissing)(`the recorded discovery (${WHY_SKIPPED} if skipped)`, () => {
  test.each(isMissing ? [] : discoveries())('of %s for %s', (_, __, { request, response }) => {
    const resources = [...crd, ...machineResources()];
    const path = request.path.replace(/\?.*/, '');
    const got = discoveryDocument(path, request.accept, resources, ':<port>');
    expect(got).toBeDefined();
    expect({ status: got?.status, ...hidden(got?.headers ?? {}) }).toEqual({
      status: response.status,
      ...headers(response),
    });
    if (path !== '/version' && typeof (response.body as JsonObject)['$raw'] !== 'string')
      expect(withoutInsides(got?.body as JsonObject)).toEqual(withoutInsides(response.body as JsonObject));
  });
});

function discoveries(): (readonly [path: string, accept: string, exchange: Exchange])[] {
  const exchanges = ['004', '005', '006', '007', '008', '009', '010'].flatMap((number) => recording(number).exchanges);
  const known = exchanges.filter(
    ({ request, response }) => !/^\/(healthz|livez|readyz)/.test(request.path) && response.status !== 304,
  );
  return known.map((exchange) => [exchange.request.path, exchange.request.accept ?? '', exchange] as const);
}

function headers(response: Exchange['response']): JsonObject {
  const { status: _, body: __, ...rest } = response;
  return rest;
}

function hidden(of: Readonly<Record<string, string>>): JsonObject {
  return { ...of, ...(of['etag'] !== undefined && { etag: '<etag>' }) };
}

/** The checks and metrics of the recorded server are not ours. */
function withoutInsides(body: JsonObject): JsonObject {
  const { paths } = body as { paths?: string[] };
  if (paths === undefined) return body;
  return { paths: paths.filter((path) => !/^\/(metrics|((healthz|livez|readyz)\/))/.test(path)) };
}

describe('discovery of a whole server', () => {
  test('has the core group under /api', () => {
    expect(document('/api').body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    expect(document('/api', AGGREGATED).body).toMatchObject({
      items: [{ metadata: { creationTimestamp: null }, versions: [{ version: 'v1' }] }],
    });
    expect(document('/api/v1').body).toMatchObject({
      groupVersion: 'v1',
      resources: [
        { name: 'configmaps' },
        { name: 'events' },
        { name: 'namespaces' },
        { name: 'namespaces/status' },
        {},
        {},
      ],
    });
  });

  test('has the other groups under /apis, in a document or one for each', () => {
    const names = ['events.k8s.io', 'apiextensions.k8s.io', 'coordination.k8s.io'];
    expect(document('/apis').body).toMatchObject({ groups: names.map((name) => ({ name })) });
    expect(document('/apis', AGGREGATED).body).toMatchObject({ items: names.map((name) => ({ metadata: { name } })) });
    expect(document('/apis/coordination.k8s.io/').body).toMatchObject({ kind: 'APIGroup' });
    expect(document('/').body).toMatchObject({
      paths: expect.arrayContaining(['/api', '/api/v1', '/apis/events.k8s.io/v1']),
    });
  });

  test.each([
    '/apis/nope.test',
    '/apis/events.k8s.io/v7',
    '/api/v2',
    '/version/x',
    '/apis/events.k8s.io/v1/events',
    '/nope',
  ])('has nothing at %s', (path) => {
    expect(discoveryDocument(path, undefined, BUILT_IN_RESOURCES)).toBeUndefined();
  });

  test('is not sent twice to a client that has it', () => {
    const known = document('/apis', AGGREGATED);
    const etag = known.headers['etag'] ?? '';
    expect(unlessKnown(known, etag)).toMatchObject({ status: 304, body: undefined, headers: { etag } });
    expect(unlessKnown(known, '"other"')).toBe(known);
    expect(unlessKnown(document('/apis'), '*').status).toBe(200);
  });
});

describe('the order of versions', () => {
  test('is that of preference', () => {
    const versions = ['v1alpha1', 'foo', 'v1', 'v1beta2', 'v2', 'v1beta10', 'v2alpha1', 'v10'];
    expect(versions.toSorted(compareVersions)).toEqual([
      'v10',
      'v2',
      'v1',
      'v1beta10',
      'v1beta2',
      'v2alpha1',
      'v1alpha1',
      'foo',
    ]);
  });
});
