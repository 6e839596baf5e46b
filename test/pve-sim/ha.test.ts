// HA while no manager runs (pve-behaviour 19, recording one-node/110): resources, groups, rules, and what they do to guests.
import { afterEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let root: PveClient;

async function start(profile: string): Promise<void> {
  simulator = await startSimulator({ cluster: 'one-node', timeScale: 0, profile });
  simulator.world.ha.managers = [];
  root = pveClient(simulator, { token: simulator.rootToken });
  await root.task('post', '/nodes/pve/qemu', { vmid: 100 });
}

afterEach(async () => {
  await root.close();
  await simulator.stop();
});

const resources = '/cluster/ha/resources';
const add = async (params: Record<string, string | number>) => await root.post(resources, params);
const reasonOf = async (call: ReturnType<PveClient['get']>) => {
  const { status, reason } = await call;
  return `${status} ${reason}`;
};

describe('a resource', () => {
  test('shows what was said and no defaults, with the digest of all', async () => {
    await start('9.1');
    await add({ sid: '100', max_restart: 3, comment: 'c' });
    const row = objectOf(await root.get(`${resources}/vm:100`));
    expect(row).toEqual({ sid: 'vm:100', type: 'vm', max_restart: 3, comment: 'c', digest: row['digest'] });
    expect(rowsOf(await root.get(resources))).toEqual([row]);
    await root.put(`${resources}/vm:100`, { state: 'disabled', delete: 'comment', digest: String(row['digest']) });
    const changed = objectOf(await root.get(`${resources}/100`));
    expect(changed).toMatchObject({ state: 'disabled', max_restart: 3 });
    expect(changed).not.toHaveProperty('comment');
    expect(changed['digest']).not.toBe(row['digest']);
    expect(await reasonOf(root.put(`${resources}/vm:100`, { state: 'started', digest: String(row['digest']) }))).toBe(
      '500 update resources config failed: detected modified configuration - file changed by other user? Try again.',
    );
  });

  test.each([
    ['8.4', '200 OK'],
    ['9.1', "500 resource 'ct:100' - guest with ID 100 is not a container"],
  ])('of the wrong kind, on %s: %s', async (profile, expected) => {
    await start(profile);
    expect(await reasonOf(add({ sid: 'ct:100' }))).toBe(expected);
  });

  test('has to be there, once', async () => {
    await start('9.1');
    await add({ sid: 'vm:100' });
    expect(await reasonOf(add({ sid: '100' }))).toBe(
      "500 create resource failed: resource ID 'vm:100' already defined",
    );
    expect(await reasonOf(add({ sid: 'vm:999' }))).toBe("500 resource 'vm:999' does not exist in cluster");
    expect(await reasonOf(root.get(`${resources}/vm:999`))).toBe("500 no such resource 'vm:999'");
    expect(await reasonOf(root.put(`${resources}/vm:999`, { state: 'started' }))).toBe(
      "500 update resources config failed: no such resource 'vm:999'",
    );
  });

  test('makes a start a wish, and a stop a command that waits', async () => {
    await start('9.1');
    await add({ sid: 'vm:100', state: 'disabled' });
    expect(await root.task('post', '/nodes/pve/qemu/100/status/start')).toBe('OK');
    expect(simulator.world.ha.resources['vm:100']?.options['state']).toBe('started');
    const stop = await root.post('/nodes/pve/qemu/100/status/stop');
    expect(stop.data).toContain(':hastop:100:');
    await root.exitOf(stop.data);
    const status = objectOf(await root.get('/nodes/pve/qemu/100/status/current'));
    expect(status).toMatchObject({ status: 'stopped', ha: { managed: 1, state: null } });
    expect(simulator.world.ha.resources['vm:100']?.options['state']).toBe('started');
  });

  test('that is ignored leaves the guest to its callers', async () => {
    await start('9.1');
    await add({ sid: 'vm:100', state: 'ignored' });
    const reply = await root.post('/nodes/pve/qemu/100/status/start');
    expect(reply.data).toContain(':qmstart:100:');
    await root.exitOf(reply.data);
    expect(simulator.world.guests[100]?.run).toBeDefined();
  });

  test('is queued in the status, where 9.1 also tells of fencing', async () => {
    await start('9.1');
    await add({ sid: 'vm:100' });
    expect(rowsOf(await root.get('/cluster/ha/status/current'))).toEqual([
      { id: 'quorum', type: 'quorum', node: 'pve', quorate: 1, status: 'OK' },
      expect.objectContaining({ id: 'fencing', 'armed-state': 'standby' }),
      expect.objectContaining({ id: 'service:vm:100', state: 'queued', request_state: 'started', max_restart: 1 }),
    ]);
  });

  test('goes with a guest that is purged, and a rule that names it alone with it', async () => {
    await start('9.1');
    await add({ sid: 'vm:100' });
    await root.post('/cluster/ha/rules', { rule: 'r1', type: 'node-affinity', resources: 'vm:100', nodes: 'pve' });
    expect(rowsOf(await root.get('/cluster/ha/rules', { resource: 'vm:100' }))).toEqual([
      expect.objectContaining({ rule: 'r1', type: 'node-affinity', resources: 'vm:100', nodes: 'pve' }),
    ]);
    expect(await root.task('del', '/nodes/pve/qemu/100', { purge: 1 })).toBe('OK');
    expect(simulator.world.ha).toMatchObject({ resources: {}, rules: {} });
  });

  test('comes with a create, since 9.1', async () => {
    await start('9.1');
    await root.task('post', '/nodes/pve/qemu', { vmid: 101, 'ha-managed': 1 });
    expect(simulator.world.ha.resources['vm:101']?.options).toEqual({ state: 'stopped' });
  });
});

describe('groups and rules', () => {
  test('8.4 has groups, and no rules', async () => {
    await start('8.4');
    expect(await reasonOf(add({ sid: 'vm:100', group: 'g1' }))).toBe("500 HA group 'g1' does not exist");
    await root.post('/cluster/ha/groups', { group: 'g1', nodes: 'pve:2', restricted: 1 });
    await add({ sid: 'vm:100', group: 'g1' });
    expect(rowsOf(await root.get('/cluster/ha/groups'))).toEqual([
      { group: 'g1', type: 'group', nodes: 'pve:2', restricted: 1, digest: expect.any(String) },
    ]);
    expect(objectOf(await root.get('/nodes/pve/qemu/100/status/current'))['ha']).toMatchObject({ group: 'g1' });
    expect(await reasonOf(root.del('/cluster/ha/groups/g1'))).toBe(
      "500 delete ha group failed: ha group is used by service 'vm:100'",
    );
    expect((await root.get('/cluster/ha/rules')).status).toBe(501);
  });

  test('9.1 has rules, and says so where a group is named', async () => {
    await start('9.1');
    const migrated = 'ha groups have been migrated to rules';
    expect(await reasonOf(root.get('/cluster/ha/groups'))).toBe(`500 cannot index groups: ${migrated}`);
    expect(await reasonOf(add({ sid: 'vm:100', group: 'g1' }))).toBe(`500 invalid parameter 'group': ${migrated}`);
    const rule = { rule: 'r1', type: 'node-affinity', resources: 'vm:100', nodes: 'pve' };
    expect(await reasonOf(root.post('/cluster/ha/rules', rule))).toBe(
      '500 create ha rule failed: cannot use unmanaged resource(s) vm:100.',
    );
  });
});
