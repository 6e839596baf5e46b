import { expect, it } from 'vitest';
import { startFlow } from '../support/flow.ts';
import { CREATE_KINDS, type Mortal, mortal, runMatrix, settingsFor, VICTIM_NODE } from '../support/kill-matrix.ts';
import { startProviderProcess } from '../support/processes.ts';

// The kill matrix with real processes: each victim gets SIGKILL at its call.

it.each(CREATE_KINDS)(
  'a process that is killed at any call and in any task of a create with $title leaves one VM',
  async (kind) => {
    const flow = await startFlow({ simulator: { timeScale: 100, tls: true } });
    const settings = settingsFor(kind);
    const successor = mortal(await startProviderProcess(flow.sim, 1, settings));
    const startVictim = async (): Promise<Mortal> =>
      mortal(await startProviderProcess(flow.sim, VICTIM_NODE.index, settings));
    const { points, flaws } = await runMatrix(flow, kind, startVictim, successor.client);
    console.log(`kill matrix, processes: ${kind.title}: ${points} points, ${flaws.length} flaws`);
    await successor.die();
    await flow.stop();
    expect(flaws).toEqual([]);
    expect(points).toBeGreaterThan(20);
  },
);
