// Five thousand objects, eight writers that read what they have written from the cache, a hand that writes past it, and a server
// that ends in the middle, forgets, and comes back: nobody ever reads what was before their own write, and in the end the cache
// is what the server has.
import { expect, test } from 'vitest';
import type { Informers } from '#kube/cache';
import { createInformers } from '#kube/informers';
import type { KubeObject, ObjectKey } from '#kube/object';
import { createClock } from '#runtime/clock';
import { pooled } from '#runtime/pooled';
import { loggedLines, type NearApi, startNearApi, THINGS, thing, thingKey } from './near-api.ts';

const OBJECTS = 5000;
const WRITERS = 8;
const WRITES = 60;
const RESTARTS = 5;

test('the cache of many objects is right through all of it', async () => {
  const near = await startNearApi();
  const names = Array.from({ length: OBJECTS }, (_, index) => `t-${index}`);
  await pooled(names, 16, async (name) => void (await near.api.create(THINGS, thing(name))));
  const informers = createInformers(near.api, { clock: createClock(), log: loggedLines().log });
  informers.watch(THINGS);
  await informers.synced();
  expect(informers.list(THINGS)).toHaveLength(OBJECTS);
  const held = new Map(informers.list(THINGS).map((object) => [object.metadata.name, object]));
  informers.onChange(THINGS, (next, previous) => {
    const { name } = (next ?? previous)?.metadata ?? { name: '' };
    if (next === undefined) held.delete(name);
    else held.set(name, next);
  });

  const stale: string[] = [];
  const writers = Array.from({ length: WRITERS }, async (_, writer) => await writeMuch(informers, writer, stale));
  let isOver = false;
  const meddler = meddle(near, () => isOver);
  for (let restart = 0; restart < RESTARTS; restart++) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await near.away();
    await near.back();
    near.sim.compact();
  }
  await Promise.all(writers);
  isOver = true;
  await meddler;
  expect(stale).toEqual([]);

  const { items } = await near.api.list(THINGS);
  const versions = (objects: readonly KubeObject[]) =>
    objects.map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`).toSorted();
  await expect.poll(() => versions(informers.list(THINGS))).toEqual(versions(items));
  expect(versions([...held.values()])).toEqual(versions(items));
  await informers.stop();
  await near.stop();
});

/** Each of its objects: changed, and made anew, again and again. */
async function writeMuch(informers: Informers, writer: number, stale: string[]): Promise<void> {
  for (let write = 1; write <= WRITES; write++) {
    const key = thingKey(`t-${writer * 10 + (write % 10)}`);
    await insistent(async () => {
      await informers.api.patch(THINGS, key, { spec: { size: write } });
      if (sizeOf(informers, key) !== write) stale.push(`${key.name} has size ${sizeOf(informers, key)}, not ${write}`);
    });
    if (write % 5 !== 0) continue;
    await insistent(async () => await informers.api.delete(THINGS, key));
    if (informers.get(THINGS, key) !== undefined) stale.push(`${key.name} is there`);
    await insistent(async () => {
      if (informers.get(THINGS, key) === undefined) await informers.api.create(THINGS, thing(key.name));
    });
    if (informers.get(THINGS, key) === undefined) stale.push(`${key.name} is not there`);
  }
}

/** Notes at everybody's objects, past the cache. */
async function meddle(near: NearApi, isOver: () => boolean): Promise<void> {
  for (let note = 0; !isOver(); note++) {
    const key = thingKey(`t-${note % (WRITERS * 10)}`);
    await near.api.patch(THINGS, key, { spec: { note: String(note) } }).catch(() => {});
  }
}

function sizeOf(informers: Informers, key: ObjectKey): number | undefined {
  return (informers.get(THINGS, key)?.['spec'] as { size?: number } | undefined)?.size;
}

/** The server may be away. */
async function insistent(act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await act();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
