// One request at a time: what is sent, and what comes of each kind of answer.
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { KubeApiError, type WatchEvent } from '#kube/api';
import { connectKube } from '#kube/connect';
import type { Resource } from '#kube/resource';
import { SECRETS } from '#kube/resource';
import { createClock } from '#runtime/clock';
import { type NearApi, startNearApi, THINGS, thing, thingKey } from './near-api.ts';
import { type ScriptedApi, sendJson, sendStatus, startScriptedApi } from './scripted-api.ts';

async function errorOf(answer: Promise<unknown>): Promise<KubeApiError> {
  const error: unknown = await answer.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(KubeApiError);
  return error as KubeApiError;
}

const UNKNOWN: Resource = { ...THINGS, plural: 'nothings', kind: 'Nothing' };

describe('with the API on one machine', () => {
  let near: NearApi;
  beforeAll(async () => {
    near = await startNearApi();
  });
  afterAll(async () => await near.stop());

  test('objects are made, read, changed and removed', async () => {
    const { api } = near;
    expect(await api.get(THINGS, thingKey('a'))).toBeUndefined();
    const made = await api.create(THINGS, thing('a'));
    expect(await api.get(THINGS, thingKey('a'))).toEqual(made);
    const changed = await api.patch(THINGS, thingKey('a'), { spec: { size: 2 }, status: { phase: 'Ready' } });
    expect(changed).toMatchObject({ spec: { size: 2 }, metadata: { generation: 2 } });
    expect(changed).not.toHaveProperty('status');
    const phase = { spec: { size: 9 }, status: { phase: 'Ready' } };
    const shown = await api.patch(THINGS, thingKey('a'), phase, { subresource: 'status' });
    expect(shown).toMatchObject({ spec: { size: 2 }, status: { phase: 'Ready' } });
    const managers = (shown.metadata as { managedFields?: { manager: string }[] }).managedFields;
    expect(new Set(managers?.map(({ manager }) => manager))).toEqual(new Set(['virtrigaud-manager']));
    await api.delete(THINGS, thingKey('a'), { uid: made.metadata.uid });
    await api.delete(THINGS, thingKey('a'));
    expect((await api.list(THINGS)).items).toEqual([]);
  });

  test('a refusal has the code, the reason and the words of the server', async () => {
    const { api } = near;
    const { metadata } = await api.create(THINGS, thing('b'));
    const { resourceVersion } = metadata;
    await api.patch(THINGS, thingKey('b'), { spec: { size: 2 } });
    const refusals = [
      [api.create(THINGS, thing('b')), 409, 'AlreadyExists', /"b" already exists/],
      [api.patch(THINGS, thingKey('b'), { metadata: { resourceVersion } }), 409, 'Conflict', /has been modified/],
      [api.delete(THINGS, thingKey('b'), { uid: 'another' }), 409, 'Conflict', /uid/i],
      [api.delete(THINGS, thingKey('b'), { resourceVersion }), 409, 'Conflict', /ResourceVersion/i],
      [api.patch(THINGS, thingKey('none'), {}), 404, 'NotFound', /"none" not found/],
      [api.create(THINGS, thing('c', 'big' as unknown as number)), 422, 'Invalid', /spec.size/],
      [api.get(UNKNOWN, thingKey('b')), 404, 'NotFound', /not found|could not find/],
      [api.list(UNKNOWN), 404, 'NotFound', /not found|could not find/],
    ] as const;
    for (const [answer, code, reason, message] of refusals)
      expect(await errorOf(answer)).toMatchObject({ code, reason, message: expect.stringMatching(message) });
    await api.delete(THINGS, thingKey('b'));
  });

  test('a list names the kind of its items where the server does not', async () => {
    const key = { name: 'login', namespace: 'default' };
    await near.api.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata: key, stringData: { a: 'b' } });
    expect((await near.api.list(SECRETS, 'default')).items).toMatchObject([{ apiVersion: 'v1', kind: 'Secret' }]);
  });

  test('a list can be narrowed down, and a watch from what is forgotten says so', async () => {
    for (const name of ['x', 'y']) await near.api.create(THINGS, thing(name));
    const { items } = await near.api.list(THINGS, 'default', { fieldSelector: 'metadata.name=y' });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['y']);
    near.sim.compact();
    const forgotten = near.api.watch(THINGS, { resourceVersion: '1', signal: NEVER, onEvent: () => {} });
    expect(await errorOf(forgotten)).toMatchObject({ code: 410, reason: 'Expired' });
  });

  test('a server that is away is named', async () => {
    const { server } = near.api;
    await near.away();
    // A connection that was kept may break off first.
    await expect
      .poll(async () => await errorOf(near.api.list(THINGS)))
      .toMatchObject({
        code: 0,
        reason: 'Unreachable',
        message: expect.stringContaining(`Kubernetes API at ${server}: connect ECONNREFUSED`),
      });
    await near.back();
  });
});

const NEVER = new AbortController().signal;

describe('with a server that does as it likes', () => {
  let scripted: ScriptedApi;
  afterEach(async () => await scripted.stop());

  test('what is sent has our name, our token and the path within a gateway', async () => {
    scripted = await startScriptedApi((_asked, response) => sendJson(response, 200, thing('a')), { version: '1.2.3' });
    await scripted.api.patch(THINGS, thingKey('a b'), { spec: {} });
    await scripted.api.delete(THINGS, thingKey('a'), { uid: 'u', resourceVersion: '7' });
    expect(scripted.asked[0]).toMatchObject({
      method: 'PATCH',
      path: '/gateway/apis/example.test/v1/namespaces/default/things/a%20b',
      headers: {
        authorization: 'Bearer secret',
        'user-agent': 'virtrigaud-manager/1.2.3',
        'content-type': 'application/merge-patch+json',
      },
      body: { spec: {} },
    });
    expect(String(scripted.asked[0]?.query)).toBe('fieldManager=virtrigaud-manager');
    expect(scripted.asked[1]?.body).toMatchObject({ preconditions: { uid: 'u', resourceVersion: '7' } });
  });

  test('a server that has too much to do is asked again when it wants to be', async () => {
    scripted = await startScriptedApi(
      (_asked, response, count) => {
        if (count < 3) sendStatus(response, 429, 'TooManyRequests', { 'retry-after': '1' });
        else sendJson(response, 201, thing('a'));
      },
      { clock: createClock({ factor: 100 }) },
    );
    await scripted.api.create(THINGS, thing('a'));
    expect(scripted.asked).toHaveLength(3);
  });

  test('requests of one kind are sent sixteen at a time, and others do not wait for them', async () => {
    const waiting: ServerResponse[] = [];
    scripted = await startScriptedApi(({ path }, response) => {
      if (path.endsWith('/things')) waiting.push(response);
      else sendJson(response, 201, thing('other'));
    });
    const { api } = scripted;
    const all = Promise.all(Array.from({ length: 20 }, async () => await api.create(THINGS, thing('a'))));
    await expect.poll(() => waiting.length).toBe(16);
    await api.create(UNKNOWN, thing('b'));
    expect(waiting).toHaveLength(16);
    for (const response of waiting.splice(0)) sendJson(response, 201, thing('a'));
    await expect.poll(() => waiting.length).toBe(4);
    for (const response of waiting) sendJson(response, 201, thing('a'));
    await all;
  });

  test('a list whose first moment is forgotten is read again at once', async () => {
    const page = (items: readonly object[], more: object = {}) => ({
      metadata: { resourceVersion: '7', ...more },
      items,
    });
    scripted = await startScriptedApi(({ query }, response) => {
      if (query.has('continue')) sendStatus(response, 410, 'Expired');
      else if (query.has('limit')) sendJson(response, 200, page([thing('old')], { continue: 'x' }));
      else sendJson(response, 200, page([thing('a'), thing('b')]));
    });
    const { items } = await scripted.api.list(THINGS);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });

  test('a page of a proxy is no answer of the server', async () => {
    scripted = await startScriptedApi((_asked, response, count) => {
      response.writeHead(count === 1 ? 502 : 200).end('<html>sorry</html>');
    });
    expect(await errorOf(scripted.api.list(THINGS))).toMatchObject({ code: 502, message: 'Bad Gateway' });
    expect(await errorOf(scripted.api.list(THINGS))).toMatchObject({
      code: 0,
      message: expect.stringContaining('no JSON. Is this the address of an API server?'),
    });
  });

  test('a server that never answers is no longer waited for', async () => {
    scripted = await startScriptedApi(() => {}, { timeoutMs: 50 });
    expect(await errorOf(scripted.api.get(THINGS, thingKey('a')))).toMatchObject({
      reason: 'Unreachable',
      message: `Kubernetes API at ${scripted.api.server}: no answer for 0.05 s`,
    });
  });

  test('events come whole, wherever the bytes are cut, and a line without an end is none', async () => {
    const object = { ...thing('a'), note: 'grün\u2028日本' };
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    const mark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } };
    scripted = await startScriptedApi((_asked, response) => {
      response.writeHead(200);
      for (const byte of bytes) response.write(Buffer.from([byte]));
      response.end(Buffer.concat([Buffer.from(`${JSON.stringify(mark)}\n`), bytes.subarray(0, 40)]));
    });
    const events: WatchEvent[] = [];
    const onEvent = (event: WatchEvent): void => void events.push(event);
    await scripted.api.watch(THINGS, { resourceVersion: '7', signal: NEVER, onEvent });
    expect(events).toEqual([
      { type: 'ADDED', object },
      { type: 'BOOKMARK', resourceVersion: '9' },
    ]);
    const { query } = scripted.asked[0] ?? { query: new URLSearchParams() };
    expect(query.get('allowWatchBookmarks')).toBe('true');
    expect(Number(query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300);
  });

  test('a watch that is broken off says so, and one that we end gives our reason', async () => {
    scripted = await startScriptedApi((_asked, response, count) => {
      response.writeHead(200);
      response.write('\n');
      if (count === 1) setImmediate(() => response.destroy());
    });
    const { api } = scripted;
    const ended = new AbortController();
    const broken = api.watch(THINGS, { resourceVersion: '7', signal: NEVER, onEvent: () => {} });
    expect(await errorOf(broken)).toMatchObject({ reason: 'Unreachable' });
    const onOpen = (): void => ended.abort(new Error('enough'));
    const stopped = api.watch(THINGS, { resourceVersion: '7', signal: ended.signal, onOpen, onEvent: () => {} });
    await expect(stopped).rejects.toThrow('enough');
  });
});

test('a login that cannot be used is told of at once', async () => {
  await expect(connectKube({ kubeconfig: '/nowhere/config' })).rejects.toThrow(
    /\/nowhere\/config cannot be read as a kubeconfig/,
  );
});
