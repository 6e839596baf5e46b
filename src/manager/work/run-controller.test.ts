import type { Informers, OnChange } from '#kube/cache';
import { type KubeObject, keyOf, keyText } from '#kube/object';
import type { Resource } from '#kube/resource';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { expect, it } from 'vitest';
import type { Controller, World } from './controller.ts';
import { stuck } from './outcome.ts';
import { runController } from './run-controller.ts';

const THINGS: Resource = { group: 'example.test', version: 'v1', plural: 'things', kind: 'Thing' };
const OTHERS: Resource = { ...THINGS, plural: 'others', kind: 'Other' };

function object(kind: string, name: string, spec: object, version = '1'): KubeObject {
  const metadata = { name, namespace: 'default', uid: name, resourceVersion: version, creationTimestamp: '' };
  return { apiVersion: 'example.test/v1', kind, metadata, spec };
}

/** A cache that is changed by hand. */
function cacheOf(first: readonly KubeObject[]) {
  const objects = new Map(first.map((one) => [keyText(keyOf(one)), one]));
  const listeners = new Map<string, OnChange>();
  const informers = {
    get: (_resource: Resource, key: { name: string }) => objects.get(keyText(key)),
    list: () => [...objects.values()],
    onChange: ({ kind }: Resource, listener: OnChange) => {
      listeners.set(kind, listener);
      return () => listeners.delete(kind);
    },
  } as unknown as Informers;
  const change = (next: KubeObject | undefined, previous: KubeObject | undefined): void => {
    const { kind } = (next ?? previous) as KubeObject;
    if (kind === 'Thing' && next !== undefined) objects.set(keyText(keyOf(next)), next);
    listeners.get(kind)?.(next, previous);
  };
  return { informers, change };
}

function run(controller: Partial<Controller>, informers: Informers, factor = 1) {
  const patches: unknown[] = [];
  const world = {
    cache: informers,
    clock: createClock({ factor }),
    api: { patch: async (...asked: unknown[]) => await Promise.resolve(patches.push(asked)) },
  } as unknown as World;
  return runController(
    { resource: THINGS, concerns: [], phases: [], ...controller },
    { world, informers, log: createLogger({ write: () => {} }), tell: () => {}, workers: 2 },
  );
}

it('what fails is tried again later and later, and soon again once its object has changed', async () => {
  const { informers, change } = cacheOf([object('Thing', 'one', { size: 1 })]);
  const visits: number[] = [];
  const phase = async () => {
    visits.push(Date.now());
    return await Promise.resolve(stuck('Wrong', 'It is wrong.'));
  };
  const running = run({ phases: [phase] }, informers, 100);
  await running.firstRound;
  // 5, 10, 20 and 40 s after each other, of which a fifth may be less or more.
  await expect.poll(() => visits.length, { timeout: 10_000, interval: 5 }).toBe(5);
  change(object('Thing', 'one', { size: 2 }, '2'), object('Thing', 'one', { size: 1 }));
  const changedAt = Date.now();
  await expect.poll(() => visits.length, { timeout: 10_000, interval: 5 }).toBe(7);
  await running.stop();
  const pauses = visits.slice(1).map((at, index) => (at - (visits[index] ?? 0)) * 100);
  expect(pauses[3]).toBeGreaterThan(30_000);
  expect((visits[6] ?? 0) - changedAt).toBeLessThan(600);
});

it('who is no longer named has to look too, and the first round is over when all were looked at', async () => {
  const { informers, change } = cacheOf(['a', 'b', 'c'].map((name) => object('Thing', name, {})));
  const visits: string[] = [];
  const named = ({ spec }: KubeObject) => [{ namespace: 'default', name: (spec as { thing: string }).thing }];
  const running = run(
    {
      concerns: [{ resource: OTHERS, whom: named }],
      phases: [
        async (visit) => {
          visits.push(visit.object.metadata.name);
          return await Promise.resolve({ kind: 'done' });
        },
      ],
    },
    informers,
  );
  await running.firstRound;
  expect(visits.splice(0)).toEqual(['a', 'b', 'c']);
  change(object('Other', 'o', { thing: 'b' }), object('Other', 'o', { thing: 'a' }));
  await expect.poll(() => visits.length).toBe(2);
  expect(visits.toSorted()).toEqual(['a', 'b']);
  await running.stop();
});
