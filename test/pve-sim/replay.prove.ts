// All recordings of the real API against the simulator (minutes, since states that pass have to be met as they pass).
import { describe, expect, test } from 'vitest';
import { differences, recordings, replay, type Tally, VERSIONS } from './recordings.ts';

const LEAST = { all: 97, area: 95, critical: 99 };
/** An area with fewer steps than this may differ in one. */
const SMALL_AREA = 20;

describe.skipIf(recordings.missing)(`recordings${recordings.note}`, () => {
  // Some recorded moments come by chance, and a whole replay may miss two of a small area: then it is played again.
  test.each(VERSIONS)('of PVE %s are played as recorded', { retry: 1 }, async (version) => {
    const report = await replay({ versions: [version] }, 3);
    const { all, critical, byCategory } = report.totals;
    const line = (name: string, { equal, total, percent }: Tally): string =>
      `  ${name.padEnd(44)} ${equal}/${total} ${percent.toFixed(2)} %`;
    const rows = Object.entries({ [version]: all, critical, ...byCategory }).map(([name, tally]) => line(name, tally));
    process.stdout.write(`${[...rows, ...differences(report)].join('\n')}\n`);
    expect(report.allRun).toBe(true);
    expect(all.percent).toBeGreaterThanOrEqual(LEAST.all);
    expect(critical.percent).toBeGreaterThanOrEqual(LEAST.critical);
    const low = Object.entries(byCategory).filter(([, tally]) =>
      tally.total < SMALL_AREA ? tally.total - tally.equal > 1 : tally.percent < LEAST.area,
    );
    expect(low.map(([name, tally]) => line(name, tally))).toEqual([]);
  });
});
