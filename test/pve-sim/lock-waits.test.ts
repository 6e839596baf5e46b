// Who waits for which lock, how long, and what is left when the wait is over (pve-behaviour 20, 28.4, 28.5).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 20 });
  pve = pveClient(simulator);
  await pve.task('post', '/nodes/pve1/qemu', { vmid: 150, scsi0: 'local-lvm:1', name: 'plain' });
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = simulator.clock.now();
  await work();
  return (simulator.clock.now() - started) / 1000;
}

const busy = (id: number): string => `can't lock file '/var/lock/qemu-server/lock-${id}.conf' - got timeout`;

describe('the flock of a config', () => {
  test('lets PUT and POST wait 10 s and then fails them', async () => {
    const release = await simulator.holdLock('vm:150', 60_000);
    for (const method of ['put', 'post'] as const) {
      const seconds = await secondsOf(async () => {
        const reply = await pve[method]('/nodes/pve1/qemu/150/config', { cores: 2 });
        expect([reply.status, reply.reason]).toEqual([500, busy(150)]);
      });
      expect(seconds).toBeGreaterThan(9.9);
      expect(seconds).toBeLessThan(15);
    }
    release?.();
  });

  test('lets a start wait as a task, and a clone give up after 1 s', async () => {
    const release = await simulator.holdLock('vm:150', 60_000);
    const start = pve.task('post', '/nodes/pve1/qemu/150/status/start');
    const seconds = await secondsOf(async () => {
      expect(await pve.task('post', '/nodes/pve1/qemu/150/clone', { newid: 151 })).toBe(busy(150));
    });
    expect(seconds).toBeLessThan(3);
    release?.();
    expect(await start).toBe('OK');
    expect(await pve.task('post', '/nodes/pve1/qemu/150/status/stop')).toBe('OK');
  });

  test('is waited for by the call of a resume and again by its task', async () => {
    await pve.task('post', '/nodes/pve1/qemu/150/status/start');
    await pve.task('post', '/nodes/pve1/qemu/150/status/suspend');
    await simulator.holdLock('vm:150', 15_000);
    const seconds = await secondsOf(async () => {
      expect(await pve.task('post', '/nodes/pve1/qemu/150/status/resume')).toBe('OK');
    });
    expect(seconds).toBeGreaterThan(14);
    expect(simulator.world.guests[150]?.run?.qmpStatus).toBe('running');
    await pve.task('post', '/nodes/pve1/qemu/150/status/stop');
  });

  test('is shared by clones of a stopped source and held alone by a clone of a running one', async () => {
    const copies = [152, 153].map(async (newid) => pve.task('post', '/nodes/pve1/qemu/150/clone', { newid }));
    expect(await Promise.all(copies)).toEqual(['OK', 'OK']);
    await pve.task('post', '/nodes/pve1/qemu/150/status/start');
    const live = await Promise.all(
      [154, 155].map(async (newid) => pve.post('/nodes/pve1/qemu/150/clone', { newid, bwlimit: 64 * 1024 })),
    );
    const exits = await Promise.all(live.map(async ({ data }) => pve.exitOf(data)));
    expect(exits.sort()).toEqual(['OK', busy(150)]);
    await pve.task('post', '/nodes/pve1/qemu/150/status/stop');
  });

  test('makes a PUT on a guest that is being cloned wait until the copy is over', async () => {
    const started = await pve.post('/nodes/pve1/qemu/150/clone', { newid: 156, bwlimit: 256 * 1024 });
    const first = await eventually(
      simulator.clock,
      async () => pve.get('/nodes/pve1/qemu/156/config'),
      ({ status }) => status === 200,
    );
    expect(objectOf(first)['lock']).toBe('clone');
    expect((await pve.put('/nodes/pve1/qemu/156/config', { tags: 'late' })).status).toBe(200);
    expect(await pve.exitOf(started.data)).toBe('OK');
    expect(objectOf(await pve.get('/nodes/pve1/qemu/156/config'))['tags']).toBe('late');
  });
});

describe('the lock of a storage', () => {
  test.each([
    ['local-lvm', 9.9, "can't lock file '/var/lock/pve-manager/pve-storage-local-lvm' - got timeout"],
    ['shared', 8, "cfs-lock 'storage-shared' error: got lock request timeout"],
  ])('%s fails an allocation after about 10 s', async (storage, atLeast, expected) => {
    const release = await simulator.holdLock(`storage:${storage}`, 60_000);
    const seconds = await secondsOf(async () => {
      const exit = await pve.task('post', '/nodes/pve1/qemu', { vmid: 160, scsi0: `${storage}:1` });
      expect(exit).toBe(`unable to create VM 160 - ${expected}`);
    });
    expect(seconds).toBeGreaterThan(atLeast);
    expect(seconds).toBeLessThan(15);
    release?.();
  });

  test('of one node is not that of another, but a shared one is one in the cluster', async () => {
    const releases = [
      await simulator.holdLock('storage:local-lvm', 60_000, 'pve1'),
      await simulator.holdLock('storage:shared', 60_000, 'pve1'),
    ];
    expect(await pve.task('post', '/nodes/pve2/qemu', { vmid: 161, scsi0: 'local-lvm:1' })).toBe('OK');
    expect(await pve.task('post', '/nodes/pve2/qemu', { vmid: 162, scsi0: 'shared:1' })).toContain('cfs-lock');
    for (const release of releases) release?.();
  });

  test('a task tells in its log that it had to wait', async () => {
    const release = await simulator.holdLock('storage:local-lvm', 60_000);
    const started = await pve.post('/nodes/pve1/qemu', { vmid: 163, scsi0: 'local-lvm:1' });
    const log = async () => rowsOf(await pve.get(`/nodes/pve1/tasks/${String(started.data)}/log`)).map(({ t }) => t);
    await eventually(simulator.clock, log, (lines) => lines.includes('trying to acquire lock...'));
    release?.();
    expect(await pve.exitOf(started.data)).toBe('OK');
    expect(await log()).toContain(' OK');
  });
});

describe('the lock of user.cfg', () => {
  const timeout = (id: number): string =>
    `can't add VM ${id} to pool 'virtrigaud': cfs-lock 'file-user_cfg' error: got lock request timeout`;

  test('undoes a create into a pool, but leaves its disk behind', async () => {
    const release = await simulator.holdLock('user.cfg', 60_000);
    const started = await pve.post('/nodes/pve1/qemu', { vmid: 170, scsi0: 'local-lvm:1', pool: 'virtrigaud' });
    const config = await eventually(
      simulator.clock,
      async () => pve.get('/nodes/pve1/qemu/170/config'),
      ({ status, data }) => status === 200 && (data as { scsi0?: string }).scsi0 !== undefined,
    );
    expect(objectOf(config)['lock']).toBeUndefined();
    expect(await pve.exitOf(started.data)).toBe(timeout(170));
    release?.();
    expect((await pve.get('/nodes/pve1/qemu/170/config')).status).toBe(500);
    expect(
      Object.values(simulator.world.volumes)
        .filter(({ vmid }) => vmid === 170)
        .map(({ volid }) => volid),
    ).toEqual(['local-lvm:vm-170-disk-0']);
    expect(await pve.task('post', '/nodes/pve1/qemu', { vmid: 170, scsi0: 'local-lvm:1' })).toBe('OK');
    expect(objectOf(await pve.get('/nodes/pve1/qemu/170/config'))['scsi0']).toBe('local-lvm:vm-170-disk-1,size=1G');
  });

  test('undoes a clone into a pool with its disks', async () => {
    const release = await simulator.holdLock('user.cfg', 60_000);
    const exit = await pve.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 171, pool: 'virtrigaud' });
    expect(exit).toBe(`clone failed: ${timeout(171)}`);
    release?.();
    expect((await pve.get('/nodes/pve1/qemu/171/config')).status).toBe(500);
    expect(Object.values(simulator.world.volumes).filter(({ vmid }) => vmid === 171)).toEqual([]);
  });

  test('held over a delete leaves a remnant without disks that no token can remove', async () => {
    await pve.task('post', '/nodes/pve1/qemu', { vmid: 172, scsi0: 'local-lvm:1' });
    const release = await simulator.holdLock('user.cfg', 60_000);
    expect(await pve.task('del', '/nodes/pve1/qemu/172')).toBe(
      "access permissions cleanup for VM 172 failed: cfs-lock 'file-user_cfg' error: got lock request timeout",
    );
    release?.();
    expect(objectOf(await pve.get('/nodes/pve1/qemu/172/config'))).toMatchObject({ lock: 'destroyed' });
    expect(Object.values(simulator.world.volumes).filter(({ vmid }) => vmid === 172)).toEqual([]);
    expect(await pve.task('del', '/nodes/pve1/qemu/172')).toBe('VM is locked (destroyed)');
  });

  test('a pool that is gone by the time of the join is no error', async () => {
    const root = pveClient(simulator, { token: simulator.rootToken });
    await root.post('/pools', { poolid: 'brief' });
    const started = await root.post('/nodes/pve1/qemu', { vmid: 173, scsi0: 'local-lvm:1', pool: 'brief' });
    await root.del('/pools', { poolid: 'brief' });
    expect(await root.exitOf(started.data)).toBe('OK');
    const view = rowsOf(await root.get('/cluster/resources', { type: 'vm' }));
    expect(view.find(({ vmid }) => vmid === 173)).not.toHaveProperty('pool');
    await root.close();
  });
});

test('a burst of clones on a slow storage loses some to the storage lock, as on a real cluster', async () => {
  const slow = await startSimulator({ timeScale: 50, durations: { allocateVolumeMs: 2000 } });
  const client = pveClient(slow);
  const exits = await Promise.all(
    Array.from({ length: 12 }, async (_, index) =>
      client.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 600 + index, full: 1 }),
    ),
  );
  const lost = exits.filter((exit) =>
    exit.includes("can't lock file '/var/lock/pve-manager/pve-storage-local-lvm' - got timeout"),
  );
  expect(lost.length).toBeGreaterThan(0);
  expect(exits.filter((exit) => exit === 'OK').length).toBeGreaterThan(0);
  await client.close();
  await slow.stop();
});

test('as fast as possible, waits keep a floor and their order', async () => {
  const fast = await startSimulator({ timeScale: 0 });
  const client = pveClient(fast);
  expect(await client.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 600, full: 1 })).toBe('OK');
  await fast.holdLock('vm:600', 60_000);
  const started = performance.now();
  expect((await client.put('/nodes/pve1/qemu/600/config', { cores: 1 })).reason).toBe(busy(600));
  expect(performance.now() - started).toBeGreaterThan(19);
  await client.close();
  await fast.stop();
});
