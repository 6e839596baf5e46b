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
  readonly versions?: readonly string[];
  readonly only?: readonly string[];
  readonly topologies?: readonly string[];
}

interface Recording {
  /** `8.4.21/one-node/63-visible-during-clone.json` */
  readonly file: string;
  readonly name: string;
}

interface Tool {
  readonly loadRecordings: (folder: string, filter: Filter) => Promise<readonly Recording[]>;
  readonly replay: (options: { adapter: unknown; traces: readonly Recording[]; jobs: number }) => Promise<Report>;
}

interface Reporter {
  readonly summarise: (scenarios: readonly Scenario[]) => Report;
}

/** They wait, and would be waited for at the end: they begin first. Seconds at the replay's pace: 45, 20, 15, 10, 10. */
const LONGEST = ['23-http-connections', '90-lag', '08-node-off', '11-lag-two-nodes', '10-network-split'];

export const VERSIONS = ['8.4.21', '9.1.9'] as const;

const facts = resolve(process.env['FACTS_DIR'] ?? '../shared');
const file = join(facts, 'tools/replay-traces.mjs');
/** Absent only where nobody says that they should be here. */
const missing = !existsSync(file) && process.env['FACTS_DIR'] === undefined;
export const recordings = { missing, note: missing ? ' (skipped: the recordings are not here)' : '' };

export async function replay(filter: Filter, jobs: number): Promise<Report> {
  return await play(await load(filter), jobs);
}

/**
 * Plays the scenarios with a difference once more, a few at a time. What was as recorded in either play counts: some recorded
 * moments come by chance, others each time, and on a busy machine a state that passes may be gone before it is looked at.
 */
export async function replayMissed({ scenarios }: Report): Promise<Report> {
  const missed = new Set(scenarios.filter((scenario) => misses(scenario) > 0).map((scenario) => scenario.file));
  const again = (await load({})).filter((recording) => missed.has(recording.file));
  const second = new Map((await play(again, 2)).scenarios.map((scenario) => [scenario.file, scenario]));
  const { summarise } = (await import(pathToFileURL(join(facts, 'tools/replay/report.mjs')).href)) as Reporter;
  return summarise(scenarios.map((scenario) => together(scenario, second.get(scenario.file))));
}

async function load(filter: Filter): Promise<readonly Recording[]> {
  const { loadRecordings } = await tool();
  const found = await loadRecordings(join(facts, 'data/pve-traces'), filter);
  const rank = ({ name }: Recording): number => (LONGEST.includes(name) ? LONGEST.indexOf(name) : LONGEST.length);
  return found.toSorted((one, other) => rank(one) - rank(other));
}

async function play(traces: readonly Recording[], jobs: number): Promise<Report> {
  const { replay: run } = await tool();
  return await run({ adapter, traces, jobs });
}

async function tool(): Promise<Tool> {
  return (await import(pathToFileURL(file).href)) as Tool;
}

/** Plays of one scenario have the same steps; one that broke off says nothing. */
function together(one: Scenario, other: Scenario = one): Scenario {
  if (other.error !== undefined) return one;
  if (one.error !== undefined) return other;
  return { ...one, steps: one.steps.map((step, at) => (isMissed(step) ? (other.steps[at] ?? step) : step)) };
}

function misses({ error, steps }: Scenario): number {
  return (error === undefined ? 0 : 1) + steps.filter(isMissed).length;
}

const isMissed = ({ verdict }: Step): boolean => verdict === 'different' || verdict === 'not-playable';

/** One line per step that is not as recorded, for a failing test's message. */
export function differences({ scenarios }: Report, wanted: (step: Step) => boolean = () => true): string[] {
  return scenarios.flatMap((scenario) => [
    ...(scenario.error === undefined ? [] : [`${scenario.file}: ${scenario.error}`]),
    ...scenario.steps
      .filter((step) => isMissed(step) && wanted(step))
      .map((step) => `${scenario.file} ${step.id} ${step.call}: ${explain(step)}`),
  ]);
}

function explain({ difference, reason }: Step): string {
  if (difference === undefined) return reason ?? '';
  const short = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 120);
  return `${difference.path}: expected ${short(difference.expected)}, got ${short(difference.got)}`;
}
