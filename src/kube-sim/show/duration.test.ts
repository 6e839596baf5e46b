import { describe, expect, test } from 'vitest';
import { formatAge, formatDuration } from './duration.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const DURATIONS: readonly (readonly [milliseconds: number, shown: string])[] = [
  [-3 * SECOND, '<invalid>'],
  [-2 * SECOND, '<invalid>'],
  [-1999, '0s'],
  [0, '0s'],
  [999, '0s'],
  [119 * SECOND, '119s'],
  [2 * MINUTE, '2m'],
  [2 * MINUTE + SECOND, '2m1s'],
  [10 * MINUTE + 30 * SECOND, '10m'],
  [179 * MINUTE, '179m'],
  [3 * HOUR, '3h'],
  [7 * HOUR + 59 * MINUTE, '7h59m'],
  [8 * HOUR + 59 * MINUTE, '8h'],
  [47 * HOUR, '47h'],
  [2 * DAY, '2d'],
  [2 * DAY + 5 * HOUR, '2d5h'],
  [8 * DAY + 5 * HOUR, '8d'],
  [729 * DAY, '729d'],
  [730 * DAY, '2y'],
  [731 * DAY, '2y1d'],
  [9 * 365 * DAY + DAY, '9y'],
];

describe('a duration', () => {
  test.each(DURATIONS)('of %d ms is shown as %s', (milliseconds, shown) => {
    expect(formatDuration(milliseconds)).toBe(shown);
  });
});

describe('an age', () => {
  const now = Date.parse('2001-02-03T04:05:06Z');

  test.each([
    ['2001-02-03T04:04:36Z', '30s'],
    ['2001-02-03T04:04:36.500000Z', '29s'],
    [undefined, '<unknown>'],
    ['soon', '<invalid>'],
  ])('of what was at %s is %s', (time, age) => {
    expect(formatAge(time, now)).toBe(age);
  });
});
