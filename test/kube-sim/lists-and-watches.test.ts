// What is read: pages of one moment, watches from any revision that is known, and what is told of those that are not.
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Body, startTestApi, type TestApi, type WatchReader } from './api-client.ts';
import { DEFINITIONS_PATH, THINGS, thing, thingsPath } from './definitions.ts';

describe('a reader', () => {
  let api: TestApi;
  const namespaces = new Set<string>();

  beforeAll(async () => {
    api = await startTestApi();
    await api.call('POST', DEFINITIONS_PATH, THINGS);
  });
  afterAll(async () => await api.close());

  /** A namespace of its own with these things in it. */
  const place = async (name: string, ...names: string[]): Promise<string> => {
    namespaces.add(name);
    await api.call('POST', '/api/v1/namespaces', { metadata: { name } });
    for (const of of names) await api.call('POST', thingsPath(name), thing(of));
    return thingsPath(name);
  };
  const namesOf = ({ items }: Body): string[] => items.map(({ metadata }: Body) => metadata.name);
  const take = async (watch: WatchReader, count: number): Promise<Body[]> => {
    const events: Body[] = [];
    while (events.length < count) {
      const event = await watch.next();
      if (event === undefined) throw new Error('the watch has ended');
      events.push(event);
    }
    return events;
  };
  const brief = ({ type, object }: Body): string => `${type} ${object.metadata.name}`;

  test('sees one moment through all pages, whatever happens meanwhile', async () => {
    const path = await place('pages', 'a', 'b', 'c', 'd', 'e');
    const first = await api.call('GET', `${path}?limit=2`);
    expect(first.body.metadata.remainingItemCount).toBe(3);
    await api.call('DELETE', `${path}/c`);
    await api.call('POST', path, thing('bb'));
    const second = await api.call('GET', `${path}?limit=2&continue=${first.body.metadata.continue}`);
    const third = await api.call('GET', `${path}?limit=2&continue=${second.body.metadata.continue}`);
    expect([first, second, third].map(({ body }) => namesOf(body))).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(third.body.metadata).toEqual({ continue: '', resourceVersion: first.body.metadata.resourceVersion });
    expect(namesOf((await api.call('GET', path)).body)).toEqual(['a', 'b', 'bb', 'd', 'e']);
  });

  test('gets 410 for a page of forgotten times, with a token for the rest', async () => {
    const path = await place('old-pages', 'a', 'b', 'c');
    const first = await api.call('GET', `${path}?limit=1`);
    await api.call('DELETE', `${path}/b`);
    api.sim.compact();
    const gone = await api.call('GET', `${path}?continue=${first.body.metadata.continue}`);
    expect([gone.status, gone.body.reason]).toEqual([410, 'Expired']);
    const rest = await api.call('GET', `${path}?continue=${gone.body.metadata.continue}`);
    expect(namesOf(rest.body)).toEqual(['c']);
    const exact = `resourceVersion=${first.body.metadata.resourceVersion}&resourceVersionMatch=Exact`;
    expect((await api.call('GET', `${path}?${exact}`)).status).toBe(410);
  });

  test('that watches from a list on misses nothing and sees nothing twice', async () => {
    const path = await place('watched', 'a');
    const { body } = await api.call('GET', path);
    await api.call('POST', path, thing('b'));
    await api.call('PATCH', `${path}/a`, { spec: { size: 2 } });
    const watch = await api.watch(`${path}?watch=1&resourceVersion=${body.metadata.resourceVersion}`);
    await api.call('DELETE', `${path}/b`);
    const events = await take(watch, 3);
    expect(events.map(brief)).toEqual(['ADDED b', 'MODIFIED a', 'DELETED b']);
    const revisions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(revisions).toEqual([...revisions].toSorted((one, other) => one - other));
    watch.stop();
  });

  test('that watches a selection sees objects come into it and leave it', async () => {
    const path = await place('selected', 'a', 'b');
    const { body } = await api.call('GET', path);
    const from = `resourceVersion=${body.metadata.resourceVersion}`;
    const watch = await api.watch(`${path}?watch=1&labelSelector=in&${from}`);
    for (const labels of [{ in: 'yes' }, { in: 'still' }, { in: null }, { out: 'yes' }])
      await api.call('PATCH', `${path}/a`, { metadata: { labels } });
    await api.call('PATCH', `${path}/b`, { metadata: { labels: { in: 'yes' } } });
    expect((await take(watch, 4)).map(brief)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b']);
    watch.stop();
  });

  test('that asks for the state first is told where it ends', async () => {
    const path = await place('state', 'a', 'b');
    const query = 'watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const watch = await api.watch(`${path}?${query}`);
    expect((await take(watch, 2)).map(brief)).toEqual(['ADDED a', 'ADDED b']);
    const end = await watch.next();
    expect(end).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    await api.call('DELETE', `${path}/a`);
    expect((await take(watch, 1)).map(brief)).toEqual(['DELETED a']);
    watch.stop();
  });

  test('that comes back after its revision was forgotten gets 410 as an event, and the end', async () => {
    const path = await place('forgotten', 'a');
    await api.call('PATCH', `${path}/a`, { spec: { size: 2 } });
    api.sim.compact();
    const watch = await api.watch(`${path}?watch=1&resourceVersion=1`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    expect(await watch.next()).toBeUndefined();
  });

  test('that asks for the future waits for it in a watch, and is refused elsewhere', async () => {
    const path = await place('future', 'a');
    expect((await api.call('GET', `${path}?resourceVersion=99999999`)).status).toBe(504);
    const watch = await api.watch(`${path}?watch=1&resourceVersion=99999999&timeoutSeconds=1`);
    expect(await watch.next()).toBeUndefined();
  });

  test('that takes nothing holds nobody up', async () => {
    const path = await place('stuck');
    const { hostname, port } = new URL(api.sim.url);
    const socket = connect({ host: hostname, port: Number(port), ca: api.sim.ca, servername: 'localhost' });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.pause();
    socket.write(
      `GET ${path}?watch=1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${api.sim.token}\r\nuser-agent: stuck\r\n\r\n`,
    );
    const watch = await api.watch(`${path}?watch=1`);
    const note = 'x'.repeat(400_000);
    for (let number = 0; number < 15; number++) await api.call('POST', path, thing(`n${number}`, { spec: { note } }));
    const events = await take(watch, 15);
    expect(new Set(events.map(brief)).size).toBe(15);
    expect(socket.bytesRead).toBeLessThan(10_000_000);
    watch.stop();
    socket.destroy();
  });
});
