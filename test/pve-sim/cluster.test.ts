// Nodes that lose each other, and daemons that stop or hang (pve-behaviour 1.5, 26; recordings two-node/01, 08, 09, 10 and 13).
import { request } from 'node:https';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cutNetwork, expectVotes } from '#pve-sim/nodes/power';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { moveConfig } from '#pve-sim/world/guests';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
/** One client per node. */
let pve1: PveClient;
let pve2: PveClient;

async function start(profile: string | Record<string, string> = '9.1'): Promise<void> {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 100, profile });
  pve1 = pveClient(simulator, { token: simulator.rootToken });
  pve2 = pveClient(simulator, { token: simulator.rootToken, node: 'pve2' });
}

afterEach(async () => {
  await pve1.close();
  await pve2.close();
  await simulator.stop();
});

const settled = async (): Promise<void> => await simulator.sim.membership.settled();
const answerOf = async (call: ReturnType<PveClient['get']>): Promise<string> => {
  const { status, reason } = await call;
  return `${status} ${reason}`;
};
const onlineAt = async (client: PveClient): Promise<unknown[]> =>
  rowsOf(await client.get('/nodes')).flatMap(({ node, status }) => (status === 'online' ? [node] : []));
const quorateAt = async (client: PveClient): Promise<unknown> =>
  rowsOf(await client.get('/cluster/status'))[0]?.['quorate'];

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = simulator.clock.now();
  await work();
  return (simulator.clock.now() - began) / 1000;
}

describe('a network that is cut', () => {
  beforeEach(async () => {
    await start();
    await pve1.task('post', '/nodes/pve1/qemu', { vmid: 300, memory: 64, scsi0: 'local-lvm:1' });
    await pve1.task('post', '/nodes/pve1/qemu/300/status/start');
    cutNetwork(simulator.sim, [['pve1'], ['pve2', 'pve3']]);
  });

  test('is noticed some seconds later, by each part for itself', async () => {
    expect([await quorateAt(pve1), await onlineAt(pve1)]).toEqual([1, ['pve1', 'pve2', 'pve3']]);
    await settled();
    expect([await quorateAt(pve1), await onlineAt(pve1)]).toEqual([0, ['pve1']]);
    expect([await quorateAt(pve2), await onlineAt(pve2)]).toEqual([1, ['pve2', 'pve3']]);
    const lost = rowsOf(await pve2.get('/nodes')).find(({ node }) => node === 'pve1');
    expect(
      Object.keys(lost ?? {})
        .filter((key) => /^(max)?(cpu|mem|disk)$/.test(key))
        .toSorted(),
    ).toEqual(['maxcpu', 'maxdisk', 'maxmem']);
  });

  test('parts the calls: 595 after 3 s to the other side', async () => {
    expect(await answerOf(pve1.get('/nodes/pve2/qemu'))).toBe('595 No route to host');
    expect(await secondsOf(async () => await pve2.get('/nodes/pve1/status'))).toBeGreaterThan(2.9);
    expect((await pve2.get('/nodes/pve3/qemu')).status).toBe(200);
  });

  test('lets the smaller part read, stop, upload and allocate, but write nothing', async () => {
    await settled();
    expect(objectOf(await pve1.get('/nodes/pve1/qemu/300/config'))).toMatchObject({ memory: '64' });
    expect(await answerOf(pve1.post('/nodes/pve1/qemu', { vmid: 301 }))).toBe('500 cluster not ready - no quorum?');
    expect(await answerOf(pve1.put('/nodes/pve1/qemu/300/config', { tags: 'x' }))).toMatch(
      /^500 unable to open file '\/etc\/pve\/nodes\/pve1\/qemu-server\/300\.conf\.tmp\.\d+' - Permission denied$/,
    );
    expect(await answerOf(pve1.post('/pools', { poolid: 'p1' }))).toBe(
      "500 create pool failed: cfs-lock 'file-user_cfg' error: no quorum!",
    );
    expect(await pve1.task('post', '/nodes/pve1/qemu/300/status/stop')).toBe('OK');
    const image = { vmid: 300, filename: 'vm-300-disk-7', size: '4M' };
    expect((await pve1.post('/nodes/pve1/storage/local-lvm/content', image)).data).toBe('local-lvm:vm-300-disk-7');
    expect(simulator.world.guests[300]?.config['tags']).toBeUndefined();
  });

  test('lets the larger part work on', async () => {
    expect(await pve2.task('post', '/nodes/pve2/qemu', { vmid: 302 })).toBe('OK');
    expect(await answerOf(pve2.post('/nodes/pve2/qemu', { vmid: 300 }))).toBe(
      "500 unable to create VM 300 - VM 300 already exists on node 'pve1'",
    );
  });

  test('holds up writes until both parts know: none succeeds that should not', async () => {
    const early = answerOf(pve1.put('/nodes/pve1/qemu/300/config', { tags: 'early' }));
    expect(await early).toMatch(/Permission denied$/);
  });

  test('is as before once it is whole again', async () => {
    await settled();
    cutNetwork(simulator.sim, []);
    await settled();
    expect([await quorateAt(pve1), await onlineAt(pve1)]).toEqual([1, ['pve1', 'pve2', 'pve3']]);
    expect(await answerOf(pve2.put('/nodes/pve1/qemu/300/config', { tags: 'healed' }))).toBe('200 OK');
  });

  test('leaves lists at the state in which the parts were', async () => {
    const statusAt = async (client: PveClient): Promise<unknown> =>
      rowsOf(await client.get('/cluster/resources', { type: 'vm' })).find(({ vmid }) => vmid === 300)?.['status'];
    cutNetwork(simulator.sim, []);
    await eventually(
      simulator.clock,
      async () => statusAt(pve2),
      (status) => status === 'running',
    );
    cutNetwork(simulator.sim, [['pve1'], ['pve2', 'pve3']]);
    await pve1.task('post', '/nodes/pve1/qemu/300/status/stop');
    await eventually(
      simulator.clock,
      async () => statusAt(pve1),
      (status) => status === 'stopped',
    );
    expect(await statusAt(pve2)).toBe('running');
  });
});

describe('a part without quorum', () => {
  beforeEach(async () => {
    await start();
    await simulator.setNodeOnline('pve2', false);
    await simulator.setNodeOnline('pve3', false);
    await settled();
  });

  test('writes again when fewer votes are expected by hand, until the next node joins', async () => {
    expectVotes(simulator.sim, 'pve1', 1);
    expect(await quorateAt(pve1)).toBe(0);
    expect(await pve1.task('post', '/nodes/pve1/qemu', { vmid: 300 })).toBe('OK');
    await simulator.setNodeOnline('pve2', true);
    await settled();
    expect(simulator.world.nodes['pve1']?.expectedVotes).toBeUndefined();
    expect(await quorateAt(pve1)).toBe(1);
  });

  test('can be given the guests of a dead node by hand', async () => {
    expectVotes(simulator.sim, 'pve1', 1);
    moveConfig(simulator.world, 9001, 'pve1');
    expect((await pve1.get('/nodes/pve1/qemu/9001/config')).status).toBe(200);
  });
});

describe("a node's daemons", () => {
  beforeEach(async () => await start());

  test('pveproxy that is stopped refuses everybody, at once', async () => {
    await simulator.setDaemon('pve2', 'api', 'stopped');
    // Long before the 30 s after which one that hangs is given up, also on a busy machine.
    expect(await secondsOf(async () => await pve1.get('/nodes/pve2/qemu'))).toBeLessThan(15);
    expect(await answerOf(pve1.get('/nodes/pve2/qemu'))).toBe('595 Connection refused');
    await expect(pve2.get('/version')).rejects.toThrow();
    expect(await onlineAt(pve1)).toEqual(['pve1', 'pve2', 'pve3']);
    await simulator.setDaemon('pve2', 'api', 'running');
    expect(await answerOf(pve1.get('/nodes/pve2/qemu'))).toBe('200 OK');
  });

  test('pveproxy that hangs is given up after 30 s, and what it was sent is not done later', async () => {
    await simulator.setDaemon('pve2', 'api', 'frozen');
    const seconds = await secondsOf(async () => {
      expect(await answerOf(pve1.put('/nodes/pve2/qemu/9001/config', { tags: 'late' }))).toBe(
        '596 Connection timed out',
      );
    });
    expect(seconds).toBeGreaterThan(29);
    await simulator.setDaemon('pve2', 'api', 'running');
    expect(objectOf(await pve1.get('/nodes/pve2/qemu/9001/config'))['tags']).not.toBe('late');
  });

  test('pveproxy that hangs answers who has waited when it goes on', async () => {
    await simulator.setDaemon('pve2', 'api', 'frozen');
    const before = simulator.journal.entries.length;
    const waiting = [pve1.get('/nodes/pve2/qemu'), pve2.get('/version')];
    const asked = async () => await Promise.resolve(simulator.journal.after(before));
    const arrived = await eventually(simulator.clock, asked, (calls) => calls.length === waiting.length);
    expect(arrived.map(({ status }) => status)).toEqual([undefined, undefined]);
    await simulator.setDaemon('pve2', 'api', 'running');
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
  });

  test('pvedaemon that is stopped is missed by writes and by reads as root alone, through the other node too', async () => {
    await simulator.setDaemon('pve2', 'worker', 'stopped');
    for (const client of [pve1, pve2]) {
      expect(await answerOf(client.get('/nodes/pve2/qemu/9001/config'))).toBe('200 OK');
      expect(await answerOf(client.get('/nodes/pve2/qemu/9001/status/current'))).toBe('595 Connection refused');
      expect(await answerOf(client.put('/nodes/pve2/qemu/9001/config', { tags: 'x' }))).toBe('595 Connection refused');
    }
    expect(await answerOf(pve2.post('/pools', { poolid: 'p1' }))).toBe('595 Connection refused');
    expect(await answerOf(pve2.get('/nodes/pve1/qemu/100/status/current'))).toMatch(/^500 Configuration file/);
    await simulator.setDaemon('pve2', 'worker', 'running');
    expect(await answerOf(pve1.put('/nodes/pve2/qemu/9001/config', { tags: 'x' }))).toBe('200 OK');
  });
});

describe('an answer that is passed on', () => {
  async function connectionHeaders(path: string): Promise<string[]> {
    const { id, secret } = simulator.rootToken;
    const headers = { authorization: `PVEAPIToken=${id}=${secret}` };
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    request(`${simulator.nodes[0]?.url ?? ''}/api2/json${path}`, { ca: simulator.ca, headers }, (response) => {
      const { rawHeaders } = response;
      response.resume();
      resolve(rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1] === 'Connection'));
    })
      .on('error', reject)
      .end();
    return await promise;
  }

  test('has the Connection header of both daemons', async () => {
    await start();
    expect(await connectionHeaders('/version')).toEqual(['Keep-Alive']);
    expect(await connectionHeaders('/nodes/pve2/qemu/9001/config')).toEqual(['Keep-Alive', 'Keep-Alive']);
    expect(await connectionHeaders('/nodes/pve2/qemu/999/config')).toEqual(['close', 'close']);
  });

  test('is checked and worded by the version of the node that works on it', async () => {
    await start({ pve1: '9.1', pve2: '8.4', pve3: '7.4' });
    const onNewest = await pve1.post('/nodes/pve1/qemu', { vmid: 300, 'ha-managed': 0 });
    expect(onNewest.status).toBe(200);
    const onOlder = await pve1.post('/nodes/pve2/qemu', { vmid: 301, 'ha-managed': 0 });
    expect(onOlder.errors?.['ha-managed']).toMatch(/^property is not defined in schema/);
    expect(JSON.parse((await pve1.get('/nodes/pve2/qemu/999/config')).text)).toHaveProperty('message');
    expect(JSON.parse((await pve1.get('/nodes/pve3/qemu/999/config')).text)).toEqual({ data: null });
  });
});

describe('a name that is no node of the cluster', () => {
  test.each([
    [
      'nosuch',
      '500',
      "hostname lookup 'nosuch' failed - failed to get address info for: nosuch: Name or service not known",
    ],
    ['10.0.0.1', '500', "address lookup for '10.0.0.1' did not find any IP address"],
    ['PVE2', '595', 'Connection refused'],
  ])('%s is answered %s', async (name, status, reason) => {
    await start();
    expect(await answerOf(pve1.get(`/nodes/${name}/qemu`))).toBe(`${status} ${reason}`);
  });
});

test('a node that comes back starts the guests with onboot in their order, once it has quorum', async () => {
  await start();
  for (const [vmid, startup] of [
    [310, 'order=2'],
    [311, 'order=1'],
    [312, undefined],
  ] as const) {
    await pve1.task('post', '/nodes/pve2/qemu', { vmid, memory: 64, onboot: vmid === 312 ? 0 : 1, startup });
  }
  await simulator.setNodeOnline('pve2', false);
  await settled();
  await simulator.setNodeOnline('pve2', true);
  const tasks = () => Object.values(simulator.world.tasks).filter(({ node }) => node === 'pve2');
  const startall = () => tasks().find(({ type }) => type === 'startall');
  await eventually(
    simulator.clock,
    async () => await Promise.resolve(startall()?.exitstatus),
    (status) => status !== undefined,
  );
  expect(startall()?.log).toEqual([
    'waiting for quorum ...',
    'got quorum',
    'Starting VM 311',
    'Starting VM 310',
    'TASK OK',
  ]);
  expect([310, 311, 312].map((vmid) => simulator.world.guests[vmid]?.run !== undefined)).toEqual([true, true, false]);
});
