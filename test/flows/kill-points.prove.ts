import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Flow, startFlow } from '../support/flow.ts';
import {
  CREATE_KINDS,
  flawAt,
  type Mortal,
  mortal,
  runMatrix,
  settingsFor,
  tasksOf,
  VICTIM_NODE,
} from '../support/kill-matrix.ts';
import { type ProviderProcess, startProviderProcess } from '../support/processes.ts';
import { seeded } from '../support/random.ts';

// A provider that dies at any call of a create, and another one that is asked again: one finished VM, and nothing else.

const TIME_SCALE = 200;

describe('a create whose provider is cut off', () => {
  it.concurrent.each(CREATE_KINDS)(
    'at any call and in any task, with $title, ends with one finished VM and nothing else',
    async (kind) => {
      const flow = await startFlow({ simulator: { timeScale: TIME_SCALE }, settings: settingsFor(kind), node: 1 });
      const startVictim = async (): Promise<Mortal> => {
        const { client, end } = await flow.another(VICTIM_NODE.index);
        return { client, die: end };
      };
      const { points, flaws } = await runMatrix(flow, kind, startVictim, flow.client);
      console.log(`kill matrix: ${kind.title}: ${points} points, ${flaws.length} flaws`);
      await flow.stop();
      expect(flaws).toEqual([]);
      expect(points).toBeGreaterThan(20);
    },
  );
});

const SIGKILLS = 25;
/** A create makes about so many, polls left out. */
const CALLS = 16;

describe('a create whose provider process is killed', () => {
  let flow: Flow;
  const successors = new Map<string, ProviderProcess>();
  beforeAll(async () => {
    flow = await startFlow({ simulator: { timeScale: TIME_SCALE, tls: true } });
    for (const kind of CREATE_KINDS) {
      if (successors.has(kind.answer)) continue;
      successors.set(kind.answer, await startProviderProcess(flow.sim, 1, settingsFor(kind)));
    }
  });
  afterAll(async () => {
    await Promise.all([...successors.values()].map(async (one) => await one.kill('SIGTERM')));
    await flow.stop();
  });

  it(`${SIGKILLS} times at seeded calls ends with one finished VM and nothing else`, async () => {
    const random = seeded(5);
    const flaws: string[] = [];
    let reached = 0;
    for (let round = 0; round < SIGKILLS; round++) {
      const kind = CREATE_KINDS[round % CREATE_KINDS.length];
      const successor = kind === undefined ? undefined : successors.get(kind.answer);
      if (kind === undefined || successor === undefined) throw new Error('there is no such kind');
      const process = await startProviderProcess(flow.sim, VICTIM_NODE.index, settingsFor(kind));
      const tasks = tasksOf(kind);
      const at = round % 5 === 0 ? (tasks[Math.floor(random() * tasks.length)] ?? '') : Math.floor(random() * CALLS);
      const point = { at, moment: random() < 0.5 ? 'before' : 'after' } as const;
      const flaw = await flawAt(flow, kind, point, { victim: mortal(process), successor: successor.client });
      if (flaw !== undefined) reached += 1;
      if (flaw !== undefined && flaw !== '') flaws.push(flaw);
    }
    console.log(`kill matrix: ${SIGKILLS} processes killed, ${reached} of them before their create was finished`);
    expect(flaws).toEqual([]);
    expect(reached).toBeGreaterThan(SIGKILLS / 2);
  });
});
