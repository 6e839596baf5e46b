import { describe, expect, test } from 'vitest';
import { createClock } from '#runtime/clock';
import { createPace } from '../pace.ts';
import { createRandom } from '../random.ts';
import { createHolder, createLocks, type Lease, type LockWish, releaseAll } from './locks.ts';

const locks = () => createLocks(createPace(createClock({ factor: 200 })), createRandom(1));
const LONG_MS = 600_000;
const shared = (name: string, waitMs = 0): LockWish => ({ name, mode: 'shared', waitMs });
const exclusive = (name: string, waitMs = 0): LockWish => ({ name, mode: 'exclusive', waitMs });

describe('a lock', () => {
  test('is shared by readers and excludes a writer until the last of them goes', async () => {
    const table = locks();
    const readers = [
      await table.acquire(shared('a'), createHolder()),
      await table.acquire(shared('a'), createHolder()),
    ];
    expect(await table.acquire(exclusive('a', 10), createHolder())).toBeUndefined();
    const writer = table.acquire(exclusive('a', LONG_MS), createHolder());
    for (const reader of readers) reader?.release();
    expect(await writer).toMatchObject({ mode: 'exclusive' });
    expect(table.isFree('a', 'shared')).toBe(false);
  });

  test('goes to readers over the head of a waiting writer, as flock(2) does', async () => {
    const table = locks();
    const first = await table.acquire(shared('a'), createHolder());
    const writer = table.acquire(exclusive('a', LONG_MS), createHolder());
    const second = await table.acquire(shared('a'), createHolder());
    first?.release();
    expect(table.isFree('a', 'exclusive')).toBe(false);
    second?.release();
    expect(await writer).toMatchObject({ mode: 'exclusive' });
  });

  test('wakes all who fit each other when a writer goes', async () => {
    const table = locks();
    const writer = await table.acquire(exclusive('a'), createHolder());
    const waiting = [shared, exclusive, shared].map((wish) => table.acquire(wish('a', LONG_MS), createHolder()));
    writer?.release();
    const readers = [await waiting[0], await waiting[2]];
    expect(readers).toMatchObject([{ mode: 'shared' }, { mode: 'shared' }]);
    for (const reader of readers) reader?.release();
    expect(await waiting[1]).toMatchObject({ mode: 'exclusive' });
  });

  test('of the cluster is asked for at intervals, and given up after a while', async () => {
    const clock = createClock({ factor: 200 });
    const table = createLocks(createPace(clock), createRandom(1));
    const wish = { ...exclusive('cfs', 9000), pollMs: 1000 };
    const first = await table.acquire(wish, createHolder());
    const started = clock.now();
    expect(await table.acquire(wish, createHolder())).toBeUndefined();
    expect(clock.now() - started).toBeGreaterThan(8000);
    const second = table.acquire(wish, createHolder());
    first?.release();
    expect(table.isFree('cfs', 'exclusive')).toBe(true);
    expect(await second).toMatchObject({ mode: 'exclusive' });
  });

  test('falls with its holder, once, and other locks are not touched', async () => {
    const table = locks();
    const holder = createHolder();
    await table.acquire(exclusive('a'), holder);
    await table.acquire(exclusive('b'), createHolder());
    releaseAll(holder);
    releaseAll(holder);
    expect(table.isFree('a', 'exclusive')).toBe(true);
    expect(table.isFree('b', 'exclusive')).toBe(false);
  });

  test('is not granted to a waiter that has died, but to the one behind it', async () => {
    const table = locks();
    const first = await table.acquire(exclusive('a'), createHolder());
    const killed = { dead: false, held: new Set<Lease>() };
    let cameBack = false;
    void table.acquire(exclusive('a', LONG_MS), killed).then(() => (cameBack = true));
    const third = table.acquire(exclusive('a', LONG_MS), createHolder());
    killed.dead = true;
    first?.release();
    (await third)?.release();
    expect([cameBack, killed.held.size, table.isFree('a', 'exclusive')]).toEqual([false, 0, true]);
  });

  test('is no longer waited for once a signal has come', async () => {
    const table = locks();
    const stop = new AbortController();
    const first = await table.acquire(shared('a'), createHolder());
    const stopped = [undefined, 1000].map(async (pollMs) =>
      table.acquire(
        { ...exclusive('a', LONG_MS), ...(pollMs === undefined ? {} : { pollMs }) },
        { ...createHolder(), signal: stop.signal },
      ),
    );
    stop.abort(new Error('signal'));
    for (const wait of stopped) await expect(wait).rejects.toThrow('signal');
    first?.release();
    expect(table.isFree('a', 'exclusive')).toBe(true);
  });

  test('tells a holder with a log when it has to wait', async () => {
    const table = locks();
    const lines: string[] = [];
    const first = await table.acquire(exclusive('a'), createHolder());
    const second = table.acquire(exclusive('a', LONG_MS), {
      ...createHolder(),
      log: (line) => void lines.push(line),
    });
    expect(lines).toEqual(['trying to acquire lock...']);
    first?.release();
    await second;
    expect(lines).toEqual(['trying to acquire lock...', ' OK']);
  });
});
