// What a watch meets that goes on for months: kinds that are not there yet, connections that die in silence, servers that end
// watches at once (as one restored from a backup does), servers that forget.
import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { Informers } from '#kube/cache';
import { createInformers } from '#kube/informers';
import { type Clock, createClock } from '#runtime/clock';
import { DEFINITIONS_PATH, THINGS as DEFINITION } from '../kube-sim/definitions.ts';
import { apiClient } from '../kube-sim/api-client.ts';
import { loggedLines, startNearApi, THINGS, thing, thingKey } from './near-api.ts';
import { type Asked, type ScriptedApi, sendJson, sendStatus, startScriptedApi } from './scripted-api.ts';

let stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

/** Lists are `[a]` at 7, then `[a, b]` at 8, and so on; `watched` says what becomes of each watch. */
async function startServer(watched: (asked: Asked, response: ServerResponse, count: number) => void) {
  let lists = 0;
  let watches = 0;
  let open = 0;
  const most = { open: 0 };
  const scripted = await startScriptedApi((asked, response) => {
    if (asked.query.get('watch') === null) {
      const items = ['a', 'b', 'c'].slice(0, ++lists).map((name, index) => {
        const { metadata, ...rest } = thing(name);
        return { ...rest, metadata: { ...metadata, uid: name, resourceVersion: String(index) } };
      });
      sendJson(response, 200, { metadata: { resourceVersion: String(6 + lists) }, items });
      return;
    }
    most.open = Math.max(most.open, ++open);
    response.on('close', () => {
      open -= 1;
    });
    watched(asked, response, ++watches);
  });
  stops.push(scripted.stop);
  return { scripted, most };
}

function inform({ api }: Pick<ScriptedApi, 'api'>, clock: Clock) {
  const { log, lines } = loggedLines();
  const informers: Informers = createInformers(api, { clock, log });
  informers.watch(THINGS);
  stops.push(async () => await informers.stop());
  return { informers, lines, names: () => informers.list(THINGS).map(({ metadata }) => metadata.name) };
}

function bookmark(version: number): string {
  return `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(version) } } })}\n`;
}

function revisions({ asked }: ScriptedApi): (string | null)[] {
  return asked.map(({ query }) => (query.has('watch') ? query.get('resourceVersion') : 'list'));
}

test('a connection that is silent for too long is left, and the next watch goes on after its last bookmark', async () => {
  const { scripted, most } = await startServer((_asked, response) => response.writeHead(200).write(bookmark(20)));
  inform(scripted, createClock({ factor: 200 }));
  await expect.poll(() => revisions(scripted).length).toBeGreaterThan(2);
  expect(revisions(scripted).slice(0, 3)).toEqual(['list', '7', '20']);
  expect(most.open).toBe(1);
});

test('a server that ends watches at once is listed anew, ever less often', async () => {
  const { scripted } = await startServer((_asked, response) => response.writeHead(200).end());
  const { names, lines } = inform(scripted, createClock({ factor: 10 }));
  await expect.poll(() => revisions(scripted).length).toBeGreaterThan(5);
  expect(revisions(scripted).slice(0, 6)).toEqual(['list', '7', 'list', '8', 'list', '9']);
  expect(names()).toEqual(['a', 'b', 'c']);
  expect(lines.join()).toContain('the server ends watches as soon as they begin');
});

test('what a server has forgotten is listed anew without delay, by an answer or by an event', async () => {
  const { scripted } = await startServer((_asked, response, count) => {
    if (count === 1) sendStatus(response, 410, 'Gone');
    else if (count === 2) {
      response.writeHead(200).write(bookmark(30));
      response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`);
    } else response.writeHead(200).write(bookmark(40));
  });
  inform(scripted, createClock({ factor: 100 }));
  await expect.poll(() => revisions(scripted)).toEqual(['list', '7', 'list', '8', 'list', '9']);
});

test.each([
  ['a line that nobody can read', 200, 'no JSON\n'],
  ['an error', 500, JSON.stringify({ kind: 'Status', code: 500, reason: 'InternalError', message: 'no' })],
])('what cannot be heard from where it was is listed anew after the third time: %s', async (_title, code, text) => {
  const { scripted } = await startServer((_asked, response, count) => {
    if (count <= 3) response.writeHead(code, { 'content-type': 'application/json' }).end(text);
    else response.writeHead(200).write(bookmark(40));
  });
  inform(scripted, createClock({ factor: 100 }));
  await expect.poll(() => revisions(scripted)).toEqual(['list', '7', '7', '7', 'list', '8']);
});

test('a handler that throws keeps nobody from anything', async () => {
  const near = await startNearApi();
  stops.push(near.stop);
  const { informers, lines } = inform(near, createClock());
  await informers.synced();
  const seen: string[] = [];
  informers.onChange(THINGS, () => {
    throw new Error('broken');
  });
  const end = informers.onChange(THINGS, (next) => seen.push(next?.metadata.name ?? '-'));
  await informers.api.create(THINGS, thing('a'));
  end();
  await informers.api.create(THINGS, thing('b'));
  expect(seen).toEqual(['a']);
  expect(lines.join()).toMatch(/things.example.test default\/a: a change was not taken error=broken/);
});

test('a kind that is installed later is waited for, and said once', async () => {
  const near = await startNearApi([]);
  stops.push(near.stop);
  const { informers, lines } = inform(near, createClock({ factor: 50 }));
  await expect.poll(() => lines.length).toBe(1);
  expect(lines[0]).toContain('things.example.test: waiting for its CustomResourceDefinition');
  const client = apiClient(near.sim);
  await client.call('POST', DEFINITIONS_PATH, DEFINITION);
  await client.close();
  await informers.synced();
  await informers.api.create(THINGS, thing('a'));
  expect(informers.get(THINGS, thingKey('a'))).toBeDefined();
  await expect.poll(() => lines.at(-1)).toContain('things.example.test: heard again');
  expect(lines).toHaveLength(2);
});
