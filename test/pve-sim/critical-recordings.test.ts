// What a client's safety rests on, held to the recordings: permissions, pending changes, what is visible while a task runs,
// task errors, locks. Everything else is replayed by `npm run prove -- replay`.
import { describe, expect, test } from 'vitest';
import { differences, recordings, replay, VERSIONS } from './recordings.ts';

const SCENARIOS = ['3', '4', '5', '6', '7', '8', '9', '10', '51', '63', '64', '65', '72', '85', '86'];

describe.skipIf(recordings.missing)(`recordings of the critical class${recordings.note}`, () => {
  test.each(VERSIONS)('of PVE %s are played as recorded', async (version) => {
    const filter = { versions: [version], topologies: ['one-node'], only: SCENARIOS };
    const report = await replay(filter, SCENARIOS.length);
    expect(report.allRun).toBe(true);
    expect(report.totals.critical.total).toBeGreaterThan(400);
    const { percent } = report.totals.critical;
    expect(percent, differences(report, ({ critical }) => critical).join('\n')).toBeGreaterThanOrEqual(99);
  });
});
