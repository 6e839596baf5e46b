import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { emptyQcow2 } from '#pve-sim/web/qcow2';
import { addWebServer } from '#pve-sim/web/web-server';
import type { ProviderClient } from '#rpc/client';
import { type CutOff, cutOff, sweep } from '../support/cut-off.ts';
import { type Flow, startFlow } from '../support/flow.ts';
import { startClusterService } from '../support/go-manager/cluster-service.ts';
import { dieAt, type Wish } from '../support/go-manager/deaths.ts';
import { wishForImage } from '../support/go-manager/wish-for-image.ts';
import {
  runningVm,
  wishForClone,
  wishForMore,
  wishForNoSnapshot,
  wishForSnapshot,
} from '../support/go-manager/wishes.ts';
import type { KillPoint } from '../support/kill-matrix.ts';
import { outcomeOf } from '../support/outcome.ts';
import { guestOf } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { addImages } from '../support/web-images.ts';

// A provider that dies at any of its requests to PVE, and its successor: under the model of VirtRigaud's manager, and for
// what that manager asks for with care or never at all.

const START = { simulator: { timeScale: 100, latency: false }, node: 1 } as const;

interface Kind {
  readonly tasks: readonly string[];
  readonly prepare: (flow: Flow) => Promise<Wish> | Wish;
  readonly settings?: Readonly<Record<string, string>>;
  readonly calls?: 'writes';
}

const CLONE_TASKS = ['qmclone', 'qmconfig', 'resize', 'qmstart'];

const KINDS: Readonly<Record<string, Kind>> = {
  'a Reconfigure': { tasks: ['qmconfig', 'resize'], prepare: wishForMore, calls: 'writes' },
  'a SnapshotCreate': { tasks: ['qmsnapshot'], prepare: wishForSnapshot },
  'a SnapshotDelete': { tasks: ['qmdelsnapshot'], prepare: wishForNoSnapshot },
  'a Clone by a task': { tasks: CLONE_TASKS, prepare: wishForClone, settings: { PVE_TASK_TIMEOUT: '1s' } },
  'an ImagePrepare': { tasks: ['download', 'qmcreate'], prepare: wishForImage, calls: 'writes' },
  'a Clone': { tasks: CLONE_TASKS, prepare: wishForClone, calls: 'writes' },
};

describe('a provider that dies under the manager', () => {
  it.for(Object.entries(KINDS))('in the middle of %s is followed by one that ends it, once', async ([title, kind]) => {
    const { tasks, settings = {}, calls } = kind;
    const flow = await startFlow({ ...START, settings });
    addImages(flow.sim);
    const service = await startClusterService();
    let givenUp = 0;
    const at = async (point: KillPoint) => {
      const death = await dieAt(flow, service, await kind.prepare(flow), point, settings);
      if (death.hasGivenUp) givenUp += 1;
      return death;
    };
    const { points, flaws } = await sweep(tasks, at, calls);
    console.log(`${title}: ${points} points, given up by the manager at ${givenUp}, ${flaws.length} flaws`);
    await service.close();
    await flow.stop();
    expect(flaws).toEqual([]);
    expect(points).toBeGreaterThan(6);
  });
});

/** What is asked again and again until it is done. */
interface Call {
  readonly tasks: readonly string[];
  /** @returns the call, and what is wrong afterwards */
  readonly prepare: (flow: Flow) => Promise<{
    readonly run: (client: ProviderClient, options?: { signal: AbortSignal }) => Promise<unknown>;
    readonly flaw: () => string | undefined;
  }>;
}

const IMAGE = emptyQcow2(64 * 1024 ** 2);
const WEB = 'https://images.example';

const CALLS: Readonly<Record<string, Call>> = {
  'a HardwareUpgrade': {
    tasks: [],
    prepare: async (flow) => {
      const id = await runningVm(flow);
      guestOf(flow, id).config['machine'] = 'pc-q35-8.1,viommu=intel';
      return {
        run: async (client, options) => await client.hardwareUpgrade({ id, targetVersion: 0 }, options),
        flaw: () => {
          const { config, pending } = guestOf(flow, id);
          const isRight =
            config['machine'] === 'pc-q35-8.1,viommu=intel' &&
            /^pc-q35-(9|10)\.\d+(\+pve\d)?,viommu=intel$/.test(pending['machine'] ?? '') &&
            Object.keys(pending).length === 1;
          return isRight ? undefined : JSON.stringify({ config, pending });
        },
      };
    },
  },
  'an ImportDisk': {
    tasks: ['download'],
    prepare: async ({ sim }) => {
      const { world } = sim;
      const targetName = await Promise.resolve(`disk-${sim.journal.entries.length}`);
      addWebServer(world, WEB, { '/disk.qcow2': { size: IMAGE.length, what: 'qcow2' } });
      const order = {
        sourceUrl: `${WEB}/disk.qcow2`,
        targetName,
        format: 'qcow2',
        verifyChecksum: true,
        expectedChecksum: createHash('sha256').update(IMAGE).digest('hex'),
      };
      const images = (): string[] =>
        Object.values(world.volumes)
          .filter(({ content }) => content === 'import')
          .map(({ volid }) => volid);
      const before = images();
      return {
        run: async (client, options) => {
          const { task } = await client.importDisk(order, options);
          if (task !== undefined) throw Object.assign(new Error('it takes long'), { kind: 'busy' });
        },
        flaw: () => {
          const made = images().filter((volid) => !before.includes(volid));
          const isRight = made.length === 1 && made[0]?.includes(`vrtg-${targetName}-`) === true;
          return isRight ? undefined : made.join(', ');
        },
      };
    },
  },
};

describe('a provider that dies under whoever asks again', () => {
  it.for(Object.entries(CALLS))('in the middle of %s is followed by one that ends it, once', async ([title, call]) => {
    const flow = await startFlow(START);
    const at = async (point: KillPoint): Promise<CutOff & { readonly flaw: string }> => {
      const { run, flaw } = await call.prepare(flow);
      const was = await cutOff(flow, point, async (client, signal) => await run(client, { signal }));
      const { message } = await until(
        async () => await outcomeOf(run(flow.client)),
        ({ kind }) => kind !== 'busy',
      );
      return { ...was, flaw: message === '' ? (flaw() ?? '') : message };
    };
    const { points, flaws } = await sweep(call.tasks, at);
    console.log(`${title}: ${points} points, ${flaws.length} flaws`);
    await flow.stop();
    expect(flaws).toEqual([]);
    expect(points).toBeGreaterThan(3);
  });
});
