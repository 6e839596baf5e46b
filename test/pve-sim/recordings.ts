// The recordings of the real API and the tool that replays them, where they are.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as adapter from './replay-adapter.ts';

export interface Tally {
  readonly equal: number;
  readonly total: number;
  readonly percent: number;
}

interface Step {
  readonly id: string;
  readonly call: string;
  readonly critical: boolean;
  readonly verdict: 'equal' | 'different' | 'not-playable' | 'left-out' | 'done';
  readonly difference?: { readonly path: string; readonly expected: unknown; readonly got: unknown };
  readonly reason?: string;
}

interface Scenario {
  readonly file: string;
  readonly error?: string;
  readonly steps: readonly Step[];
}

export interface Report {
  readonly scenarios: readonly Scenario[];
  readonly allRun: boolean;
  readonly totals: {
    readonly all: Tally;
    readonly critical: Tally;
    readonly byCategory: Readonly<Record<string, Tally>>;
  };
}

export interface Filter {
  readonly versions: readonly string[];
  readonly only?: readonly string[];
  readonly topologies?: readonly string[];
}

interface Tool {
  replay(options: { adapter: unknown; filter: Filter; jobs: number }): Promise<Report>;
}

export const VERSIONS = ['8.4.21', '9.1.9'] as const;

const facts = resolve(process.env['FACTS_DIR'] ?? '../shared');
const file = join(facts, 'tools/replay-traces.mjs');
/** Absent only where nobody says that they should be here. */
const missing = !existsSync(file) && process.env['FACTS_DIR'] === undefined;
export const recordings = { missing, note: missing ? ' (skipped: the recordings are not here)' : '' };

export async function replay(filter: Filter, jobs: number): Promise<Report> {
  const tool = (await import(pathToFileURL(file).href)) as Tool;
  return await tool.replay({ adapter, filter, jobs });
}

/** One line per step that is not as recorded, for a failing test's message. */
export function differences({ scenarios }: Report, wanted: (step: Step) => boolean = () => true): string[] {
  return scenarios.flatMap((scenario) => [
    ...(scenario.error === undefined ? [] : [`${scenario.file}: ${scenario.error}`]),
    ...scenario.steps
      .filter((step) => (step.verdict === 'different' || step.verdict === 'not-playable') && wanted(step))
      .map((step) => `${scenario.file} ${step.id} ${step.call}: ${explain(step)}`),
  ]);
}

function explain({ difference, reason }: Step): string {
  if (difference === undefined) return reason ?? '';
  const short = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 120);
  return `${difference.path}: expected ${short(difference.expected)}, got ${short(difference.got)}`;
}
