// What is left of a create, a clone and a delete when a step of them, or of their undoing, fails (pve-behaviour 16, 28.5, 28.11).
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { type Params, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

const GIB = 1024 ** 3;
const TWO_DISKS = { vmid: 200, scsi0: 'local-lvm:1', scsi1: 'shared:1' };
const LVM_LOCK = '/var/lock/pve-manager/pve-storage-local-lvm';

let simulator: Simulator;
let pve: PveClient;

beforeEach(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 50 });
  pve = pveClient(simulator, { token: simulator.rootToken });
});

afterEach(async () => {
  await pve.close();
  await simulator.stop();
});

const volumesOf = (id: number): string[] =>
  Object.values(simulator.world.volumes)
    .filter(({ vmid }) => vmid === id)
    .map(({ volid }) => volid)
    .sort();

async function until(isSo: () => boolean): Promise<void> {
  await eventually(
    simulator.clock,
    async () => await Promise.resolve(isSo()),
    (answer) => answer,
  );
}

/** Takes a lock as soon as it is free. */
async function hold(lock: string): Promise<() => void> {
  for (;;) {
    const release = await simulator.holdLock(lock, 60_000);
    if (release !== undefined) return release;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function logOf(upid: unknown): Promise<unknown[]> {
  const node = String(upid).split(':')[1] ?? '';
  return rowsOf(await pve.get(`/nodes/${node}/tasks/${String(upid)}/log`, { limit: 0 })).map(({ t }) => t);
}

/** Starts a task whose process meets SIGTERM when `isSo`. */
async function interrupted(path: string, params: Params, isSo: () => boolean): Promise<string> {
  const started = await pve.post(path, params);
  await until(isSo);
  await simulator.clock.sleep(300);
  await pve.del(`/nodes/pve1/tasks/${String(started.data)}`);
  return await pve.exitOf(started.data);
}

describe('a disk that cannot be freed', () => {
  test('is a line in the log of the delete, and the guest goes all the same', async () => {
    await pve.task('post', '/nodes/pve1/qemu', TWO_DISKS);
    const release = await simulator.holdLock('storage:local-lvm', 60_000);
    const started = await pve.del('/nodes/pve1/qemu/200');
    expect(await pve.exitOf(started.data)).toBe('OK');
    release?.();
    expect(await logOf(started.data)).toContain(
      `Could not remove disk 'local-lvm:vm-200-disk-0', check manually: can't lock file '${LVM_LOCK}' - got timeout`,
    );
    expect(simulator.world.guests[200]).toBeUndefined();
    expect(volumesOf(200)).toEqual(['local-lvm:vm-200-disk-0']);
  });

  test.each([
    ['clone', '/nodes/pve1/qemu/150/clone', { newid: 200 }, 'clone failed'],
    ['create', '/nodes/pve1/qemu', TWO_DISKS, 'unable to create VM 200 -'],
  ])('stays behind a failed %s, whose config goes and whose first error is told', async (_, path, params, what) => {
    await pve.task('post', '/nodes/pve1/qemu', { ...TWO_DISKS, vmid: 150 });
    const releases = [await simulator.holdLock('storage:shared', 600_000)];
    const started = await pve.post(path, params);
    await until(() => volumesOf(200).length === 1);
    releases.push(await hold('storage:local-lvm'));
    expect(await pve.exitOf(started.data)).toMatch(
      new RegExp(`^${what}:? cfs-lock 'storage-shared' error: got lock request timeout$`),
    );
    for (const release of releases) release?.();
    expect(simulator.world.guests[200]).toBeUndefined();
    expect(volumesOf(200)).toEqual(['local-lvm:vm-200-disk-0']);
  });
});

describe('SIGTERM', () => {
  test('ends the wait for a lock, and what was made is undone', async () => {
    await simulator.holdLock('storage:shared', 60_000);
    const exit = await interrupted('/nodes/pve1/qemu', TWO_DISKS, () => volumesOf(200).length === 1);
    expect(exit).toBe("unable to create VM 200 - cfs-lock 'storage-shared' error: interrupted by signal");
    expect(simulator.world.guests[200]).toBeUndefined();
    expect(volumesOf(200)).toEqual([]);
  });

  test('during an import frees the volume that was made for it', async () => {
    const volid = 'local:import/big.raw';
    const sizeBytes = 50 * GIB;
    simulator.world.volumes[`pve1/${volid}`] = {
      volid,
      storage: 'local',
      node: 'pve1',
      content: 'import',
      format: 'raw',
      ctime: 0,
      sizeBytes,
    };
    const wish = { vmid: 200, scsi0: `local-lvm:0,import-from=${volid}` };
    const exit = await interrupted('/nodes/pve1/qemu', wish, () => volumesOf(200).length === 1);
    expect(exit).toMatch(/^unable to create VM 200 - copy failed: command '.*' failed: interrupted by signal$/);
    expect(simulator.world.guests[200]).toBeUndefined();
    expect(volumesOf(200)).toEqual([]);
  });
});

test('a create that does not get the flock of its guest takes its stub away', async () => {
  const pending = pve.post('/nodes/pve1/qemu', { vmid: 201, scsi0: 'local-lvm:1' });
  while (simulator.world.guests[201] === undefined) await new Promise((resolve) => setImmediate(resolve));
  const release = await hold('vm:201');
  expect(await pve.exitOf((await pending).data)).toBe(
    "can't lock file '/var/lock/qemu-server/lock-201.conf' - got timeout",
  );
  expect(simulator.world.guests[201]).toBeUndefined();
  release();
});

test('a clone that fails after its config has moved leaves it on the other node, without its disks', async () => {
  await pve.task('post', '/nodes/pve1/qemu', { vmid: 300, scsi0: 'shared:1' });
  await pve.post('/pools', { poolid: 'p' });
  const release = await simulator.holdLock('user.cfg', 60_000);
  const exit = await pve.task('post', '/nodes/pve1/qemu/300/clone', { newid: 301, target: 'pve3', pool: 'p' });
  release?.();
  expect(exit).toBe(
    "clone failed: can't add VM 301 to pool 'p': cfs-lock 'file-user_cfg' error: got lock request timeout",
  );
  expect(simulator.world.guests[301]).toMatchObject({ node: 'pve3', config: { name: 'Copy-of-VM-300' } });
  expect(simulator.world.guests[301]?.config).not.toHaveProperty('lock');
  expect(volumesOf(301)).toEqual([]);
});

test('a create is unlocked a moment before its task is over', async () => {
  const slow = await startSimulator({ timeScale: 2 });
  const client = pveClient(slow);
  const started = await client.post('/nodes/pve1/qemu', { vmid: 200, scsi0: 'local-lvm:1' });
  const exit = (): string | undefined => slow.world.tasks[String(started.data)]?.exitstatus;
  const tick = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
  while (slow.world.guests[200]?.config['lock'] !== undefined) await tick();
  const unlockedAt = slow.clock.now();
  while (exit() === undefined) await tick();
  expect(slow.clock.now() - unlockedAt).toBeGreaterThan(60);
  expect(exit()).toBe('OK');
  await client.close();
  await slow.stop();
});

test('a resize does not wait for the lock of the storage', async () => {
  await pve.task('post', '/nodes/pve1/qemu', { vmid: 200, scsi0: 'local-lvm:1' });
  const release = await simulator.holdLock('storage:local-lvm', 60_000);
  expect(await pve.task('put', '/nodes/pve1/qemu/200/resize', { disk: 'scsi0', size: '2G' })).toBe('OK');
  release?.();
});

test.each([
  ['9.1', [200, 'OK']],
  ['9.2', [403, 'Permission check failed (/vms/200, VM.PowerMgmt)']],
])('a create with start needs the right to start since 9.2: %s', async (profile, expected) => {
  const versioned = await startSimulator({ cluster: 'one-node', timeScale: 50, profile });
  const { access } = versioned.world;
  for (const [id, privileges] of Object.entries(access.roles)) {
    access.roles[id] = privileges.filter((name) => name !== 'VM.PowerMgmt');
  }
  const weak = pveClient(versioned);
  const reply = await weak.post('/nodes/pve/qemu', { vmid: 200, scsi0: 'local-lvm:1', start: 1 });
  expect([reply.status, reply.reason]).toEqual(expected);
  expect(await weak.task('post', '/nodes/pve/qemu', { vmid: 201, scsi0: 'local-lvm:1' })).toBe('OK');
  await weak.close();
  await versioned.stop();
});
