// Pools (pve-behaviour 19; recording one-node/105).
import { afterEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { type PveClient, pveClient, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let root: PveClient;

async function start(profile = '9.1'): Promise<void> {
  simulator = await startSimulator({ cluster: 'one-node', timeScale: 0, profile });
  root = pveClient(simulator, { token: simulator.rootToken });
}

afterEach(async () => {
  await root.close();
  await simulator.stop();
});

const reasonOf = async (call: ReturnType<PveClient['get']>) => {
  const { status, reason } = await call;
  return `${status} ${reason}`;
};
const change = async (params: Record<string, string | number>) => await reasonOf(root.put('/pools', params));
const poolOf = (id: string) => simulator.world.pools[id];

describe('a pool', () => {
  test('has members of each kind, which can be asked for', async () => {
    await start();
    await root.post('/pools', { poolid: 'p', comment: 'c' });
    await change({ poolid: 'p', vms: '9000,9001', storage: 'local' });
    const idsOf = async (type?: string) => {
      const [row = {}] = rowsOf(await root.get('/pools', { poolid: 'p', type }));
      return (row['members'] as { id: string }[]).map(({ id }) => id);
    };
    expect(await idsOf()).toEqual(['qemu/9000', 'qemu/9001', 'storage/pve/local']);
    expect(await idsOf('qemu')).toEqual(['qemu/9000', 'qemu/9001']);
    expect(await idsOf('storage')).toEqual(['storage/pve/local']);
    expect(await idsOf('lxc')).toEqual([]);
  });

  test('keeps a comment until it is emptied', async () => {
    await start();
    await root.post('/pools', { poolid: 'p', comment: 'c' });
    await change({ poolid: 'p', vms: '9000' });
    expect(poolOf('p')?.comment).toBe('c');
    await change({ poolid: 'p', comment: '' });
    expect(poolOf('p')?.comment).toBeUndefined();
  });

  test('changes as a whole or not at all', async () => {
    await start();
    await root.post('/pools', { poolid: 'p' });
    await change({ poolid: 'p', vms: '9001' });
    expect(await change({ poolid: 'p', vms: '9000,9001', comment: 'new' })).toBe(
      '500 update pools failed: VM 9001 is already a pool member',
    );
    expect(await change({ poolid: 'p', vms: '9001', storage: 'local', delete: 1 })).toBe(
      "500 update pools failed: Storage 'local' is not a pool member",
    );
    expect(poolOf('p')).toEqual({ id: 'p', comment: undefined, vms: [9001], storages: [] });
  });

  test('takes a member from another only where that is said', async () => {
    await start();
    await root.post('/pools', { poolid: 'p' });
    await root.post('/pools', { poolid: 'q' });
    await change({ poolid: 'p', vms: '9000' });
    expect(await change({ poolid: 'q', vms: '9000' })).toBe(
      "500 update pools failed: VM 9000 belongs already to pool 'p' and 'allow-move' is not set",
    );
    expect(await change({ poolid: 'q', vms: '9000', 'allow-move': 1 })).toBe('200 OK');
    expect([poolOf('p')?.vms, poolOf('q')?.vms]).toEqual([[], [9000]]);
  });

  test('goes when it is empty, and what is not there any more does not hold it', async () => {
    await start();
    await root.post('/pools', { poolid: 'p' });
    await root.post('/pools', { poolid: 'p/sub' });
    const remove = async (poolid: string) => await reasonOf(root.del('/pools', { poolid }));
    expect(await remove('p')).toBe("500 delete pool failed: pool 'p' is not empty (contains pool 'p/sub')");
    await change({ poolid: 'p/sub', vms: '777', storage: 'gone' });
    await change({ poolid: 'p/sub', storage: 'local' });
    expect(await remove('p/sub')).toBe("500 delete pool failed: pool 'p/sub' is not empty (contains storage 'local')");
    await change({ poolid: 'p/sub', storage: 'local', delete: 1 });
    simulator.world.access.acl.push({
      path: '/pool/p/sub',
      subject: 'virtrigaud@pve',
      role: 'PVEAuditor',
      propagate: true,
    });
    expect(await remove('p/sub')).toBe('200 OK');
    expect(simulator.world.access.acl.map(({ path }) => path)).not.toContain('/pool/p/sub');
    expect(await remove('p')).toBe('200 OK');
    expect(poolOf('p')).toBeUndefined();
  });

  test('joins are refused for guests that one may not allocate', async () => {
    await start();
    await root.post('/access/roles', { roleid: 'Pools', privs: 'Pool.Allocate' });
    simulator.world.access.acl = [
      { path: '/pool', subject: 'virtrigaud@pve', role: 'Pools', propagate: true },
      { path: '/pool', subject: simulator.token.id, role: 'Pools', propagate: true },
    ];
    const provider = pveClient(simulator);
    expect(await reasonOf(provider.put('/pools', { poolid: 'virtrigaud', vms: '9000' }))).toMatch(
      /^500 update pools failed: 403 Permission check failed \(\/vms\/9000, /,
    );
    expect(poolOf('virtrigaud')?.vms).toEqual([]);
    await provider.close();
  });
});

test('before 8.1 there are no nested pools and no query forms, and a guest moves by joining', async () => {
  await start('7.4');
  await root.post('/pools', { poolid: 'p' });
  await root.post('/pools', { poolid: 'q' });
  expect((await root.put('/pools', { poolid: 'p', vms: '9000' })).status).toBe(501);
  await root.put('/pools/p', { vms: '9000' });
  expect((await root.put('/pools/q', { vms: '9000', 'allow-move': 1 })).status).toBe(400);
  await root.put('/pools/q', { vms: '9000' });
  expect([poolOf('p')?.vms, poolOf('q')?.vms]).toEqual([[], [9000]]);
});
