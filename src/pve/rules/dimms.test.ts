import { describe, expect, it } from 'vitest';
import { dimmBorder } from './dimms.ts';

describe('memory in DIMMs', () => {
  it.each([
    [1, 1024],
    [1024, 1024],
    [1025, 1536],
    [4096, 4096],
    [17_408, 17_408],
    [17_409, 18_432],
    [20_000, 20_480],
    [32_768, 32_768],
  ])('of %i MiB is %i MiB, as PVE makes it', (wanted, border) => {
    expect(dimmBorder(wanted)).toBe(border);
    expect(dimmBorder(border)).toBe(border);
  });
});
