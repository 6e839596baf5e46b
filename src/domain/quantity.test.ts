import { expect, test } from 'vitest';
import { parseQuantity } from './quantity.ts';

test.each([
  ['4Gi', 4 * 1024 ** 3],
  ['1.5Gi', 1.5 * 1024 ** 3],
  ['.5Gi', 0.5 * 1024 ** 3],
  ['4.Gi', 4 * 1024 ** 3],
  ['4G', 4e9],
  ['4096', 4096],
  [4096, 4096],
  ['+1k', 1000],
  ['1e9', 1e9],
  ['1E+3', 1000],
  ['25e-1', 3],
  ['1e0', 1],
  ['0.000001E', 1e12],
  ['0.0009Ei', 1_037_629_354_146_163],
  ['0', 0],
  ['', undefined],
  ['Gi', undefined],
  ['.', undefined],
  ['4GB', undefined],
  ['4gi', undefined],
  ['4ki', undefined],
  ['4Ki', 4096],
  ['100m', undefined],
  ['-1', undefined],
  ['9999Pi', undefined],
  ['1e99', undefined],
  ['0x10', undefined],
  ['1_000', undefined],
])('the quantity %j is %s bytes', (text, bytes) => {
  expect(parseQuantity(text)).toBe(bytes);
});
