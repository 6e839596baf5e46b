// All recordings of the real API against the simulator (minutes, since states that pass have to be met as they pass).
import { describe, expect, test } from 'vitest';
import { differences, recordings, replay, replayMissed, type Report, type Tally, VERSIONS } from './recordings.ts';

const LEAST = { all: 97, area: 95, critical: 99 };
/** An area with fewer steps than this may differ in two: of the fifteen of the list that lags that many hang on the moment. */
const SMALL_AREA = 20;
const MOST_PLAYS = 3;

describe.skipIf(recordings.missing)(`recordings${recordings.note}`, () => {
  test.each(VERSIONS)('of PVE %s are played as recorded', async (version) => {
    let report = await replay({ versions: [version] }, 3);
    for (let play = 2; play <= MOST_PLAYS && tooLow(report).length > 0; play++) report = await replayMissed(report);
    const { all, critical, byCategory } = report.totals;
    const rows = Object.entries({ [version]: all, critical, ...byCategory }).map(([name, tally]) => line(name, tally));
    process.stdout.write(`${[...rows, ...differences(report)].join('\n')}\n`);
    expect(report.allRun).toBe(true);
    expect(tooLow(report)).toEqual([]);
  });
});

function tooLow({ totals: { all, critical, byCategory } }: Report): string[] {
  const areas = Object.entries(byCategory).filter(([, tally]) =>
    tally.total < SMALL_AREA ? tally.total - tally.equal > 2 : tally.percent < LEAST.area,
  );
  return [
    ...(all.percent < LEAST.all ? [line('all', all)] : []),
    ...(critical.percent < LEAST.critical ? [line('critical', critical)] : []),
    ...areas.map(([name, tally]) => line(name, tally)),
  ];
}

function line(name: string, { equal, total, percent }: Tally): string {
  return `  ${name.padEnd(44)} ${equal}/${total} ${percent.toFixed(2)} %`;
}
