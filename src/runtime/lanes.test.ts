import { describe, expect, it } from 'vitest';
import { createLanes, type Lane } from './lanes.ts';

const never = new AbortController().signal;

/** A job that says when it has begun and ends when told. */
function job(log: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    end: resolve,
    run: async (): Promise<string> => {
      log.push(name);
      await promise;
      return name;
    },
  };
}

const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

describe('lanes', () => {
  it('let as many through as they are wide, the others in the order they came', async () => {
    const lanes = createLanes();
    const lane: Lane = { key: 'a', width: 2 };
    const log: string[] = [];
    const jobs = ['1', '2', '3', '4'].map((name) => job(log, name));
    const done = jobs.map(async ({ run }) => await lanes.through([lane], never, run));
    await settled();
    expect(log).toEqual(['1', '2']);
    jobs[1]?.end();
    await settled();
    expect(log).toEqual(['1', '2', '3']);
    for (const { end } of jobs) end();
    expect(await Promise.all(done)).toEqual(['1', '2', '3', '4']);
  });

  it('are entered one after the other, and left when a job fails', async () => {
    const lanes = createLanes();
    const both: Lane[] = [
      { key: 'a', width: 1 },
      { key: 'b', width: 1 },
    ];
    const failing = lanes.through(both, never, async () => await Promise.reject(new Error('no')));
    const next = lanes.through(both, never, async () => await Promise.resolve('next'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('next');
  });

  it('are left in the queue by a caller whose time is over, and its place goes to the next', async () => {
    const lanes = createLanes();
    const lane: Lane = { key: 'a', width: 1 };
    const log: string[] = [];
    const [first, second, third] = ['1', '2', '3'].map((name) => job(log, name));
    const gone = new AbortController();
    const running = lanes.through([lane], never, async () => await first?.run());
    const waiting = lanes.through([lane], gone.signal, async () => await second?.run());
    const last = lanes.through([lane], never, async () => await third?.run());
    gone.abort(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    first?.end();
    third?.end();
    expect(await running).toBe('1');
    expect(await last).toBe('3');
    expect(log).toEqual(['1', '3']);
  });
});
