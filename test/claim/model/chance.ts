import { seeded } from '../../support/random.ts';

/** What a schedule draws from: all of it follows from the seed. */
export interface Chance {
  /** Within 0 to 1. */
  next(): number;
  happens(probability: number): boolean;
  between(low: number, high: number): number;
  /** Within two bounds above 0, small ones as often as large ones. */
  spread(low: number, high: number): number;
  whole(below: number): number;
  pick<T>(of: readonly T[]): T;
}

export function createChance(seed: number): Chance {
  // Neighbouring seeds would begin with neighbouring numbers.
  const next = seeded(Math.imul(seed + 1, 0x9e3779b1));
  next();
  const between = (low: number, high: number): number => low + next() * (high - low);
  const whole = (below: number): number => Math.floor(next() * below);
  return {
    next,
    happens: (probability) => next() < probability,
    between,
    spread: (low, high) => low * (high / low) ** next(),
    whole,
    pick: <T>(of: readonly T[]): T => {
      const picked = of[whole(of.length)];
      if (picked === undefined) throw new Error('there is nothing to pick from');
      return picked;
    },
  };
}
