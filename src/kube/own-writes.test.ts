import { expect, test } from 'vitest';
import { createClock } from '#runtime/clock';
import type { KubeObject } from './object.ts';
import { type OwnWrites, ownWrites } from './own-writes.ts';

const key = { name: 'web', namespace: 'team-a' };

function object(version: number, uid = 'u', more: object = {}): KubeObject {
  const metadata = { ...key, uid, resourceVersion: String(version), creationTimestamp: '', ...more };
  return { apiVersion: 'v1', kind: 'Thing', metadata };
}

interface Scene {
  readonly writes: OwnWrites;
  /** An event of the watch. */
  readonly hear: (object: KubeObject) => void;
  readonly hearGone: (object: KubeObject) => void;
  readonly listBegins: () => void;
  readonly listTells: (...objects: readonly KubeObject[]) => void;
  readonly refreshes: { count: number };
}

/** @param factor of the clock: what is in doubt for 10 s of it is asked again */
function scene(cached: KubeObject | undefined, factor = 1): Scene {
  let known = cached;
  const refreshes = { count: 0 };
  const refresh = (): void => void refreshes.count++;
  const writes = ownWrites({ clock: createClock({ factor }), get: () => known, refresh });
  const hear = (next: KubeObject): void => {
    known = next;
    writes.onHeard(next, false);
  };
  return {
    writes,
    hear,
    hearGone: (last) => {
      known = undefined;
      writes.onHeard(last, true);
    },
    listBegins: () => writes.onListBegun(),
    listTells: (...objects) => {
      known = undefined;
      for (const one of objects) hear(one);
      writes.onListed();
    },
    refreshes,
  };
}

interface Case {
  readonly what: string;
  readonly during?: (scene: Scene) => void;
  /** Of the write. */
  readonly answer: KubeObject;
  /** What does not end the wait. */
  readonly notBy?: (scene: Scene) => void;
  /** What does; absent: it is over with its answer. */
  readonly by?: (scene: Scene) => void;
}

const cases: readonly Case[] = [
  { what: 'its event', answer: object(7), by: ({ hear }) => hear(object(7)) },
  {
    what: 'its event, not an earlier one',
    answer: object(7),
    notBy: ({ hear }) => hear(object(6)),
    by: ({ hear }) => hear(object(7)),
  },
  { what: 'an event that came before the answer', during: ({ hear }) => hear(object(7)), answer: object(7) },
  {
    what: 'an event before the answer that is overtaken by now',
    during: ({ hear }) => {
      hear(object(7));
      hear(object(8));
    },
    answer: object(7),
  },
  { what: 'the answer alone, where nothing was changed', answer: object(5) },
  {
    what: 'the answer alone, where nothing was changed and somebody else was faster',
    during: ({ hear }) => hear(object(6)),
    answer: object(5),
  },
  { what: 'the end of the object', answer: object(7), by: ({ hearGone }) => hearGone(object(9)) },
  { what: 'the end of the object before the answer', during: (it) => it.hearGone(object(8)), answer: object(7) },
  {
    what: 'its event, not the end of another one of that name',
    answer: object(7, 'new'),
    notBy: ({ hearGone }) => hearGone(object(6)),
    by: ({ hear }) => hear(object(7, 'new')),
  },
  {
    what: 'a list that begins after the answer, whatever it tells',
    answer: object(7),
    notBy: ({ listBegins }) => listBegins(),
    by: ({ listTells }) => listTells(object(9)),
  },
  {
    what: 'the second of two lists, the first of which had begun before the answer',
    during: ({ listBegins }) => listBegins(),
    answer: object(7),
    notBy: (it) => {
      it.listTells(object(6));
      it.listBegins();
    },
    by: ({ listTells }) => listTells(object(9)),
  },
  { what: 'the end of the cache', answer: object(7), by: ({ writes }) => writes.stop() },
];

/** Whether it is over by now. */
async function isOver(write: Promise<unknown>): Promise<boolean> {
  return await Promise.race([write.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
}

test.each(cases)('a patch is over by $what', async ({ during, answer, notBy, by }) => {
  const it = scene(object(5));
  const write = it.writes.patchShown(key, async () => {
    during?.(it);
    return await Promise.resolve(answer);
  });
  expect(await isOver(write)).toBe(by === undefined);
  notBy?.(it);
  expect(await isOver(write)).toBe(by === undefined);
  by?.(it);
  expect(await write).toBe(answer);
});

test('a patch that failed waits for nothing', async () => {
  const { writes } = scene(object(5));
  await expect(writes.patchShown(key, async () => await Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('a creation is over when the object was heard of, in whatever version', async () => {
  const it = scene(undefined);
  const creation = it.writes.creationShown(async () => await Promise.resolve(object(7)));
  expect(await isOver(creation)).toBe(false);
  it.hear(object(7, 'another'));
  expect(await isOver(creation)).toBe(false);
  it.hear(object(8));
  expect(await creation).toMatchObject({ metadata: { resourceVersion: '7' } });
});

test.each([
  { what: 'gone', by: (it: Scene) => it.hearGone(object(7)) },
  { what: 'asked to go', by: (it: Scene) => it.hear(object(7, 'u', { deletionTimestamp: 'now' })) },
  { what: 'another one', by: (it: Scene) => it.hear(object(7, 'another')) },
])('a deletion is over when the object is $what', async ({ by }) => {
  const it = scene(object(5));
  const deletion = it.writes.deletionShown(key, async () => await Promise.resolve());
  it.hear(object(6));
  expect(await isOver(deletion)).toBe(false);
  by(it);
  await deletion;
});

test('what is in doubt is asked again', async () => {
  const it = scene(object(5), 200);
  const write = it.writes.patchShown(key, async () => await Promise.resolve(object(7)));
  await expect.poll(() => it.refreshes.count).toBeGreaterThan(1);
  it.listBegins();
  it.listTells(object(9));
  await write;
});
