// All recordings of the real API against the simulator (minutes, since states that pass have to be met as they pass).
import { describe, expect, test } from 'vitest';
import { playAgain } from './play-again.ts';
import { differences, recordings, type Report, replay, type Tally, VERSIONS } from './recordings.ts';

const LEAST = { all: 97, area: 95, critical: 99 };
/** An area with fewer steps than this may differ in one. */
const SMALL_AREA = 20;
const MOST_PLAYS = 5;

/** The areas in which too much differs. */
function lowAreas({ totals: { byCategory } }: Report): string[] {
  const low = Object.entries(byCategory).filter(([, tally]) =>
    tally.total < SMALL_AREA ? tally.total - tally.equal > 1 : tally.percent < LEAST.area,
  );
  return low.map(([name]) => name);
}

/** Those, and where too much of the critical class differs, the areas of what does. */
function areasToPlayAgain(report: Report): string[] {
  const { scenarios, totals } = report;
  if (totals.critical.percent >= LEAST.critical) return lowAreas(report);
  const critical = scenarios.filter(({ steps }) => steps.some((step) => step.critical && step.verdict !== 'equal'));
  return [...lowAreas(report), ...critical.map(({ category }) => category)];
}

async function played(version: string): Promise<Report> {
  let report = await replay({ versions: [version] }, 3);
  for (let play = 2; play <= MOST_PLAYS; play++) {
    const areas = areasToPlayAgain(report);
    if (areas.length === 0) break;
    process.stdout.write(`  played again: ${[...new Set(areas)].join('; ')}\n`);
    report = await playAgain(report, version, areas);
  }
  return report;
}

describe.skipIf(recordings.missing)(`recordings${recordings.note}`, () => {
  test.each(VERSIONS)('of PVE %s are played as recorded', async (version) => {
    const report = await played(version);
    const { all, critical, byCategory } = report.totals;
    const line = (name: string, { equal, total, percent }: Tally): string =>
      `  ${name.padEnd(44)} ${equal}/${total} ${percent.toFixed(2)} %`;
    const rows = Object.entries({ [version]: all, critical, ...byCategory }).map(([name, tally]) => line(name, tally));
    process.stdout.write(`${[...rows, ...differences(report)].join('\n')}\n`);
    expect(report.allRun).toBe(true);
    expect(all.percent).toBeGreaterThanOrEqual(LEAST.all);
    expect(critical.percent).toBeGreaterThanOrEqual(LEAST.critical);
    expect(lowAreas(report)).toEqual([]);
  });
});
