// The HA managers at work (pve-behaviour 12, 19, 27.12; recording two-node/12). Fencing was not recorded.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { cutNetwork } from '#pve-sim/nodes/power';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;

/** The guest is on pve1, or elsewhere; the master is pve1. */
async function start(profile = '9.1', node = 'pve1'): Promise<void> {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 200, profile });
  pve = pveClient(simulator, { token: simulator.rootToken, node: 'pve2' });
  expect(await pve.task('post', `/nodes/${node}/qemu`, { vmid: 300, memory: 64, scsi0: 'shared:1' })).toBe('OK');
}

afterEach(async () => {
  await pve.close();
  await simulator.stop();
});

const guest = () => simulator.world.guests[300];
const service = () => simulator.world.ha.status.services['vm:300'];
const add = async (params: Record<string, string | number> = {}) => {
  const reply = await pve.post('/cluster/ha/resources', { sid: 'vm:300', state: 'started', ...params });
  expect([reply.status, reply.reason]).toEqual([200, 'OK']);
};

async function until(isSo: () => boolean): Promise<void> {
  await eventually(
    simulator.clock,
    async () => await Promise.resolve(isSo()),
    (so) => so,
  );
}

const runsOn = (node: string): boolean => guest()?.node === node && guest()?.run !== undefined;
const serviceRow = async () =>
  rowsOf(await pve.get('/cluster/ha/status/current')).find(({ id }) => id === 'service:vm:300');

describe('a guest under HA', () => {
  beforeEach(async () => {
    await start();
    await add();
    await until(() => runsOn('pve1') && service()?.running === true);
  });

  test('is started by the manager, and shown as its service', async () => {
    expect(await serviceRow()).toMatchObject({ node: 'pve1', state: 'started', crm_state: 'started' });
    const rows = rowsOf(await pve.get('/cluster/ha/status/current'));
    expect(rows.find(({ id }) => id === 'lrm:pve1')?.['status']).toMatch(/^pve1 \(active, watchdog active, /);
    expect(rows.find(({ id }) => id === 'lrm:pve3')?.['status']).toMatch(/^pve3 \(idle, watchdog standby, /);
    const resource = rowsOf(await pve.get('/cluster/resources', { type: 'vm' })).find(({ vmid }) => vmid === 300);
    expect(resource).toMatchObject({ hastate: 'started' });
    expect(objectOf(await pve.get('/cluster/ha/status/manager_status'))).toMatchObject({
      manager_status: { master_node: 'pve1', service_status: { 'vm:300': { node: 'pve1', state: 'started' } } },
    });
  });

  test('is stopped by a request that is done long before, and by force at once', async () => {
    expect(await pve.task('post', '/nodes/pve1/qemu/300/status/stop')).toBe('OK');
    expect([guest()?.run === undefined, simulator.world.ha.resources['vm:300']?.options['state']]).toEqual([
      false,
      'started',
    ]);
    await until(() => guest()?.run === undefined);
    expect(simulator.world.ha.resources['vm:300']?.options['state']).toBe('stopped');
    await until(() => service()?.state === 'stopped');
    const byRoot = Object.values(simulator.world.tasks).filter(
      ({ type, user }) => type === 'qmstop' && user === 'root@pam',
    );
    expect(byRoot).toHaveLength(1);
    expect(await pve.task('post', '/nodes/pve1/qemu/300/status/start')).toBe('OK');
    await until(() => runsOn('pve1'));
  });

  test('comes back after a crash', async () => {
    const before = guest()?.run?.pid;
    const running = guest();
    if (running !== undefined) running.run = undefined;
    await until(() => runsOn('pve1'));
    expect(guest()?.run?.pid).not.toBe(before);
  });

  test('is moved by the manager: online on a request to migrate, stopped in between on one to relocate', async () => {
    const params = { target: 'pve3', online: 1 };
    expect(await pve.task('post', '/nodes/pve1/qemu/300/migrate', params)).toBe('OK');
    expect(guest()?.node).toBe('pve1');
    await until(() => runsOn('pve3') && service()?.state === 'started');
    const moved = Object.values(simulator.world.tasks).find(({ type }) => type === 'qmigrate');
    expect(moved).toMatchObject({ node: 'pve1', user: 'root@pam', exitstatus: 'OK' });
    const reply = await pve.post('/cluster/ha/resources/vm:300/relocate', { node: 'pve2' });
    expect(reply.data).toEqual({ sid: 'vm:300', 'requested-node': 'pve2' });
    await until(() => service()?.state === 'relocate');
    await until(() => guest()?.run === undefined);
    await until(() => runsOn('pve2'));
  });

  test('is not deleted without purge, and shows as being deleted for a while with it', async () => {
    await pve.task('post', '/nodes/pve1/qemu/300/status/stop');
    await until(() => service()?.state === 'stopped');
    expect((await pve.del('/nodes/pve1/qemu/300')).reason).toMatch(/^unable to remove VM 300 - used in HA resources/);
    expect(await pve.task('del', '/nodes/pve1/qemu/300', { purge: 1 })).toBe('OK');
    expect(await serviceRow()).toMatchObject({ state: 'deleting', status: 'vm:300 (pve1, deleting)' });
    await until(() => service() === undefined);
  });

  test('does not run on in a part of the network without quorum: its node resets itself before it is recovered', async () => {
    cutNetwork(simulator.sim, [['pve1'], ['pve2', 'pve3']]);
    await until(() => simulator.world.nodes['pve1']?.online === false);
    expect(guest()).toMatchObject({ node: 'pve1', run: undefined });
    await until(() => guest()?.node !== 'pve1' && guest()?.run !== undefined);
    cutNetwork(simulator.sim, []);
    await until(() => simulator.world.nodes['pve1']?.online === true);
  });
});

describe('a guest under HA whose node loses its power', () => {
  beforeEach(async () => {
    await start('9.1', 'pve3');
    await add();
    await until(() => runsOn('pve3'));
  });

  test('is recovered on another node two minutes after its node has lost power, and stays there', async () => {
    const lostAt = simulator.clock.now();
    await simulator.setNodeOnline('pve3', false);
    await until(() => service()?.state === 'fence');
    expect((simulator.clock.now() - lostAt) / 1000).toBeGreaterThan(55);
    expect(guest()?.node).toBe('pve3');
    await until(() => guest()?.node !== 'pve3' && guest()?.run !== undefined);
    expect((simulator.clock.now() - lostAt) / 1000).toBeGreaterThan(115);
    const recoveredOn = guest()?.node;
    await simulator.setNodeOnline('pve3', true);
    await simulator.sim.membership.settled();
    expect((await pve.get('/nodes/pve3/qemu/300/config')).reason).toMatch(/does not exist/);
    expect(guest()?.node).toBe(recoveredOn);
  });

  test('is left where it is by a node that is back in time', async () => {
    await simulator.setNodeOnline('pve3', false);
    await until(() => simulator.world.ha.status.nodes['pve3']?.state === 'unknown');
    await simulator.setNodeOnline('pve3', true);
    await until(() => runsOn('pve3'));
  });
});

test('a guest that does not start is tried again, given to another node, and then to none', async () => {
  await start();
  const broken = guest();
  if (broken !== undefined) broken.config['net0'] = 'virtio=BC:24:11:00:00:01,bridge=vmbr77';
  await add();
  await until(() => service()?.state === 'error');
  const starts = Object.values(simulator.world.tasks).filter(({ type, id }) => type === 'qmstart' && id === '300');
  expect(starts.map(({ node }) => node)).toEqual(['pve1', 'pve1', guest()?.node, guest()?.node]);
  expect(guest()?.node).not.toBe('pve1');
  expect((await pve.post('/cluster/ha/resources/vm:300/migrate', { node: 'pve1' })).reason).toBe(
    "service 'vm:300' in error state, must be disabled and fixed first",
  );
  await pve.put('/cluster/ha/resources/vm:300', { state: 'disabled' });
  await until(() => service()?.state === 'stopped');
});

describe('a guest is placed', () => {
  test('by a group, on 8.4', async () => {
    await start('8.4');
    await pve.post('/cluster/ha/groups', { group: 'g1', nodes: 'pve3', restricted: 1 });
    await add({ group: 'g1' });
    await until(() => runsOn('pve3'));
  });

  test('by the priorities of a rule, on 9.1, and goes back to the best node', async () => {
    await start();
    await add({ state: 'stopped' });
    const rule = { rule: 'r1', type: 'node-affinity', resources: 'vm:300', nodes: 'pve2:2,pve3:1' };
    expect((await pve.post('/cluster/ha/rules', rule)).status).toBe(200);
    await pve.put('/cluster/ha/resources/vm:300', { state: 'started' });
    await until(() => runsOn('pve2'));
  });
});
