import { expect, test } from 'vitest';
import { parseDuration } from './duration.ts';

test.each([
  ['60s', 60_000],
  ['1h30m', 5_400_000],
  ['30m0s', 1_800_000],
  ['1.5s', 1500],
  ['250ms', 250],
  ['0s', 0],
  ['', undefined],
  ['60', undefined],
  ['1d', undefined],
  ['-5s', undefined],
  ['5 s', undefined],
])('the duration %j is %s ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});
