import { describe, expect, it } from 'vitest';
import { cached } from './cached.ts';
import { createClock } from './clock.ts';
import { deadlineIn } from './deadline.ts';

function counting() {
  const waiting: ((value: number) => void)[] = [];
  const values = cached(
    createClock(),
    10_000,
    async () => await new Promise<number>((resolve) => waiting.push(resolve)),
  );
  const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
  return { waiting, values, settled, call: deadlineIn(10_000) };
}

describe('a cached value', () => {
  it('is fetched once for all who ask before the fetch begins, and once more for those who come during it', async () => {
    const { waiting, values, settled, call } = counting();
    const first = values.read(call, 0);
    const late = [values.read(call, 0), values.read(call, 0)];
    expect(waiting).toHaveLength(1);
    waiting[0]?.(1);
    expect(await first).toBe(1);
    await settled();
    expect(waiting).toHaveLength(2);
    waiting[1]?.(2);
    expect(await Promise.all(late)).toEqual([2, 2]);
  });

  it('is given again while it is young enough', async () => {
    const { waiting, values, call } = counting();
    const first = values.read(call, 60_000);
    const shared = values.read(call, 60_000);
    waiting[0]?.(1);
    expect([await first, await shared, await values.read(call, 60_000)]).toEqual([1, 1, 1]);
    expect(waiting).toHaveLength(1);
  });

  it('lets a caller whose time is over go, and the fetch go on', async () => {
    const { waiting, values, call } = counting();
    const gone = new AbortController();
    const hurried = values.read(deadlineIn(10_000, gone.signal), 60_000);
    const patient = values.read(call, 60_000);
    gone.abort(new Error('gone'));
    await expect(hurried).rejects.toThrow('gone');
    waiting[0]?.(7);
    expect(await patient).toBe(7);
  });

  it('asks again after a failure', async () => {
    let tries = 0;
    const values = cached(createClock(), 10_000, async () => {
      tries++;
      return await (tries === 1 ? Promise.reject(new Error('no')) : Promise.resolve(tries));
    });
    const call = deadlineIn(10_000);
    await expect(values.read(call, 60_000)).rejects.toThrow('no');
    expect(await values.read(call, 60_000)).toBe(2);
  });
});
