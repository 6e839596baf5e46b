import { expect, it } from 'vitest';
import { startFlow } from '../support/flow.ts';
import { CREATE_KINDS, flawAt, mortal, settingsFor, VICTIM_NODE } from '../support/kill-matrix.ts';
import { startProviderProcess } from '../support/processes.ts';

// The kill matrix with real processes: each victim gets SIGKILL at its call.

it.each(CREATE_KINDS)('a process that is killed at any call of a create with $title leaves one VM', async (kind) => {
  const flow = await startFlow({ simulator: { timeScale: 100, tls: true } });
  const settings = settingsFor(kind);
  const successor = mortal(await startProviderProcess(flow.sim, 1, settings));
  let points = 0;
  const flaws: string[] = [];
  for (let call = 0, isOver = false; !isOver; call++) {
    for (const moment of ['before', 'after'] as const) {
      const victim = mortal(await startProviderProcess(flow.sim, VICTIM_NODE.index, settings));
      const flaw = await flawAt(flow, kind, { call, moment }, { victim, successor: successor.client });
      if (flaw === undefined) isOver = true;
      else points += 1;
      if (flaw !== undefined && flaw !== '') flaws.push(flaw);
    }
  }
  console.log(`kill matrix, processes: ${kind.title}: ${points} points, ${flaws.length} flaws`);
  await successor.die();
  await flow.stop();
  expect(flaws).toEqual([]);
  expect(points).toBeGreaterThan(20);
});
