import { expect, it } from 'vitest';
import { startFlow } from '../support/flow.ts';
import { type Mortal, runMatrix, settingsFor, SOURCE_KINDS, VICTIM_NODE } from '../support/kill-matrix.ts';
import { prepareSources, SOURCES, UEFI_TEMPLATE } from '../support/sources.ts';

// The kill matrix for everything a VM can be made from besides a template in full, in process.

it.concurrent.each(SOURCE_KINDS)(
  'a provider that is cut off at any call and in any task of a create from $title leaves one VM',
  async (kind) => {
    const simulator = { timeScale: 150, cluster: { ...SOURCES, guests: [...SOURCES.guests, UEFI_TEMPLATE] } };
    const flow = await startFlow({ simulator, settings: settingsFor(kind), node: 1 });
    await prepareSources(flow);
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
