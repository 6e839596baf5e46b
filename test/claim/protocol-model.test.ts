import { describe, expect, it } from 'vitest';
import { describeFigures, runSchedules, traceOf } from './many-schedules.ts';
import { THE_RULES } from './model/schedule.ts';

// The create protocol under random schedules: replicas that die, pause and lose answers, a manager that repeats itself and
// deletes, VMs of others that come and go. The model's runs decide by the provider's own decideCreate.

describe('the create protocol', () => {
  it('never makes two finished VMs, names another id, or ends with something left over', () => {
    const figures = runSchedules({ first: 1, count: 1500 }, THE_RULES);
    console.log(describeFigures(figures));
    expect(figures.violations, traceOf(figures.violations, THE_RULES)).toEqual([]);
    // Else the schedules were too kind to show anything.
    const troubles = [
      'a second VM existed',
      'a loser was marked',
      'a replica was killed at work',
      'a stub was judged dead',
    ];
    const decisions = ['take', 'resume', 'wait', 'take-out', 'done', 'exists', 'other-request', 'exhausted'];
    for (const what of [...troubles, ...decisions]) expect(figures.counts.get(what), what).toBeGreaterThan(50);
  });

  it('makes two finished VMs without the look after the copy', () => {
    const figures = runSchedules({ first: 1, count: 500 }, { ...THE_RULES, secondLook: false });
    const doubled = figures.violations.filter(({ what }) => what.includes('both ready'));
    console.log(
      `without the second look: two finished VMs in ${((100 * doubled.length) / 500).toFixed(1)} % of schedules`,
    );
    expect(doubled.length).toBeGreaterThan(10);
  });
});
