// A create whose id or locks somebody else has (pve-behaviour 9.4, 20, 26, 28.3).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { type PveClient, pveClient } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'one-node', timeScale: 20 });
  pve = pveClient(simulator);
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const VM = '/nodes/pve/qemu';
const hold = async (lock: string, seconds: number): Promise<(() => void) | undefined> =>
  await simulator.holdLock(lock, seconds * 1000, 'pve');
const flock = (vmid: number): string => `can't lock file '/var/lock/qemu-server/lock-${vmid}.conf' - got timeout`;

describe('the flock of the id', () => {
  test('held too long refuses the call after 5 s, and nothing is left', async () => {
    const release = await hold('vm:400', 120);
    const from = simulator.clock.now();
    const { status, reason } = await pve.post(VM, { vmid: 400, scsi0: 'local-lvm:1' });
    expect([status, reason]).toEqual([500, `unable to create VM 400 - ${flock(400)}`]);
    expect(simulator.clock.now() - from).toBeGreaterThanOrEqual(4900);
    release?.();
    expect(simulator.world.guests[400]).toBeUndefined();
    expect(Object.values(simulator.world.volumes).some(({ vmid }) => vmid === 400)).toBe(false);
  });

  test('given back in time lets it pass', async () => {
    await hold('vm:401', 2);
    expect(await pve.task('post', VM, { vmid: 401 })).toBe('OK');
  });
});

describe('the lock of the storage', () => {
  test('held too long fails the task after 10 s, and the id is free again', async () => {
    const release = await hold('storage:local-lvm', 120);
    const exit = await pve.task('post', VM, { vmid: 402, name: 'late', scsi0: 'local-lvm:1' });
    release?.();
    const file = '/var/lock/pve-manager/pve-storage-local-lvm';
    expect(exit).toBe(`unable to create VM 402 - can't lock file '${file}' - got timeout`);
    expect((await pve.get('/cluster/nextid', { vmid: 402 })).data).toBe('402');
  });

  test('does not matter to a guest without disks', async () => {
    await hold('storage:local-lvm', 3);
    expect(await pve.task('post', VM, { vmid: 403, ide2: 'none,media=cdrom' })).toBe('OK');
  });
});

test('a start that fails does not fail the create that asked for it', async () => {
  const wish = { vmid: 404, start: 1, net0: 'virtio,bridge=vmbr77', scsi0: 'local-lvm:1' };
  expect(await pve.task('post', VM, wish)).toBe('OK');
  const startOf = async (): Promise<string | undefined> =>
    await Promise.resolve(
      Object.values(simulator.world.tasks).find(({ type, id }) => type === 'qmstart' && id === '404')?.exitstatus,
    );
  expect(await eventually(simulator.clock, startOf, (exit) => exit !== undefined)).toBe(
    "bridge 'vmbr77' does not exist",
  );
  expect(simulator.world.guests[404]?.config['lock']).toBeUndefined();
});
