// What a reader sees of a state that passes is chance, on a real host too: when in the status daemon's round a call comes, and
// when in a call a look. A recorded step counts that was met in one of several plays of its scenario; what is wrong is in none.
import { type Report, type Scenario, replay, type Step, type Tally } from './recordings.ts';

const COUNTED: readonly Step['verdict'][] = ['equal', 'different', 'not-playable'];

/** The report with the scenarios of these categories that differ played once more, one at a time. */
export async function playAgain(report: Report, version: string, categories: readonly string[]): Promise<Report> {
  let { scenarios } = report;
  for (const { name, topology } of scenarios.filter((one) => categories.includes(one.category) && isOdd(one))) {
    const again = await replay({ versions: [version], topologies: [topology], only: [name] }, 1);
    scenarios = scenarios.map((one) => mergeWith(one, again.scenarios));
  }
  return summarise(scenarios);
}

function isOdd({ steps, error }: Scenario): boolean {
  return error !== undefined || steps.some(({ verdict }) => verdict === 'different' || verdict === 'not-playable');
}

function mergeWith(one: Scenario, plays: readonly Scenario[]): Scenario {
  const again = plays.find(({ file }) => file === one.file);
  if (again === undefined) return one;
  if (one.error !== undefined) return again;
  const equal = new Set(again.steps.flatMap(({ id, verdict }) => (verdict === 'equal' ? [id] : [])));
  return { ...one, steps: one.steps.map((step) => (equal.has(step.id) ? { ...step, verdict: 'equal' } : step)) };
}

function summarise(scenarios: readonly Scenario[]): Report {
  const categories = [...new Set(scenarios.map(({ category }) => category))];
  const stepsOf = (some: readonly Scenario[]): Step[] => some.flatMap(({ steps }) => steps);
  const all = stepsOf(scenarios);
  return {
    scenarios,
    allRun: scenarios.every(({ error }) => error === undefined),
    totals: {
      all: tally(all),
      critical: tally(all.filter(({ critical }) => critical)),
      byCategory: Object.fromEntries(
        categories.map((name) => [name, tally(stepsOf(scenarios.filter(({ category }) => category === name)))]),
      ),
    },
  };
}

function tally(steps: readonly Step[]): Tally {
  const counted = steps.filter(({ verdict }) => COUNTED.includes(verdict));
  const equal = counted.filter(({ verdict }) => verdict === 'equal').length;
  return { equal, total: counted.length, percent: counted.length === 0 ? 100 : (100 * equal) / counted.length };
}
