import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { snapshotName } from './snapshot-name.ts';

describe('the name of a snapshot', () => {
  it.each(['before-upgrade', 'A1', 'x_y', 'a'.repeat(40)])('%s is taken as it is', (hint) => {
    expect(snapshotName(hint)).toBe(hint);
  });

  it.each([
    ['web.before.upgrade', 'web-before-upgrade-01588704'],
    ['2026-11-26', 'snap-2026-11-26-e472dc53'],
    ['current', 'current-97b05602'],
    ['PENDING', 'PENDING-332011b9'],
    ['a', 'a-ca978112'],
    ['日本', 'snap-cf2abf0c'],
    [`${'long-'.repeat(12)}1`, 'long-long-long-long-long-long-l-7a10c770'],
    ['trailing\n', 'trailing-fa69d7a9'],
  ])('of %j is made legal', (hint, name) => {
    expect(snapshotName(hint)).toBe(name);
  });

  it('is legal for whatever is asked for, is not changed again, and is not that of another hint', () => {
    const isSound = (one: string, more: string): boolean => {
      const name = snapshotName(one);
      const isLegal = /^[A-Za-z][A-Za-z0-9_-]{1,39}$/.test(name) && !/^(current|pending)$/i.test(name);
      return isLegal && snapshotName(name) === name && snapshotName(`${one}${more}`) !== name;
    };
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 1 }), isSound), { seed: 1 });
  });
});
