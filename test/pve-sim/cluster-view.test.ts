// How far the cluster's list lags, and what in it does not (pve-behaviour 7, 26; recording one-node/90).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 20 });
  pve = pveClient(simulator);
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const rowOf = async (vmid: number): Promise<Record<string, unknown> | undefined> =>
  rowsOf(await pve.get('/cluster/resources', { type: 'vm' })).find((row) => row['vmid'] === vmid);

async function secondsUntil(
  vmid: number,
  isEnough: (row: Record<string, unknown> | undefined) => boolean,
): Promise<number> {
  const started = simulator.clock.now();
  await eventually(simulator.clock, async () => rowOf(vmid), isEnough);
  return (simulator.clock.now() - started) / 1000;
}

test('guests that were there from the start are known at once, containers among them', async () => {
  expect(await rowOf(9000)).toMatchObject({
    id: 'qemu/9000',
    node: 'pve1',
    name: 'debian-12-template',
    template: 1,
    status: 'stopped',
  });
  expect(await rowOf(101)).toMatchObject({ id: 'lxc/101', type: 'lxc', node: 'pve3' });
});

test('a new guest shows id, node, tags and pool at once, but status unknown and no name for up to 12 s', async () => {
  await pve.task('post', '/nodes/pve1/qemu', { vmid: 110, name: 'fresh', tags: 't1', pool: 'virtrigaud', memory: 64 });
  const first = await rowOf(110);
  expect(first).toMatchObject({ id: 'qemu/110', node: 'pve1', tags: 't1', pool: 'virtrigaud' });
  // The row that is seen first: another answer may still be an older one.
  let seen: unknown;
  const seconds = await secondsUntil(110, (row) => {
    seen = row;
    return row?.['name'] === 'fresh';
  });
  expect(seconds).toBeLessThan(14);
  expect(seen).toMatchObject({ status: 'stopped', maxmem: 64 * 1024 ** 2, template: 0 });
});

test('a lock and tags show at once, name and status later', async () => {
  await pve.put('/nodes/pve1/qemu/110/config', { name: 'renamed', tags: 't2' });
  expect(await rowOf(110)).toMatchObject({ tags: 't2' });
  await pve.task('post', '/nodes/pve1/qemu/110/status/start');
  await secondsUntil(110, (row) => row?.['name'] === 'renamed' && row['status'] === 'running');
  await pve.task('post', '/nodes/pve1/qemu/110/status/suspend');
  await secondsUntil(110, (row) => row?.['status'] === 'paused');
  await pve.task('post', '/nodes/pve1/qemu/110/status/stop');
});

test('a deleted guest is gone at once, and its successor bears its name until it is seen anew', async () => {
  await pve.task('del', '/nodes/pve1/qemu/110');
  expect(await rowOf(110)).toBeUndefined();
  await pve.task('post', '/nodes/pve1/qemu', { vmid: 110, name: 'successor' });
  expect(await rowOf(110)).toMatchObject({ name: 'renamed' });
  await secondsUntil(110, (row) => row?.['name'] === 'successor');
});

test('two API workers may disagree for a while: answers go back and forth', async () => {
  const clients = Array.from({ length: 9 }, () => pveClient(simulator));
  const names = async (): Promise<Set<unknown>> => {
    const answers = await Promise.all(
      clients.map(async (client) => rowsOf(await client.get('/cluster/resources', { type: 'vm' }))),
    );
    return new Set(answers.map((rows) => rows.find((row) => row['vmid'] === 110)?.['name']));
  };
  await names();
  const disagreed = await (async () => {
    for (let round = 0; round < 20; round += 1) {
      await pve.put('/nodes/pve1/qemu/110/config', { name: `round-${round}` });
      const seen = await eventually(simulator.clock, names, (set) => set.size > 1 || set.has(`round-${round}`));
      if (seen.size > 1) return true;
    }
    return false;
  })();
  expect(disagreed).toBe(true);
  await Promise.all(clients.map(async (client) => client.close()));
});

test('what a node has not told for 5 minutes is unknown', async () => {
  const fast = await startSimulator({ cluster: 'three-node', timeScale: 200 });
  const client = pveClient(fast);
  const status = async (): Promise<unknown> =>
    rowsOf(await client.get('/cluster/resources', { type: 'vm' })).find((row) => row['vmid'] === 100)?.['status'];
  await fast.setNodeOnline('pve3', false);
  const since = fast.clock.now();
  expect(await status()).toBe('stopped');
  await eventually(fast.clock, status, (now) => now === 'unknown');
  expect((fast.clock.now() - since) / 1000).toBeGreaterThan(280);
  await client.close();
  await fast.stop();
});
