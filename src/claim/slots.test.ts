import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { slotsFor } from './slots.ts';

// Frozen: whoever changes these loses every create that is running while the provider is upgraded.
// Recomputed once with another implementation (Python's hashlib).
const vectors = [
  {
    seed: { instance: 'default/prod', kind: 'vm', owner: 'web-server' },
    range: { low: 100_000, high: 999_999 },
    slots: [
      171338, 953861, 205261, 167478, 425945, 483510, 434543, 507316, 663496, 718183, 310386, 136181, 805983, 312509,
      431158, 841440,
    ],
  },
  {
    seed: { instance: 'default', kind: 'vm', owner: '0b1c2d3e-0000-4000-8000-000000000001' },
    range: { low: 100, high: 120 },
    slots: [119, 102, 115, 111, 113, 100, 114, 106, 101, 117, 103, 104, 112, 109, 120, 107],
  },
] as const;

describe('the slots of an owner', () => {
  it.each(vectors)('are frozen for $seed.owner', ({ seed, range, slots }) => {
    expect(slotsFor(seed, range)).toEqual(slots);
  });

  it.each(vectors)('are told in the documentation for $seed.owner', ({ slots }) => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/claims.md'), 'utf8');
    expect(page).toContain(`| ${slots.join(' ')} |`);
  });

  it('are as many as the range has, where it is smaller than sixteen', () => {
    const seed = { instance: 'i', kind: 'vm', owner: 'o' } as const;
    expect([...slotsFor(seed, { low: 100, high: 102 })].toSorted((a, b) => a - b)).toEqual([100, 101, 102]);
  });
});
