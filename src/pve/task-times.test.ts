import { describe, expect, test } from 'vitest';
import { createTaskTimes, pollPauses } from './task-times.ts';

/** When the looks at a task of `durationMs` come, ms after its start, up to the one that finds it ended. */
function looks(durationMs: number, usualMs: number | undefined, pollIntervalMs = 2_000): number[] {
  const times: number[] = [];
  let at = 0;
  for (const pause of pollPauses(usualMs, pollIntervalMs)) {
    at += pause;
    times.push(at);
    if (at >= durationMs) return times;
  }
  return times;
}

describe('looking at a task', () => {
  test('begins after 100 ms and backs off to the interval', () => {
    expect(looks(8_000, undefined)).toEqual([100, 300, 700, 1_500, 3_100, 5_100, 7_100, 9_100]);
  });

  test('waits for the usual end of its type and is dense after it', () => {
    expect(looks(3_150, 3_000)).toEqual([2_000, 3_000, 3_100, 3_300]);
  });

  test('does not go on in tiny steps where the interval is tiny', () => {
    expect(looks(350, undefined, 1)).toEqual([100, 200, 300, 400]);
  });

  test.each([undefined, 0, 50, 400, 999, 2_000, 5_000, 60_000])(
    'with a usual duration of %s ms costs at most 4 looks and one a second, however long it takes',
    (usualMs) => {
      for (const durationMs of [50, 100, 500, 1_000, 3_000, 10_000, 60_000]) {
        const times = looks(durationMs, usualMs);
        for (const [index, at] of times.entries()) expect(index + 1).toBeLessThanOrEqual(4 + at / 1_000);
      }
    },
  );
});

describe('the usual duration', () => {
  test('is unknown before the first task, then follows what tasks take', () => {
    const times = createTaskTimes();
    expect(times.usualMs('qmclone')).toBeUndefined();
    times.learn('qmclone', 1_000);
    expect(times.usualMs('qmclone')).toBe(1_000);
    times.learn('qmclone', 2_000);
    expect(times.usualMs('qmclone')).toBeCloseTo(1_300);
    expect(times.usualMs('qmstart')).toBeUndefined();
  });
});
