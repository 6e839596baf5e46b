import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { PowerOp } from '#rpc/contract';
import { type ProviderFlow, startProviderFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { createMoments, type Moments } from '../support/moments.ts';
import { outcomeOf } from '../support/outcome.ts';
import { createRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { claimedVms, simWorld, strayVolumes } from '../support/world.ts';

// The endpoint in use goes away, comes back, loses its quorum, while the provider works. Simulator only.

let sim: Simulator;
let moments: Moments;
let provider: ProviderFlow;

async function start(timeScale: number): Promise<void> {
  moments = createMoments();
  sim = await startSimulator({ cluster: 'three-node', timeScale, port: 0, record: moments.record });
  provider = await startProvider([0, 1, 2]);
}

async function startProvider(nodes: readonly number[]): Promise<ProviderFlow> {
  return await startProviderFlow(sim, { PVE_ENDPOINT: nodes.map((index) => sim.nodes[index]?.url ?? '').join(',') });
}
afterEach(async () => {
  await provider.stop();
  await sim.stop();
});

const address = (index: number): string => new URL(sim.nodes[index]?.url ?? '').host;
const told = (words: RegExp): string[] => provider.log.filter((line) => words.test(line));
const MOVED = /WARN Another PVE endpoint is used/;
const RETURNED = /INFO The preferred PVE endpoint is used again/;

/** Corosync of these nodes, and nothing else, loses the rest. */
function isolate(...names: string[]): void {
  const nodes = Object.values(sim.world.nodes);
  const others = nodes.map(({ name }) => name).filter((name) => !names.includes(name));
  for (const node of nodes) node.members = names.includes(node.name) ? [node.name] : others;
}

async function inUse(): Promise<string> {
  const { consoleUrl } = await provider.client.describe({ id: '100' });
  return new URL(consoleUrl).host;
}

async function met(condition: () => boolean): Promise<void> {
  await until(
    async () => await Promise.resolve(condition()),
    (isMet) => isMet,
  );
}

async function usedAgain(index: number): Promise<void> {
  await until(inUse, (host) => host === address(index));
}

/** Like the manager, which repeats what it was told to repeat. */
async function repeated<T>(call: () => Promise<T>): Promise<T> {
  const { answer } = await until(
    async () => await outcomeOf(call()),
    ({ kind, message }) => {
      expect(['ok', 'busy'], message).toContain(kind);
      return kind === 'ok';
    },
  );
  return answer as T;
}

describe('the first endpoint of the list', () => {
  beforeEach(async () => await start(20));

  it('is used again when it has answered for a while, and until then asked for nothing but its cluster', async () => {
    expect(await inUse()).toBe(address(0));
    await sim.setDaemon('pve1', 'api', 'stopped');
    await repeated(async () => await provider.client.power({ id: '100', op: PowerOp.ON }));
    expect(await inUse()).toBe(address(1));
    const since = lastRequest(sim);
    const backAt = sim.clock.now();
    await sim.setDaemon('pve1', 'api', 'running');
    await usedAgain(0);
    expect(sim.clock.now() - backAt).toBeGreaterThan(10_000);
    await provider.client.power({ id: '100', op: PowerOp.OFF });
    const first = sim.journal.after(since).filter(({ node }) => node === 'pve1');
    const used = first.findIndex(({ path }) => path !== '/cluster/status');
    expect(used).toBeGreaterThanOrEqual(2);
    expect(used).toBeLessThanOrEqual(6);
    expect(sim.world.guests[100]?.run).toBeUndefined();
    expect(told(RETURNED)).toEqual([expect.stringContaining(`from=${address(1)} to=${address(0)}`)]);
    expect(told(/WARN A? ?PVE|ERROR/)).toEqual([]);
    // From then on nobody is asked but the one in use.
    const later = lastRequest(sim);
    const quietUntil = sim.clock.now() + 15_000;
    await until(inUse, () => sim.clock.now() > quietUntil);
    expect(new Set(sim.journal.after(later).map(({ node }) => node))).toEqual(new Set(['pve1']));
  });

  it('is left when it hangs, and gone back to when it goes on', async () => {
    expect(await inUse()).toBe(address(0));
    await sim.setDaemon('pve1', 'api', 'frozen');
    const stuck = outcomeOf(provider.client.power({ id: '100', op: PowerOp.ON }));
    await repeated(async () => await provider.client.power({ id: '9001', op: PowerOp.OFF }));
    expect(told(MOVED)).toHaveLength(1);
    await stuck;
    await sim.setDaemon('pve1', 'api', 'running');
    await usedAgain(0);
  });

  it('is left for one that has quorum as soon as that is noticed, and gone back to when it has it again', async () => {
    const { id } = await repeated(async () => await provider.client.create(createRequest({ name: 'cut-off' })));
    isolate('pve1');
    const since = lastRequest(sim);
    const refused = await outcomeOf(provider.client.delete({ id }));
    expect(refused).toMatchObject({ kind: 'busy', message: expect.stringContaining('no quorum') as string });
    await repeated(async () => await provider.client.delete({ id }));
    expect(await inUse()).toBe(address(1));
    expect(told(MOVED)).toEqual([expect.stringContaining(`error="${address(0)} has no quorum"`)]);
    expect(sim.world.guests[Number(id)]).toBeUndefined();
    expect(sim.journal.after(since).filter(({ node, method }) => node === 'pve1' && method !== 'GET')).toEqual([]);
    isolate();
    await usedAgain(0);
  });

  it('is not left for one that has no quorum either', async () => {
    const { id } = await repeated(async () => await provider.client.create(createRequest({ name: 'nobody' })));
    isolate('pve1', 'pve2', 'pve3');
    const quietUntil = sim.clock.now() + 30_000;
    await until(
      async () => await outcomeOf(provider.client.delete({ id })),
      ({ kind }) => {
        expect(kind).toBe('busy');
        return sim.clock.now() > quietUntil;
      },
    );
    expect(await inUse()).toBe(address(0));
    expect(told(MOVED)).toEqual([]);
    isolate();
    await repeated(async () => await provider.client.delete({ id }));
    expect(strayVolumes(sim)).toEqual([]);
  });

  it('is not left by a delete, at whatever moment it goes away, for one that would free the disks alone', async () => {
    let last: string | undefined;
    for (let nth = 1; last !== 'ok'; nth++) {
      // A new one each time, since it would go back to its first endpoint later and later.
      await provider.stop();
      provider = await startProvider([0, 2, 1]);
      const name = `deleted-${nth}`;
      const { id } = await repeated(async () => await provider.client.create(createRequest({ name })));
      isolate('pve3');
      const since = lastRequest(sim);
      const hasGone = moments.atCall(nth, () => void sim.setDaemon('pve1', 'api', 'stopped'));
      const outcome = await outcomeOf(provider.client.delete({ id }));
      moments.clear();
      if (!hasGone()) last = outcome.kind;
      const elsewhere = sim.journal.after(since).filter(({ node, method }) => node === 'pve3' && method === 'DELETE');
      expect(elsewhere, `${nth}: ${outcome.message}`).toEqual([]);
      await sim.setDaemon('pve1', 'api', 'running');
      isolate();
      await repeated(async () => await provider.client.delete({ id }));
      expect(sim.world.guests[Number(id)]).toBeUndefined();
    }
    expect(strayVolumes(sim)).toEqual([]);
  });
});

const FIFTY = 50;
const WORKERS = 10;
const nameOf = (index: number): string => `vm-${String(index).padStart(2, '0')}`;

/** What happens to the endpoint in use, as the third such call is answered, and what ends it. */
const OUTAGES = [
  {
    what: 'stops',
    path: /\/clone$/,
    begin: async () => await sim.setDaemon('pve1', 'api', 'stopped'),
    end: async () => await sim.setDaemon('pve1', 'api', 'running'),
  },
  {
    what: 'freezes',
    path: /\/upload$/,
    begin: async () => await sim.setDaemon('pve1', 'api', 'frozen'),
    end: async () => await sim.setDaemon('pve1', 'api', 'running'),
  },
  {
    what: 'loses its power',
    path: /\/config$/,
    begin: async () => await sim.setNodeOnline('pve1', false),
    end: async () => await sim.setNodeOnline('pve1', true),
  },
  {
    what: 'freezes',
    path: /\/clone$/,
    begin: async () => await sim.setDaemon('pve1', 'api', 'frozen'),
    end: async () => await sim.setDaemon('pve1', 'api', 'running'),
  },
];

describe(`while ${FIFTY} VMs and more are made, the endpoint in use`, () => {
  beforeEach(async () => await start(40));

  it('stops, freezes and loses its power, comes back and is used again each time: each VM is made once', async () => {
    const answers = new Map<string, string>();
    const since = lastRequest(sim);
    let begun = 0;
    let outages = 0;
    // However fast the machine: there are VMs in the making at each outage.
    const work = async (): Promise<void> => {
      while (begun < FIFTY || outages < OUTAGES.length) {
        const name = nameOf(begun++);
        const userData = '#cloud-config\npackages: [jq]\n';
        const request = createRequest({ name, networks: [{ Name: 'lan' }], userData });
        const { id } = await repeated(async () => await provider.client.create(request));
        answers.set(name, id);
      }
    };
    const all = Promise.all(Array.from({ length: WORKERS }, work));
    for (const { path, begin, end } of OUTAGES) {
      const done = answers.size;
      const hasCome = moments.at({ method: 'POST', path, skip: 2 }, () => void begin());
      await met(hasCome);
      await met(() => told(MOVED).length > outages && answers.size >= done + 4);
      await end();
      await usedAgain(0);
      outages++;
    }
    await all;
    const vms = await claimedVms(simWorld(sim));
    const made = vms.map((vm) => [vm.config['name'], `${vm.vmid} ${vm.state} ${vm.lock ?? 'unlocked'}`] as const);
    expect(vms).toHaveLength(begun);
    expect(new Map(made)).toEqual(new Map([...answers].map(([name, id]) => [name, `${id} ready unlocked`])));
    expect(strayVolumes(sim)).toEqual([]);
    expect(told(RETURNED)).toHaveLength(OUTAGES.length);
    const clones = writesSince(sim, since).filter((write) => write.endsWith('/clone')).length;
    console.log(`failover: ${begun} VMs, ${OUTAGES.length} outages, ${clones} copies asked for`);
  });
});
