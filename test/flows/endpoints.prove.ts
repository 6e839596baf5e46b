import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { PowerOp } from '#rpc/contract';
import { type ProviderFlow, startProviderFlow } from '../support/flow.ts';
import { type Forwarder, startForwarder } from '../support/forwarder.ts';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { createRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { claimedVms, simWorld } from '../support/world.ts';

// Several ways to one cluster, and one way that leads to another cluster all of a sudden. Simulator only.

const TIME_SCALE = 20;
const WHO_ARE_YOU = 'GET /cluster/status';

const startCluster = async (cluster: Parameters<typeof startSimulator>[0] = {}): Promise<Simulator> =>
  await startSimulator({ cluster: 'three-node', timeScale: TIME_SCALE, port: 0, tls: false, ...cluster });
const urls = (sim: Simulator): string[] => sim.nodes.map((node) => node.url);
const address = (sim: Simulator, index: number): string => new URL(sim.nodes[index]?.url ?? '').host;

/** Like the manager, which repeats what it was told to repeat. */
async function repeated<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if ((error as { kind?: string }).kind !== 'busy') throw error;
    }
  }
}

async function seen(sim: Simulator, after: number, request: RegExp): Promise<void> {
  await until(
    async () => await Promise.resolve(requestsSince(sim, after)),
    (requests) => requests.some((one) => request.test(one)),
  );
}

describe('a provider with several endpoints', () => {
  let sim: Simulator;
  let provider: ProviderFlow;
  beforeEach(async () => {
    sim = await startCluster();
    provider = await startProviderFlow(sim, { PVE_ENDPOINT: urls(sim).join(', ') });
  });
  afterEach(async () => {
    await provider.stop();
    await sim.stop();
  });

  it('uses the first, and has asked the others no more than who they are', async () => {
    const { message } = await provider.client.validate({});
    expect(message).toContain(address(sim, 0));
    await provider.client.describe({ id: '100' });
    await seen(sim, 0, /cluster\/status/);
    const elsewhere = sim.journal.entries.filter(({ node }) => node !== 'pve1').map(({ path }) => path);
    expect(new Set(elsewhere)).toEqual(new Set(['/cluster/status']));
  });

  it('goes on at the next when the daemon of the first stops', async () => {
    await provider.client.describe({ id: '100' });
    await sim.setDaemon('pve1', 'api', 'stopped');
    await repeated(async () => await provider.client.power({ id: '100', op: PowerOp.ON }));
    const since = lastRequest(sim);
    await provider.client.power({ id: '100', op: PowerOp.OFF });
    const { consoleUrl } = await provider.client.describe({ id: '100' });
    expect(consoleUrl).toContain(address(sim, 1));
    expect(new Set(sim.journal.after(since).map(({ node }) => node))).toEqual(new Set(['pve2']));
    expect(provider.log.join('\n')).toMatch(/WARN Another PVE endpoint is used from=\S+ to=/);
  });

  it('goes on at the next when the first accepts and says nothing', async () => {
    await provider.client.describe({ id: '100' });
    await sim.setDaemon('pve1', 'api', 'frozen');
    await repeated(async () => await provider.client.power({ id: '100', op: PowerOp.ON }));
    expect(sim.world.guests[100]?.run).toBeDefined();
    await sim.setDaemon('pve1', 'api', 'running');
  });

  it.each([
    ['its copy was asked for', /POST .*\/clone$/],
    ['it is being finished', /(POST|PUT) .*\/config$/],
  ])('finishes a create whose endpoint goes away when %s', async (_when, moment) => {
    const create = repeated(async () => await provider.client.create(createRequest({ name: 'moved-on' })));
    await seen(sim, 0, moment);
    await sim.setNodeOnline('pve1', false);
    const { id } = await create;
    const vms = await claimedVms(simWorld(sim), 'moved-on');
    expect(vms.map((vm) => [String(vm.vmid), vm.state, vm.lock])).toEqual([[id, 'ready', undefined]]);
  });

  it('finishes a delete whose endpoint goes away while the VM stops', async () => {
    const { id } = await provider.client.create(createRequest({ name: 'leaving' }));
    await provider.client.power({ id, op: PowerOp.ON });
    const outcome = repeated(async () => await provider.client.delete({ id }));
    await seen(sim, 0, /\/status\/stop$/);
    await sim.setDaemon('pve1', 'api', 'stopped');
    await outcome;
    expect(sim.world.guests[Number(id)]).toBeUndefined();
    expect((await repeated(async () => await provider.client.describe({ id }))).exists).toBe(false);
  });

  it('says so when none answers, and goes on when one is back', async () => {
    for (const node of ['pve1', 'pve2', 'pve3']) await sim.setDaemon(node, 'api', 'stopped');
    await expect(provider.client.power({ id: '100', op: PowerOp.ON })).rejects.toMatchObject({ kind: 'busy' });
    expect(await provider.client.validate({})).toMatchObject({ ok: true });
    await sim.setDaemon('pve3', 'api', 'running');
    await repeated(async () => await provider.client.power({ id: '100', op: PowerOp.ON }));
    expect(sim.world.guests[100]?.run).toBeDefined();
  });
});

describe('an endpoint of another cluster in the list', () => {
  let ours: Simulator;
  let theirs: Simulator;
  beforeAll(async () => {
    ours = await startCluster();
    theirs = await startCluster({ cluster: { ...THREE_NODE, name: 'dr' } });
  });
  afterAll(async () => {
    await ours.stop();
    await theirs.stop();
  });

  it('is asked who it is, refused in the log, and never used', async () => {
    const [first = ''] = urls(ours);
    const provider = await startProviderFlow(ours, { PVE_ENDPOINT: `${first},${urls(theirs)[0] ?? ''}` });
    await provider.client.describe({ id: '100' });
    await ours.setDaemon('pve1', 'api', 'stopped');
    const refusal = {
      kind: 'busy',
      message: expect.stringMatching(/leads to cluster "dr" .* not to cluster "sim" .*ECONNREFUSED/),
    };
    await expect(provider.client.power({ id: '100', op: PowerOp.ON })).rejects.toMatchObject(refusal);
    await expect(provider.client.delete({ id: '100' })).rejects.toMatchObject(refusal);
    await expect(provider.client.create(createRequest({ name: 'nowhere' }))).rejects.toMatchObject(refusal);
    await ours.setDaemon('pve1', 'api', 'running');
    await repeated(async () => await provider.client.power({ id: '100', op: PowerOp.ON }));
    await provider.stop();
    expect(new Set(requestsSince(theirs, 0))).toEqual(new Set([WHO_ARE_YOU]));
    expect(provider.log.filter((line) => / ERROR A PVE/.test(line))).toEqual([
      expect.stringMatching(/it leads to another cluster endpoint=.* leads to cluster .*dr.* not to cluster .*sim/),
    ]);
  });

  it('is passed over for one of ours behind it', async () => {
    const list = [urls(ours)[0], urls(theirs)[1], urls(ours)[2]].join(',');
    const provider = await startProviderFlow(ours, { PVE_ENDPOINT: list });
    const since = lastRequest(theirs);
    await ours.setDaemon('pve1', 'api', 'stopped');
    await repeated(async () => await provider.client.power({ id: '100', op: PowerOp.OFF }));
    expect((await provider.client.describe({ id: '100' })).consoleUrl).toContain(address(ours, 2));
    await ours.setDaemon('pve1', 'api', 'running');
    await provider.stop();
    expect(new Set(requestsSince(theirs, since))).toEqual(new Set([WHO_ARE_YOU]));
  });
});

const RENAMED = {
  ...THREE_NODE,
  nodes: THREE_NODE.nodes.map((node) => ({ ...node, name: `x${node.name}` })),
  guests: THREE_NODE.guests.map((guest) => ({ ...guest, node: `x${guest.node}` })),
  containers: [],
};

describe.each([
  ['with nodes of the same names', { ...THREE_NODE, name: 'dr' }, ''],
  ['of the same name with other nodes', RENAMED, 'x'],
  ['with another name and other nodes', { ...RENAMED, name: 'dr' }, 'x'],
])('a URL that suddenly leads to a cluster %s', (_words, cluster, prefix) => {
  let ours: Simulator;
  let theirs: Simulator;
  let way: Forwarder;
  let provider: ProviderFlow;
  beforeAll(async () => {
    ours = await startCluster();
    theirs = await startCluster({ cluster });
    way = await startForwarder(urls(ours)[0] ?? '');
    provider = await startProviderFlow(ours, { PVE_ENDPOINT: way.url });
  });
  afterEach(() => {
    way.leadTo(urls(ours)[0] ?? '');
    // Whatever was asked of them: they were never told to do anything, nor asked about a VM.
    expect(new Set(requestsSince(theirs, 0))).toEqual(new Set([WHO_ARE_YOU]));
  });
  afterAll(async () => {
    await provider.stop();
    await way.stop();
    await ours.stop();
    await theirs.stop();
  });

  const elsewhere = {
    kind: 'busy',
    message: expect.stringMatching(/leads to cluster "(sim|dr)" .* not to cluster "sim" .*PVE_ENDPOINT/),
  };

  /** A running VM here; there a stopped one at the same id, with a copy of its claim or without. */
  async function twins(name: string, claim: 'copied' | 'none'): Promise<string> {
    const { id } = await repeated(async () => await provider.client.create(createRequest({ name })));
    await provider.client.power({ id, op: PowerOp.ON });
    const guest = ours.world.guests[Number(id)];
    if (guest === undefined) throw new Error(`there is no guest ${id}`);
    const { description, ...config } = guest.config;
    theirs.world.guests[Number(id)] = {
      ...structuredClone({ ...guest, run: undefined }),
      node: `${prefix}${guest.node}`,
      config: claim === 'copied' && description !== undefined ? { ...config, description } : config,
    };
    return id;
  }

  it.each(['copied', 'none'] as const)(
    'tells and does nothing of a VM there at the same id, claim %s',
    async (claim) => {
      const id = await twins(`twin-${claim}`, claim);
      const told = await provider.client.describe({ id });
      expect(told.powerState).toBe('On');
      const there = structuredClone(theirs.world.guests);
      const since = lastRequest(ours);
      way.leadTo(urls(theirs)[0] ?? '');
      await expect(provider.client.power({ id, op: PowerOp.REBOOT })).rejects.toMatchObject(elsewhere);
      await expect(provider.client.delete({ id })).rejects.toMatchObject(elsewhere);
      // Once what was read before is too old to be told.
      const failure = await until(
        async () => await provider.client.describe({ id }).catch((error: unknown) => error),
        (answer) => answer instanceof Error,
      );
      expect(failure).toMatchObject(elsewhere);
      expect(theirs.world.guests).toEqual(there);
      expect(writesSince(ours, since)).toEqual([]);
      way.leadTo(urls(ours)[0] ?? '');
      expect((await repeated(async () => await provider.client.describe({ id }))).powerState).toBe('On');
      await provider.client.delete({ id });
      expect(ours.world.guests[Number(id)]).toBeUndefined();
      expect(theirs.world.guests).toEqual(there);
    },
  );

  it('proves nobody absent, and lets no task be done', async () => {
    const { id } = await provider.client.create(createRequest({ name: 'not-there' }));
    way.leadTo(urls(theirs)[0] ?? '');
    expect(theirs.world.guests[Number(id)]).toBeUndefined();
    const settledAt = ours.clock.now() + 40_000;
    while (ours.clock.now() < settledAt) {
      await expect(provider.client.delete({ id })).rejects.toMatchObject(elsewhere);
    }
    await expect(provider.client.describe({ id })).rejects.toMatchObject(elsewhere);
    const task = {
      id: `vrtg1.create.${id}.aaaaaaaaaaaa.ready.UPID:pve2:00000001:00000001:6553F100:qmclone:9001:a@pve:`,
    };
    expect(await provider.client.taskStatus({ task })).toMatchObject({ done: false, error: '' });
    const { ok, message } = await until(
      async () => await provider.client.validate({}),
      (answer) => answer.message.includes('leads to'),
    );
    expect([ok, message]).toEqual([true, expect.stringContaining('not to cluster "sim"')]);
    way.leadTo(urls(ours)[0] ?? '');
    expect((await repeated(async () => await provider.client.describe({ id }))).exists).toBe(true);
  });

  it.each([
    ['looks at the cluster', 'GET', '/cluster/resources$'],
    ['looks at the template', 'GET', '/qemu/9001/config$'],
    ['is about to copy', 'GET', '/cluster/tasks$'],
    ['asks for the copy', 'POST', '/clone$'],
    ['asks what its copy came to', 'GET', '/tasks/UPID.*status$'],
    ['writes', 'POST', '/config$'],
  ])('leaves nothing there of a create that %s', async (moment, method, path) => {
    const name = `create-${moment.replaceAll(' ', '-')}`;
    const since = lastRequest(ours);
    const there = structuredClone(theirs.world.guests);
    ours.faults.add([{ method, path, count: 1, action: { delayMs: 3_000 } }]);
    const network = { networks: [{ Name: 'lan' }] };
    const outcome = provider.client.create(createRequest({ name, ...network })).catch((error: unknown) => error);
    await until(
      async () => await Promise.resolve(ours.journal.after(since)),
      (requests) => requests.some((one) => one.method === method && new RegExp(path).test(one.path)),
    );
    way.leadTo(urls(theirs)[0] ?? '');
    await until(
      async () => await Promise.resolve(provider.log.length),
      () => lastRequest(theirs) > 0,
    );
    const first = await Promise.race([outcome, ours.clock.sleep(20_000)]);
    if (first !== undefined) expect(first).toMatchObject({ kind: 'busy' });
    expect(theirs.world.guests).toEqual(there);
    way.leadTo(urls(ours)[0] ?? '');
    ours.faults.clear();
    const { id } = await repeated(async () => await provider.client.create(createRequest({ name, ...network })));
    const vms = await claimedVms(simWorld(ours), name);
    expect(vms.map((vm) => [String(vm.vmid), vm.state, vm.lock])).toEqual([[id, 'ready', undefined]]);
    expect(theirs.world.guests).toEqual(there);
  });

  it('still uses the connections that stand, and no new one', async () => {
    const { id } = await repeated(async () => await provider.client.create(createRequest({ name: 'kept' })));
    way.leadTo(urls(theirs)[0] ?? '', 'kept');
    const states = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const told = await provider.client.describe({ id }).then(
        ({ exists, powerState }) => `${exists} ${powerState}`,
        (error: { kind?: string }) => String(error.kind),
      );
      states.add(told);
    }
    expect([...states].filter((state) => !['true Off', 'busy'].includes(state))).toEqual([]);
  });
});

describe('at its start a provider', () => {
  let three: Simulator;
  let one: Simulator;
  beforeAll(async () => {
    three = await startCluster();
    one = await startCluster({ cluster: 'one-node' });
  });
  afterAll(async () => {
    await three.stop();
    await one.stop();
  });

  const identified = 'Failed to identify the PVE cluster';
  const nobody = 'http://127.0.0.1:1';

  it('ends where the cluster is not the one that PVE_CLUSTER names, and says both', async () => {
    const start = startProviderFlow(three, { PVE_CLUSTER: 'prod' });
    const error = expect.stringMatching(/leads to cluster "sim" \(pve1, pve2, pve3\), not to cluster "prod"/);
    await expect(start).rejects.toMatchObject({ message: identified, fields: { error } });
    const alone = startProviderFlow(one, { PVE_CLUSTER: 'prod' });
    const single = expect.stringMatching(/leads to the single node pve, not to cluster "prod"/);
    await expect(alone).rejects.toMatchObject({ message: identified, fields: { error: single } });
  });

  it('goes on where it is', async () => {
    const provider = await startProviderFlow(three, { PVE_CLUSTER: 'sim' });
    expect((await provider.client.describe({ id: '100' })).exists).toBe(true);
    expect(provider.log.join('\n')).not.toMatch(/PVE_CLUSTER is set/);
    await provider.stop();
  });

  it('ends where several endpoints are to be one node in no cluster', async () => {
    const start = startProviderFlow(one, { PVE_ENDPOINT: `${urls(one)[0] ?? ''},${nobody}` });
    const error = 'several endpoints, but the single node pve is in no cluster';
    await expect(start).rejects.toMatchObject({ message: identified, fields: { error } });
  });

  it('takes the same endpoint twice for one', async () => {
    const url = urls(one)[0] ?? '';
    const provider = await startProviderFlow(one, { PVE_ENDPOINT: `${url}, ${url}/api2/json` });
    await provider.stop();
  });

  it('ends where several cannot be proven for lack of Sys.Audit, and goes on with one', async () => {
    const { acl } = three.world.access;
    three.world.access.acl = acl.filter(({ role }) => role !== 'VrtgCluster');
    const start = startProviderFlow(three, { PVE_ENDPOINT: urls(three).join(',') });
    const error = expect.stringContaining('without Sys.Audit on /');
    await expect(start).rejects.toMatchObject({ message: identified, fields: { error } });
    await expect(startProviderFlow(three, { PVE_CLUSTER: 'sim' })).rejects.toMatchObject({ message: identified });
    const provider = await startProviderFlow(three, {});
    expect((await provider.client.describe({ id: '100' })).exists).toBe(true);
    expect(provider.log.join('\n')).toMatch(/WARN PVE does not tell which cluster this is.*Sys\.Audit/);
    await provider.stop();
    three.world.access.acl = acl;
  });

  it('names the URL of the list that is none', async () => {
    const start = startProviderFlow(three, { PVE_ENDPOINT: `${urls(three)[0] ?? ''}, pve2:8006` });
    const fields = { error: 'invalid endpoint URL', endpoint: 'pve2:8006' };
    await expect(start).rejects.toMatchObject({ message: 'Failed to create PVE client', fields });
  });

  it('uses the first that answers, also behind two that say nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    const other = createServer().listen(0, '127.0.0.1');
    await Promise.all([silent, other].map(async (server) => void (await once(server, 'listening'))));
    const nowhere = [silent, other].map((server) => `https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const provider = await startProviderFlow(three, { PVE_ENDPOINT: [...nowhere, urls(three)[0] ?? ''].join(',') });
    expect((await provider.client.validate({})).message).toContain(address(three, 0));
    await provider.stop();
    silent.close();
    other.close();
  });

  it('uses the first that answers, and proves the others when it needs them', async () => {
    await three.setDaemon('pve1', 'api', 'stopped');
    await three.setDaemon('pve3', 'api', 'stopped');
    const provider = await startProviderFlow(three, { PVE_ENDPOINT: urls(three).join(',') });
    expect((await provider.client.validate({})).message).toContain(address(three, 1));
    await three.setDaemon('pve3', 'api', 'running');
    await three.setDaemon('pve2', 'api', 'stopped');
    expect((await repeated(async () => await provider.client.describe({ id: '100' }))).exists).toBe(true);
    await provider.stop();
    for (const node of ['pve1', 'pve2']) await three.setDaemon(node, 'api', 'running');
  });
});
