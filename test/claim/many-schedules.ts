import type { Rules } from './model/create-run.ts';
import { type Outcome, runSchedule } from './model/schedule.ts';

/** What many schedules of the model have shown together. */
export interface Figures {
  readonly schedules: number;
  readonly steps: number;
  /** Of all schedules: how often something happened. */
  readonly counts: ReadonlyMap<string, number>;
  /** The schedules that broke the protocol, the shortest first. */
  readonly violations: readonly Broken[];
  /** Those in which a delete that was long on its way met another VM. */
  readonly lateDeletes: readonly Broken[];
}

export interface Broken {
  readonly seed: number;
  readonly steps: number;
  readonly what: string;
}

/** Runs the schedules of `seeds` one after the other. */
export function runSchedules(seeds: { readonly first: number; readonly count: number }, rules: Rules): Figures {
  const counts = new Map<string, number>();
  const violations: Broken[] = [];
  const lateDeletes: Broken[] = [];
  let steps = 0;
  for (let seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
    const outcome = runSchedule(seed, rules);
    steps += outcome.steps;
    for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count);
    note(violations, seed, outcome, outcome.violation);
    note(lateDeletes, seed, outcome, outcome.lateDelete);
  }
  return { schedules: seeds.count, steps, counts, violations: sorted(violations), lateDeletes: sorted(lateDeletes) };
}

function note(list: Broken[], seed: number, { steps }: Outcome, what: string | undefined): void {
  if (what !== undefined) list.push({ seed, steps, what });
}

function sorted(list: readonly Broken[]): Broken[] {
  return list.toSorted((a, b) => a.steps - b.steps);
}

/** Everything that happened in the shortest schedule of a list, one event a line; '' where there is none. */
export function traceOf([shortest]: readonly Broken[], rules: Rules): string {
  if (shortest === undefined) return '';
  return [`seed ${shortest.seed}: ${shortest.what}`, ...runSchedule(shortest.seed, rules, { trace: true }).trace].join(
    '\n',
  );
}

export function describeFigures({ schedules, steps, counts, violations, lateDeletes }: Figures): string {
  const happened = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([what, count]) => `${what} ${count}`);
  const broken = `${violations.length} broken, ${lateDeletes.length} late deletes`;
  return `protocol model: ${schedules} schedules, ${steps} steps, ${broken}; ${happened.join(', ')}`;
}
