import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { createClock } from '#runtime/clock';
import { type ProviderProcess, startProviderProcess } from '../support/processes.ts';
import { seeded } from '../support/random.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { claimedVms, simWorld, type WorldReader } from '../support/world.ts';

// The same create by two provider processes on two endpoints of one cluster, as two replicas or a lost answer make it.

const TIME_SCALE = 10;
const OFFSETS = 20;
/** Real ms. A create takes about half a second here. */
const LONGEST_OFFSET_MS = 600;

let sim: Simulator;
let world: WorldReader;
beforeAll(async () => {
  sim = await startSimulator({ cluster: 'three-node', timeScale: TIME_SCALE, port: 0 });
  world = simWorld(sim);
});
afterAll(async () => await sim.stop());

const realTime = createClock();
const request = (name: string) =>
  createRequest({ name, networks: [nic()], disks: [rootDisk(20)], userData: '#cloud-config\npackages: [nginx]\n' });

/** A create may be told to try again; like the manager, its caller does. */
async function createUntilDone(provider: ProviderProcess, name: string): Promise<string> {
  const { id } = await until(
    async () =>
      await provider.client.create(request(name)).catch((error: { kind?: string }) => {
        if (error.kind !== 'busy') throw error;
        return { id: '' };
      }),
    (answer) => answer.id !== '',
  );
  return id;
}

/** One finished VM of this name with the disk and the ISO it should have, and nothing else that was made for it. */
async function expectOneVm(name: string, id: string): Promise<void> {
  const vms = await claimedVms(world, name);
  expect(vms.map((vm) => [String(vm.vmid), vm.state, vm.lock])).toEqual([[id, 'ready', undefined]]);
  const volumes = (await world.volumes()).filter((volume) => volume.includes(`-${id}-`));
  expect(volumes.map((volume) => volume.replace(/-[a-z2-7]{12}-[0-9a-f]{12}/, ''))).toEqual([
    `pve2/local-lvm:vm-${id}-disk-0`,
    `shared:iso/vrtg-${id}.iso`,
  ]);
}

describe('two provider processes on two endpoints', () => {
  let providers: ProviderProcess[];
  beforeAll(async () => {
    providers = await Promise.all([startProviderProcess(sim, 0), startProviderProcess(sim, 2)]);
  });
  afterAll(async () => void (await Promise.all(providers.map(async (one) => await one.kill('SIGTERM')))));

  const random = seeded(7);
  const offsets = Array.from({ length: OFFSETS }, () => Math.round(random() * LONGEST_OFFSET_MS));

  it.each(offsets.map((offsetMs, index) => [offsetMs, `twice-${index}`] as const))(
    'make one VM of the same create %i ms apart (%s)',
    async (offsetMs, name) => {
      const [first, second] = providers;
      if (first === undefined || second === undefined) throw new Error('there are not two providers');
      const one = createUntilDone(first, name);
      await realTime.sleep(offsetMs);
      const ids = await Promise.all([one, createUntilDone(second, name)]);
      expect(ids[0]).toBe(ids[1]);
      await expectOneVm(name, ids[0]);
    },
  );
});

describe('two provider processes that are killed in the middle', () => {
  const random = seeded(11);
  const leftBehind: string[] = [];
  const moments = Array.from({ length: OFFSETS }, () => ({
    offsetMs: Math.round((random() * LONGEST_OFFSET_MS) / 3),
    killMs: Math.round(random() * LONGEST_OFFSET_MS),
  }));

  it.each(moments.map((moment, index) => ({ ...moment, name: `killed-${index}` })))(
    'leave one VM when they are started again ($offsetMs ms apart, killed after $killMs ms, $name)',
    async ({ offsetMs, killMs, name }) => {
      const dying = await Promise.all([startProviderProcess(sim, 0), startProviderProcess(sim, 2)]);
      const lost = dying.map(async (provider, index) => {
        await realTime.sleep(index * offsetMs);
        await provider.client.create(request(name)).catch((error: unknown) => error);
      });
      await realTime.sleep(killMs);
      await Promise.all(dying.map(async (provider) => await provider.kill('SIGKILL')));
      await Promise.all(lost);
      leftBehind.push((await claimedVms(world, name))[0]?.state ?? 'nothing');

      const next = await Promise.all([startProviderProcess(sim, 0), startProviderProcess(sim, 2)]);
      const ids = await Promise.all(next.map(async (provider) => await createUntilDone(provider, name)));
      expect(ids[0]).toBe(ids[1]);
      await expectOneVm(name, ids[0] ?? '');
      await Promise.all(next.map(async (provider) => await provider.kill('SIGTERM')));
    },
  );

  it('were killed in the middle in some of these rounds', () => {
    expect(leftBehind.filter((state) => state !== 'nothing' && state !== 'ready')).not.toHaveLength(0);
  });
});
