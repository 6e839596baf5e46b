import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Informers } from '#kube/cache';
import { createInformers } from '#kube/informers';
import type { KubeObject } from '#kube/object';
import { createClock } from '#runtime/clock';
import { loggedLines, type NearApi, startNearApi, THINGS, thing, thingKey } from './near-api.ts';

let near: NearApi;
beforeAll(async () => {
  near = await startNearApi();
});
afterAll(async () => await near.stop());

function journalOf(informers: Informers): string[] {
  const seen: string[] = [];
  informers.onChange(THINGS, (next, previous) => seen.push(`${shown(previous)} > ${shown(next)}`));
  return seen;
}

function shown(object: KubeObject | undefined): string {
  if (object === undefined) return '-';
  return `${object.metadata.name}:${(object['spec'] as { size: number }).size}`;
}

function inform(): { readonly informers: Informers; readonly seen: string[]; readonly lines: string[] } {
  const { log, lines } = loggedLines();
  const informers = createInformers(near.api, { clock: createClock(), log });
  informers.watch(THINGS);
  return { informers, seen: journalOf(informers), lines };
}

test('tells of what comes, changes and goes, and holds it', async () => {
  const { informers, seen } = inform();
  await informers.synced();
  await informers.api.create(THINGS, thing('a'));
  expect(informers.get(THINGS, thingKey('a'))).toMatchObject({ spec: { size: 1 } });
  await informers.api.patch(THINGS, thingKey('a'), { spec: { size: 2 } });
  expect(informers.list(THINGS).map(shown)).toEqual(['a:2']);
  await informers.api.delete(THINGS, thingKey('a'));
  expect(informers.get(THINGS, thingKey('a'))).toBeUndefined();
  expect(seen).toEqual(['- > a:1', 'a:1 > a:2', 'a:2 > -']);
  await informers.stop();
});

test.each([
  { after: 'a restart', forgets: false },
  { after: 'a restart that has forgotten what was before', forgets: true },
])('goes on after $after', async ({ forgets }) => {
  const { informers, seen } = inform();
  await informers.synced();
  for (const name of ['goes', 'stays', 'again']) await near.api.create(THINGS, thing(name));
  await expect.poll(() => seen.length).toBe(3);
  await near.behindItsBack(
    async (elsewhere) => {
      await elsewhere.delete(THINGS, thingKey('goes'));
      await elsewhere.patch(THINGS, thingKey('stays'), { spec: { size: 2 } });
      await elsewhere.delete(THINGS, thingKey('again'));
      await elsewhere.create(THINGS, thing('again', 7));
    },
    { forgets },
  );
  await expect.poll(() => seen.length).toBe(7);
  expect(seen.slice(3).toSorted()).toEqual(['- > again:7', 'again:1 > -', 'goes:1 > -', 'stays:1 > stays:2']);
  for (const name of ['stays', 'again']) await informers.api.delete(THINGS, thingKey(name));
  expect(seen.length).toBe(9);
  await informers.stop();
});
