import { describe, expect, test } from 'vitest';
import { createClock } from '#runtime/clock';
import { createPace } from '../pace.ts';
import { createHolder, createLocks, releaseAll } from './locks.ts';

const locks = () => createLocks(createPace(createClock({ factor: 200 })));
const LONG_MS = 600_000;

describe('a lock', () => {
  test('is shared by readers and excludes a writer until the last of them goes', async () => {
    const table = locks();
    const readers = [
      await table.acquire('a', 'shared', 0, createHolder()),
      await table.acquire('a', 'shared', 0, createHolder()),
    ];
    expect(await table.acquire('a', 'exclusive', 10, createHolder())).toBeUndefined();
    const writer = table.acquire('a', 'exclusive', LONG_MS, createHolder());
    for (const reader of readers) reader?.release();
    expect(await writer).toMatchObject({ mode: 'exclusive' });
    expect(table.isFree('a', 'shared')).toBe(false);
  });

  test('is granted in the order it was asked for, so that readers do not starve a writer', async () => {
    const table = locks();
    const first = await table.acquire('a', 'shared', 0, createHolder());
    const order: string[] = [];
    const writer = table.acquire('a', 'exclusive', LONG_MS, createHolder()).then((lease) => {
      order.push('writer');
      lease?.release();
    });
    const reader = table.acquire('a', 'shared', LONG_MS, createHolder()).then(() => order.push('reader'));
    first?.release();
    await Promise.all([writer, reader]);
    expect(order).toEqual(['writer', 'reader']);
  });

  test('lets those behind a waiter that gave up go on', async () => {
    const table = locks();
    await table.acquire('a', 'shared', 0, createHolder());
    const impatient = table.acquire('a', 'exclusive', 10, createHolder());
    const reader = table.acquire('a', 'shared', LONG_MS, createHolder());
    expect(await impatient).toBeUndefined();
    expect(await reader).toMatchObject({ mode: 'shared' });
  });

  test('falls with its holder, once, and other locks are not touched', async () => {
    const table = locks();
    const holder = createHolder();
    await table.acquire('a', 'exclusive', 0, holder);
    await table.acquire('b', 'exclusive', 0, createHolder());
    releaseAll(holder);
    releaseAll(holder);
    expect(table.isFree('a', 'exclusive')).toBe(true);
    expect(table.isFree('b', 'exclusive')).toBe(false);
  });

  test('tells a holder with a log when it has to wait', async () => {
    const table = locks();
    const lines: string[] = [];
    const first = await table.acquire('a', 'exclusive', 0, createHolder());
    const second = table.acquire('a', 'exclusive', LONG_MS, {
      ...createHolder(),
      log: (line) => void lines.push(line),
    });
    expect(lines).toEqual(['trying to acquire lock...']);
    first?.release();
    await second;
    expect(lines).toEqual(['trying to acquire lock...', ' OK']);
  });
});
