// What a killed process and a node without power do no more: nothing at all.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultRule } from '#pve-sim/faults';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;

beforeEach(async () => {
  // What follows a task by itself has to be slower than a busy machine.
  const durations = { rebootGapMs: 10_000 };
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 50, durations });
  pve = pveClient(simulator);
});

afterEach(async () => {
  await pve.close();
  await simulator.stop();
});

const inject = (...rules: FaultRule[]): void => simulator.faults.add(rules);

/** Longer than anything that was begun could take. */
const settle = async (): Promise<void> => await simulator.clock.sleep(20_000);

async function until(isSo: () => boolean): Promise<void> {
  await eventually(
    simulator.clock,
    async () => await Promise.resolve(isSo()),
    (answer) => answer,
  );
}

const stateOf = (id: number): unknown => simulator.world.guests[id]?.config['lock'] ?? simulator.world.guests[id];

describe('a worker that was killed', () => {
  test('in the last step of a delete leaves the remnant for ever', async () => {
    await pve.task('post', '/nodes/pve1/qemu', { vmid: 200, scsi0: 'local-lvm:1' });
    const release = await simulator.holdLock('user.cfg', 60_000);
    const started = await pve.del('/nodes/pve1/qemu/200');
    await until(() => stateOf(200) === 'destroyed');
    await simulator.setNodeOnline('pve1', false);
    await simulator.setNodeOnline('pve1', true);
    release?.();
    await settle();
    expect(await pve.exitOf(started.data)).toBe('unexpected status');
    expect(objectOf(await pve.get('/nodes/pve1/qemu/200/config'))).toMatchObject({ lock: 'destroyed' });
  });

  test('while it writes user.cfg has joined no pool and removed nothing', async () => {
    const slow = await startSimulator({ timeScale: 50, durations: { userConfigWriteMs: 5000 } });
    const client = pveClient(slow);
    slow.faults.add([{ task: 'qmdestroy', action: { killWorker: 'KILL', afterMs: 3000 } }]);
    await client.task('post', '/nodes/pve1/qemu', { vmid: 200, scsi0: 'local-lvm:1' });
    expect(await client.task('del', '/nodes/pve1/qemu/200')).toBe('unexpected status');
    await slow.clock.sleep(20_000);
    expect(slow.world.guests[200]?.config).toEqual({ lock: 'destroyed' });
    await client.close();
    await slow.stop();
  });

  test('while it waits for a lock does not keep the lock from the next one', async () => {
    const release = await simulator.holdLock('storage:local-lvm', 60_000);
    inject({ task: 'qmcreate', count: 1, action: { killWorker: 'KILL', afterMs: 500 } });
    expect(await pve.task('post', '/nodes/pve1/qemu', { vmid: 200, scsi0: 'local-lvm:1' })).toBe('unexpected status');
    release?.();
    expect(await pve.task('post', '/nodes/pve1/qemu', { vmid: 201, scsi0: 'local-lvm:1' })).toBe('OK');
  });
});

describe('a node whose daemon hangs', () => {
  beforeEach(async () => {
    await simulator.setDaemon('pve1', 'worker', 'frozen');
  });

  test('still answers what its proxy reads itself, and hands on what is for another node', async () => {
    expect((await pve.get('/nodes/pve1/qemu/9000/config')).status).toBe(200);
    expect((await pve.get('/nodes/pve2/qemu')).status).toBe(200);
  });

  test.each([
    ['a write', async () => pve.put('/nodes/pve1/qemu/9000/config', { tags: 'x' })],
    ['a read that needs root', async () => pve.get('/nodes/pve1/qemu/9000/status/current')],
  ])('does not do %s: 596 after 30 s', async (_, call) => {
    const started = simulator.clock.now();
    expect((await call()).status).toBe(596);
    expect(simulator.clock.now() - started).toBeGreaterThan(29_000);
    expect(simulator.world.guests[9000]?.config['tags']).toBeUndefined();
  });
});

describe('a node that loses its power', () => {
  test('does not go on with a call that another node has forwarded: it is never answered', async () => {
    const release = await simulator.holdLock('vm:200', 60_000, 'pve2');
    const pending = pve.post('/nodes/pve2/qemu', { vmid: 200, scsi0: 'local-lvm:1' });
    await until(() => simulator.journal.entries.some(({ method }) => method === 'POST'));
    await simulator.clock.sleep(1000);
    await simulator.setNodeOnline('pve2', false);
    release?.();
    await simulator.setNodeOnline('pve2', true);
    const reply = await pending;
    expect([reply.status, reply.reason]).toEqual([596, 'Connection timed out']);
    await settle();
    expect(simulator.world.guests[200]).toBeUndefined();
  });

  test('cuts a call that was still held up when it went', async () => {
    inject({ method: 'PUT', node: 'pve2', action: { delayMs: 2000 } });
    const other = pveClient(simulator, { node: 'pve2' });
    const pending = other.put('/nodes/pve2/qemu/9001/config', { tags: 'late' });
    const refused = expect(pending).rejects.toThrow();
    await until(() => simulator.journal.entries.some(({ method }) => method === 'PUT'));
    await simulator.setNodeOnline('pve2', false);
    await refused;
    await settle();
    expect(simulator.world.guests[9001]?.config['tags']).toBe('template;ubuntu');
    await other.close();
  });

  test.each([
    ['a reboot', 'reboot', false],
    ['a start under HA', 'start', true],
  ])('does not bring a guest up that %s was about to start', async (_, act, ha) => {
    const root = pveClient(simulator, { token: simulator.rootToken });
    await root.task('post', '/nodes/pve2/qemu/9001/clone', { newid: 210 });
    if (ha) await root.post('/cluster/ha/resources', { sid: 'vm:210', state: 'stopped' });
    else await root.task('post', '/nodes/pve2/qemu/210/status/start');
    expect(await root.task('post', `/nodes/pve2/qemu/210/status/${act}`)).toBe('OK');
    const before = rowsOf(await root.get('/cluster/tasks')).length;
    await simulator.setNodeOnline('pve2', false);
    await settle();
    expect(simulator.world.guests[210]?.run).toBeUndefined();
    expect(rowsOf(await root.get('/cluster/tasks'))).toHaveLength(before);
    await root.close();
  });
});
