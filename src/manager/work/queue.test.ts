import { createClock } from '#runtime/clock';
import { describe, expect, it } from 'vitest';
import { createWorkQueue, type WorkQueueOptions } from './queue.ts';

/** A queue whose visits end when they are told to. */
function queueOf(options: Partial<WorkQueueOptions> = {}) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const queue = createWorkQueue({
    clock: createClock({ factor: 100 }),
    workers: 3,
    longWorkers: 2,
    takesLong: (key) => key.startsWith('create'),
    groupOf: () => '',
    visit: async (key) => {
      begun.push(key);
      await new Promise<void>((resolve) => ends.set(key, resolve));
    },
    ...options,
  });
  const end = async (key: string): Promise<void> => {
    ends.get(key)?.();
    // `finally` of a visit comes a few turns later.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, begun, end };
}

describe('a queue of visits', () => {
  it('gives what takes long a share of its workers, and the rest never waits behind it', async () => {
    const { queue, begun, end } = queueOf();
    for (const key of ['create 1', 'create 2', 'create 3', 'create 4', 'delete']) queue.add(key);
    expect(begun).toEqual(['create 1', 'create 2', 'delete']);
    queue.add('power');
    await end('delete');
    expect(begun.slice(3)).toEqual(['power']);
    await end('power');
    expect(begun.slice(4)).toEqual([]);
    await end('create 1');
    expect(begun.slice(4)).toEqual(['create 3']);
  });

  it('takes turns by groups: those of one that hangs do not keep the others waiting', async () => {
    const { queue, begun, end } = queueOf({ groupOf: (key) => key.slice(0, 1) });
    for (const key of ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'b3', 'b4']) queue.add(key);
    await end('a1');
    for (const key of ['b1', 'b2', 'b3']) await end(key);
    expect(begun).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'b4']);
    await end('a2');
    expect(begun.slice(7)).toEqual(['a4']);
  });

  it('visits a key by one worker at a time, and once for many changes', async () => {
    const { queue, begun, end } = queueOf();
    for (let change = 0; change < 5; change++) queue.add('one');
    expect(begun).toEqual(['one']);
    await end('one');
    expect(begun).toEqual(['one', 'one']);
    await end('one');
    expect(begun).toEqual(['one', 'one']);
  });

  it('comes back after the sooner of two moments, and forgets both where it was there before', async () => {
    const { queue, begun, end } = queueOf();
    queue.addAfter('one', 5_000);
    queue.addAfter('one', 600_000);
    await expect.poll(() => begun).toEqual(['one']);
    await end('one');
    queue.addAfter('one', 1_000);
    await expect.poll(() => begun).toEqual(['one', 'one']);
    await end('one');
    queue.addAfter('one', 3_000);
    queue.add('one');
    await end('one');
    // What was forgotten would have come before this one.
    queue.addAfter('mark', 4_000);
    await expect.poll(() => begun).toContain('mark');
    expect(begun).toEqual(['one', 'one', 'one', 'mark']);
  });

  it('ends when the last visit has, and begins none any more', async () => {
    const clock = createClock({ factor: 100 });
    const { queue, begun, end } = queueOf({ clock });
    queue.add('one');
    queue.addAfter('two', 100);
    let hasStopped = false;
    const stopped = queue.stop().then(() => {
      hasStopped = true;
    });
    queue.add('three');
    // The moment of the second one is over by then.
    await new Promise<void>((resolve) => clock.after(200, resolve));
    expect([hasStopped, begun]).toEqual([false, ['one']]);
    await end('one');
    await stopped;
    expect(begun).toEqual(['one']);
  });
});
