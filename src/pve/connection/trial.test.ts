import { describe, expect, it } from 'vitest';
import { createClock } from '#runtime/clock';
import { createTrial, type Trial } from './trial.ts';

/** A trial, and whether it is over after so many seconds in which the endpoint was good. */
function timed(): { trial: Trial; pass: (seconds: number) => void; goodFor: (seconds: number) => boolean } {
  let now = 0;
  const trial = createTrial({ ...createClock(), now: () => now });
  const pass = (seconds: number): void => void (now += seconds * 1000);
  const goodFor = (seconds: number): boolean => {
    trial.good();
    pass(seconds);
    trial.good();
    return trial.isOver();
  };
  return { trial, pass, goodFor };
}

describe('an endpoint that was given up', () => {
  it('has to be good for ten seconds, without a failure in between', () => {
    const { trial, goodFor } = timed();
    trial.end();
    expect(goodFor(0)).toBe(false);
    expect(goodFor(9)).toBe(false);
    trial.bad();
    expect(trial.isOver()).toBe(false);
    expect(goodFor(9)).toBe(false);
    expect(goodFor(1)).toBe(true);
  });

  it('for twice as long after each relapse, up to ten minutes', () => {
    const { trial, goodFor } = timed();
    trial.end();
    const needed = Array.from({ length: 9 }, () => {
      let seconds = 0;
      while (!goodFor(5)) seconds += 5;
      trial.begin();
      trial.end();
      return seconds + 5;
    });
    expect(needed).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600]);
  });

  it('for no longer than at first where it was in use for ten minutes', () => {
    const { trial, pass, goodFor } = timed();
    for (const inUseSeconds of [10, 10, 600]) {
      trial.end();
      while (!goodFor(5));
      trial.begin();
      pass(inUseSeconds);
    }
    trial.end();
    expect(goodFor(10)).toBe(true);
  });
});
