// What a client's safety rests on, held to the recordings: permissions, pending changes, what is visible while a task runs,
// task errors, locks. Everything else is replayed by `npm run prove -- replay`.
import { describe, expect, test } from 'vitest';
import { differences, recordings, replay, VERSIONS } from './recordings.ts';

/** Look at what passes: few at a time, or it is gone before it is looked at. */
const WATCHED = { only: ['63', '64', '65'], jobs: 2 };
const OTHERS = { only: ['3', '4', '5', '6', '7', '8', '9', '10', '51', '72', '85', '86'], jobs: 6 };
const LEAST_PERCENT = 99;

describe.skipIf(recordings.missing)(`recordings of the critical class${recordings.note}`, () => {
  test('are played as recorded', async () => {
    let equal = 0;
    let total = 0;
    const lines: string[] = [];
    for (const { only, jobs } of [WATCHED, OTHERS]) {
      const report = await replay({ versions: VERSIONS, topologies: ['one-node'], only }, jobs);
      expect(report.allRun).toBe(true);
      equal += report.totals.critical.equal;
      total += report.totals.critical.total;
      lines.push(...differences(report, ({ critical }) => critical));
    }
    expect(total).toBeGreaterThan(800);
    expect((100 * equal) / total, lines.join('\n')).toBeGreaterThanOrEqual(LEAST_PERCENT);
  });
});
