import { describe, expect, it } from 'vitest';
import { sweep } from '../support/cut-off.ts';
import { startFlow } from '../support/flow.ts';
import { startClusterService } from '../support/go-manager/cluster-service.ts';
import { dieAt, type Wish } from '../support/go-manager/deaths.ts';
import { wishForClone, wishForMore, wishForNoSnapshot, wishForSnapshot } from '../support/go-manager/wishes.ts';
import type { Flow } from '../support/flow.ts';

// The model of VirtRigaud's manager on the second day of a VM: changes, snapshots, clones and images.

interface Kind {
  readonly tasks: readonly string[];
  readonly prepare: (flow: Flow) => Promise<Wish>;
  readonly settings?: Readonly<Record<string, string>>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  'a Reconfigure': { tasks: ['qmconfig', 'resize'], prepare: wishForMore },
  'a SnapshotCreate': { tasks: ['qmsnapshot'], prepare: wishForSnapshot },
  'a SnapshotDelete': { tasks: ['qmdelsnapshot'], prepare: wishForNoSnapshot },
  'a Clone': { tasks: ['qmclone', 'qmconfig', 'resize', 'qmstart'], prepare: wishForClone },
  'a Clone by a task': {
    tasks: ['qmclone', 'qmconfig', 'resize', 'qmstart'],
    prepare: wishForClone,
    settings: { PVE_TASK_TIMEOUT: '1s' },
  },
};

describe.concurrent('a provider that dies at any request to PVE', () => {
  it.for(Object.entries(KINDS))('in the middle of %s is followed by one that ends it, once', async ([title, kind]) => {
    const { settings = {} } = kind;
    const flow = await startFlow({ simulator: { timeScale: 100, latency: false }, settings, node: 1 });
    const service = await startClusterService();
    let givenUp = 0;
    const { points, flaws } = await sweep(kind.tasks, async (point) => {
      const death = await dieAt(flow, service, await kind.prepare(flow), point, settings);
      if (death.hasGivenUp) givenUp += 1;
      return death;
    });
    console.log(`${title}: ${points} points, given up by the manager at ${givenUp}, ${flaws.length} flaws`);
    await service.close();
    await flow.stop();
    expect(flaws).toEqual([]);
    expect(points).toBeGreaterThan(10);
  });
});
