import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GIB } from '#pve-sim/world/size';
import type { ProviderClient } from '#rpc/client';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type CreateParts, createRequest, nic, rootDisk } from '../support/requests.ts';
import { prepareSources, SOURCES } from '../support/sources.ts';
import { until } from '../support/until.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

// Where a VM is made: the request's Host and Nodes, PVE_NODE_SELECTOR, what its source and its networks need, free memory.

/** pve3 has the most memory, and no vmbr2. */
const MEMORY = { pve1: 64, pve2: 96, pve3: 128 };
const NODES = SOURCES.nodes.map((node) => ({
  ...node,
  memoryBytes: MEMORY[node.name as keyof typeof MEMORY] * GIB,
  bridges: node.name === 'pve3' ? node.bridges.filter(({ iface }) => iface !== 'vmbr2') : node.bridges,
}));
// One storage is not on every node.
const STORAGES = SOURCES.storages.map((each) => (each.id === 'thick' ? { ...each, nodes: ['pve1', 'pve2'] } : each));

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { cluster: { ...SOURCES, nodes: NODES, storages: STORAGES }, timeScale: 100 } });
  await prepareSources(flow);
});
afterAll(async () => {
  expect(strayVolumes(flow.sim)).toEqual([]);
  await flow.stop();
});

let count = 0;
async function nodeOf(parts: CreateParts, client: ProviderClient = flow.client): Promise<string | undefined> {
  const name = `placed-${++count}`;
  await client.create(createRequest({ name, ...parts }));
  const vms = await claimedVms(flow.world, name);
  expect(vms).toMatchObject([{ state: 'ready' }]);
  return vms[0]?.node;
}

async function refusalOf(
  parts: CreateParts,
  client: ProviderClient = flow.client,
): Promise<{ kind: string; message: string }> {
  const since = lastRequest(flow.sim);
  const outcome = client.create(createRequest({ name: `placed-${++count}`, ...parts })).then(
    () => ({ kind: 'ok', message: '' }),
    (error: { kind: string; message: string }) => error,
  );
  const { kind, message } = await outcome;
  expect(writesSince(flow.sim, since)).toEqual([]);
  return { kind, message };
}

async function withSelector<T>(
  nodes: string,
  mode: 'prefer' | 'require',
  work: (client: ProviderClient) => Promise<T>,
): Promise<T> {
  const { client, end } = await flow.another(0, { PVE_NODE_SELECTOR: nodes, PVE_NODE_SELECTOR_MODE: mode });
  const result = await work(client);
  await end();
  return result;
}

const BLANK: CreateParts = { image: { TemplateName: '', Blank: true, Storage: 'ceph' }, disks: [rootDisk(4)] };
const SHARED: CreateParts = { image: { TemplateName: 'shared-template' } };

describe('a VM without a template', () => {
  it('is made on the node with the most free memory that has its storage and its bridges', async () => {
    expect(await nodeOf(BLANK)).toBe('pve3');
    expect(await nodeOf({ ...BLANK, networks: [nic({ Name: 'mgmt' })] })).toBe('pve2');
    expect(await nodeOf({ ...BLANK, image: { TemplateName: '', Blank: true, Storage: 'thick' } })).toBe('pve2');
    expect(await nodeOf({ ...BLANK, placement: { Nodes: ['pve1', 'pve2'] } })).toBe('pve2');
    expect(await nodeOf({ ...BLANK, placement: { Host: 'pve1' } })).toBe('pve1');
    expect(await nodeOf({ ...BLANK, image: { TemplateName: '', Blank: true, Storage: 'ceph', Node: 'pve1' } })).toBe(
      'pve1',
    );
  });
});

describe('PVE_NODE_SELECTOR', () => {
  it('leads where it can, and is left where it is no more than a preference', async () => {
    await withSelector('pve1,pve2', 'prefer', async (client) => {
      expect(await nodeOf(BLANK, client)).toBe('pve2');
      expect(await nodeOf(SHARED, client)).toBe('pve2');
    });
    await withSelector('pve1', 'prefer', async (client) => {
      expect(await nodeOf(SHARED, client)).toBe('pve1');
      // A template on local storage keeps its copies.
      expect(await nodeOf({}, client)).toBe('pve2');
      expect(await nodeOf({ ...SHARED, placement: { Host: 'pve3' } }, client)).toBe('pve3');
    });
  });

  it('that has to be met refuses what it cannot be met with, node by node', async () => {
    await withSelector('pve1,pve3', 'require', async (client) => {
      expect(await nodeOf(SHARED, client)).toBe('pve3');
      expect(await refusalOf({}, client)).toMatchObject({
        kind: 'precondition',
        message: expect.stringMatching(
          /^PVE_NODE_SELECTOR: .*pve3: .*"local-lvm".*; pve1: .*"local-lvm", which pve2 and pve1/,
        ),
      });
      expect(await refusalOf({ ...SHARED, placement: { Host: 'pve2' } }, client)).toMatchObject({
        kind: 'invalid-spec',
        message: expect.stringMatching(/placement_json\.Host \(pve2\) and PVE_NODE_SELECTOR \(pve1, pve3\)/),
      });
      expect(
        await refusalOf({ ...BLANK, networks: [nic({ Name: 'mgmt' })], placement: { Host: 'pve3' } }, client),
      ).toMatchObject({
        kind: 'invalid-spec',
        message: expect.stringMatching(/node pve3 has no bridge "vmbr2"/),
      });
    });
  });
});

describe('two providers that want one VM on different nodes', () => {
  it.each<[string, CreateParts, RegExp]>([
    ['a new VM', BLANK, /\/qemu$/],
    ['a clone onto another node', SHARED, /\/clone$/],
  ])('make %s once, whoever comes first', async (_what, parts, making) => {
    const [one, other] = [
      await flow.another(0, { PVE_NODE_SELECTOR: 'pve1', PVE_NODE_SELECTOR_MODE: 'require' }),
      await flow.another(2, { PVE_NODE_SELECTOR: 'pve3', PVE_NODE_SELECTOR_MODE: 'require' }),
    ];
    const since = lastRequest(flow.sim);
    for (const delayMs of [300, 4_000]) {
      const name = `raced-${++count}`;
      // The second has looked while nothing was there, and its call arrives later: the VM may have moved by then.
      flow.sim.faults.add([{ method: 'POST', node: 'pve3', path: making.source, count: 1, action: { delayMs } }]);
      const ids = await Promise.all(
        [one, other].map(
          async ({ client }) =>
            await until(
              async () =>
                await client.create(createRequest({ name, ...parts })).then(
                  ({ id }) => id,
                  ({ kind, message }: { kind: string; message: string }) => {
                    expect(kind, message).toBe('busy');
                    return '';
                  },
                ),
              (id) => id !== '',
            ),
        ),
      );
      expect(ids[0]).toBe(ids[1]);
      expect(await claimedVms(flow.world, name)).toMatchObject([{ vmid: Number(ids[0]), state: 'ready' }]);
      flow.sim.faults.clear();
    }
    // They have met: PVE has refused one of them, at once or in its task.
    const refused = flow.sim.journal.after(since).filter(({ reason = '' }) => /already exists/.test(reason));
    const failed = Object.values(flow.sim.world.tasks).filter(({ exitstatus = '' }) => /File exists/.test(exitstatus));
    expect(refused.length + failed.length).toBeGreaterThan(0);
    await Promise.all([one.end(), other.end()]);
  });
});

describe('a node that is off', () => {
  it('takes no VM, and is named where only it may', async () => {
    await flow.sim.setNodeOnline('pve3', false);
    const host = { ...BLANK, placement: { Host: 'pve3' } };
    const { message } = await until(
      async () => await refusalOf({ ...host, class: { CPU: 1 } }),
      ({ kind }) => kind === 'precondition',
    );
    expect(message).toMatch(/node pve3 is offline|node pve3 is down/);
    expect(await nodeOf(BLANK)).toBe('pve2');
    await flow.sim.setNodeOnline('pve3', true);
  });
});
