// Every kind of fault, and what is left after it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultRule } from '#pve-sim/faults';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;

beforeEach(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 50 });
  pve = pveClient(simulator);
});

afterEach(async () => {
  await pve.close();
  await simulator.stop();
});

const inject = (...rules: FaultRule[]): void => simulator.faults.add(rules);
const volumesOf = (id: number): unknown[] => Object.values(simulator.world.volumes).filter(({ vmid }) => vmid === id);

describe('on a request', () => {
  test('an answer instead of the work', async () => {
    inject({
      method: 'GET',
      path: '^/version$',
      count: 1,
      action: { answer: { status: 596, reason: 'Connection timed out' } },
    });
    const first = await pve.get('/version');
    expect([first.status, first.reason, first.text]).toEqual([596, 'Connection timed out', '']);
    expect((await pve.get('/version')).status).toBe(200);
  });

  test('a delay', async () => {
    inject({ path: '^/version$', action: { delayMs: 5000 } });
    const started = simulator.clock.now();
    await pve.get('/version');
    expect(simulator.clock.now() - started).toBeGreaterThanOrEqual(5000);
  });

  test('a slow handler: 596 after 30 s, and the work is done all the same', async () => {
    inject({ method: 'PUT', path: '/config$', action: { slowMs: 40_000 } });
    const started = simulator.clock.now();
    const reply = await pve.put('/nodes/pve1/qemu/9000/config', { tags: 'late' });
    expect([reply.status, reply.reason, reply.text]).toEqual([596, 'Connection timed out', '']);
    expect(simulator.clock.now() - started).toBeLessThan(40_000);
    expect(simulator.world.guests[9000]?.config['tags']).toBeUndefined();
    const tags = async (): Promise<unknown> => objectOf(await pve.get('/nodes/pve1/qemu/9000/config'))['tags'];
    expect(await eventually(simulator.clock, tags, (found) => found !== undefined)).toBe('late');
  });

  test('cut before: nothing is done', async () => {
    inject({ method: 'PUT', action: { dropBefore: true } });
    await expect(pve.put('/nodes/pve1/qemu/9000/config', { tags: 'x' })).rejects.toThrow();
    expect(simulator.world.guests[9000]?.config['tags']).toBeUndefined();
    expect(simulator.journal.entries.at(-1)).toMatchObject({ method: 'PUT', status: undefined });
  });

  test('cut after: the work is done, the answer never comes', async () => {
    inject({ method: 'PUT', action: { dropAfter: true } });
    await expect(pve.put('/nodes/pve1/qemu/9000/config', { tags: 'x' })).rejects.toThrow();
    expect(simulator.world.guests[9000]?.config['tags']).toBe('x');
    expect(simulator.journal.entries.at(-1)).toMatchObject({ method: 'PUT', status: 200 });
  });

  test('a node that goes down under it', async () => {
    inject({ path: '^/nodes/pve2/qemu$', action: { nodeDown: 'pve2' } });
    expect((await pve.get('/nodes/pve2/qemu')).status).toBe(595);
    expect(simulator.world.nodes['pve2']?.online).toBe(false);
  });

  test('only where node, method and path fit, after some were let through, so many times', async () => {
    const action = { answer: { status: 500, reason: 'no' } };
    inject({ node: 'pve2', method: 'GET', path: '^/version$', skip: 1, count: 2, action });
    const other = pveClient(simulator, { node: 'pve2' });
    const statuses: number[] = [];
    for (let round = 0; round < 5; round += 1) statuses.push((await other.get('/version')).status);
    expect(statuses).toEqual([200, 500, 500, 200, 200]);
    expect((await pve.get('/version')).status).toBe(200);
    await other.close();
  });

  test('each so-many-th', async () => {
    const action = { answer: { status: 500, reason: 'no' } };
    inject({ path: '^/version$', skip: 1, every: 3, count: 2, action });
    const statuses: number[] = [];
    for (let round = 0; round < 9; round += 1) statuses.push((await pve.get('/version')).status);
    expect(statuses).toEqual([200, 500, 200, 200, 500, 200, 200, 200, 200]);
  });

  test('by chance, which the seed decides', async () => {
    const failures = async (seed: number): Promise<string> => {
      const faults = [{ probability: 0.5, action: { answer: { status: 500, reason: 'no' } } }];
      const seeded = await startSimulator({ seed, tls: false, faults });
      const client = pveClient(seeded);
      let pattern = '';
      for (let round = 0; round < 20; round += 1) pattern += (await client.get('/version')).status === 200 ? '.' : 'x';
      await client.close();
      await seeded.stop();
      return pattern;
    };
    const first = await failures(7);
    expect(first).toMatch(/x/);
    expect(first).toMatch(/\./);
    expect(await failures(7)).toBe(first);
    expect(await failures(8)).not.toBe(first);
  });
});

describe('on a worker', () => {
  test('SIGTERM lets it clean up', async () => {
    inject({ task: 'qmclone', count: 1, action: { killWorker: 'TERM', afterMs: 1500 } });
    const exit = await pve.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 200, full: 1 });
    // While it allocates, or while it copies.
    expect(exit).toMatch(/^clone failed: (?:copy failed: command '.*' failed: )?interrupted by signal$/);
    expect((await pve.get('/nodes/pve1/qemu/200/config')).status).toBe(500);
    expect(volumesOf(200)).toEqual([]);
  });

  test('SIGKILL leaves the locked stub and its volumes, and frees the flocks', async () => {
    inject({ task: 'qmclone', count: 1, action: { killWorker: 'KILL', afterMs: 1500 } });
    expect(await pve.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 200, full: 1 })).toBe('unexpected status');
    expect(objectOf(await pve.get('/nodes/pve1/qemu/200/config'))).toMatchObject({ lock: 'clone' });
    expect(volumesOf(200).length).toBeGreaterThan(0);
    expect(await pve.task('del', '/nodes/pve1/qemu/200')).toBe('VM is locked (clone)');
    expect((await pve.post('/nodes/pve1/qemu/9000/clone', { newid: 200 })).reason).toBe(
      'unable to create VM 200: config file already exists',
    );
    expect(await pve.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 201, full: 1 })).toBe('OK');
  });

  test('that cannot be started leaves a create’s stub, with a task nobody can ask about', async () => {
    inject({ task: 'qmcreate', count: 1, action: { noWorker: true } });
    const reply = await pve.post('/nodes/pve1/qemu', { vmid: 200, scsi0: 'local-lvm:1' });
    expect([reply.status, reply.reason]).toEqual([500, 'got no worker upid - start worker failed']);
    expect(objectOf(await pve.get('/nodes/pve1/qemu/200/config'))).toMatchObject({ lock: 'create' });
    const listed = rowsOf(await pve.get('/nodes/pve1/tasks', { source: 'all', typefilter: 'qmcreate' }));
    expect(listed).toHaveLength(1);
    expect((await pve.get(`/nodes/pve1/tasks/${String(listed[0]?.['upid'])}/status`)).status).toBe(500);
    // Until the status daemon has looked who is still there.
    await eventually(
      simulator.clock,
      async () => rowsOf(await pve.get('/nodes/pve1/tasks', { source: 'active', typefilter: 'qmcreate' })),
      (active) => active.length === 0,
    );
    expect(await pve.task('del', '/nodes/pve1/qemu/200')).toBe('VM is locked (create)');
  });

  test('on a delete it is harmless', async () => {
    await pve.task('post', '/nodes/pve1/qemu', { vmid: 200, scsi0: 'local-lvm:1' });
    inject({ task: 'qmdestroy', count: 1, action: { noWorker: true } });
    expect((await pve.del('/nodes/pve1/qemu/200')).status).toBe(500);
    expect(await pve.task('del', '/nodes/pve1/qemu/200')).toBe('OK');
  });
});

describe('a node that is off', () => {
  test('is answered 595 by the others after 3 s, and refuses connections itself', async () => {
    await simulator.setNodeOnline('pve2', false);
    const started = simulator.clock.now();
    const reply = await pve.get('/nodes/pve2/qemu/9001/config');
    expect([reply.status, reply.reason, reply.text]).toEqual([595, 'No route to host', '']);
    expect(simulator.clock.now() - started).toBeGreaterThan(2900);
    await expect(pveClient(simulator, { node: 'pve2' }).get('/version')).rejects.toThrow();
    await simulator.sim.membership.settled();
    expect(rowsOf(await pve.get('/nodes')).map(({ node, status }) => [node, status])).toEqual([
      ['pve1', 'online'],
      ['pve2', 'offline'],
      ['pve3', 'online'],
    ]);
    await simulator.setNodeOnline('pve2', true);
    const back = pveClient(simulator, { node: 'pve2' });
    expect((await back.get('/nodes/pve2/qemu/9001/config')).status).toBe(200);
    await back.close();
  });

  test('has lost its tasks and its running guests', async () => {
    await pve.task('post', '/nodes/pve2/qemu/9001/clone', { newid: 210 });
    await pve.task('post', '/nodes/pve2/qemu/210/status/start');
    const started = await pve.post('/nodes/pve2/qemu/9001/clone', { newid: 211, full: 1 });
    await eventually(
      simulator.clock,
      async () => simulator.world.guests[211],
      (guest) => guest !== undefined,
    );
    await simulator.setNodeOnline('pve2', false);
    await simulator.setNodeOnline('pve2', true);
    expect(await pve.exitOf(started.data)).toBe('unexpected status');
    expect(objectOf(await pve.get('/nodes/pve2/qemu/210/status/current'))['status']).toBe('stopped');
    expect(objectOf(await pve.get('/nodes/pve2/qemu/211/config'))).toMatchObject({ lock: 'clone' });
  });

  test('that hangs is answered 596 after 30 s', async () => {
    await simulator.setDaemon('pve2', 'api', 'frozen');
    const started = simulator.clock.now();
    expect((await pve.get('/nodes/pve2/qemu')).status).toBe(596);
    expect(simulator.clock.now() - started).toBeGreaterThan(29_000);
  });
});

describe('without quorum', () => {
  beforeEach(async () => {
    await pve.task('post', '/nodes/pve1/qemu', { vmid: 220, scsi0: 'local-lvm:1' });
    await pve.task('post', '/nodes/pve1/qemu', { vmid: 221, scsi0: 'local-lvm:1' });
    await simulator.setNodeOnline('pve2', false);
    await simulator.setNodeOnline('pve3', false);
    await simulator.sim.membership.settled();
  });

  const denied = (id: number): RegExp =>
    new RegExp(`unable to open file '/etc/pve/nodes/pve1/qemu-server/${id}\\.conf\\.tmp\\.\\d+' - Permission denied`);

  test('reads work, the status says so, and writes are refused', async () => {
    const [head] = rowsOf(await pve.get('/cluster/status'));
    expect(head).toMatchObject({ type: 'cluster', quorate: 0 });
    expect((await pve.get('/nodes/pve1/qemu/220/config')).status).toBe(200);
    expect((await pve.post('/nodes/pve1/qemu', { vmid: 230 })).reason).toBe('cluster not ready - no quorum?');
    expect((await pve.post('/nodes/pve1/qemu/220/status/start')).reason).toBe('cluster not ready - no quorum?');
    expect((await pve.put('/nodes/pve1/qemu/220/config', { cores: 2 })).reason).toMatch(denied(220));
    const root = pveClient(simulator, { token: simulator.rootToken });
    expect((await root.post('/pools', { poolid: 'p' })).reason).toBe(
      "create pool failed: cfs-lock 'file-user_cfg' error: no quorum!",
    );
    await root.close();
  });

  test('a delete frees the disks before it finds that it may not write', async () => {
    expect(await pve.task('del', '/nodes/pve1/qemu/220')).toMatch(denied(220));
    expect(volumesOf(220)).toEqual([]);
    expect(objectOf(await pve.get('/nodes/pve1/qemu/220/config'))).toHaveProperty('scsi0');
  });

  test('a resize grows the image and not the config', async () => {
    expect(await pve.task('put', '/nodes/pve1/qemu/221/resize', { disk: 'scsi0', size: '+1G' })).toMatch(denied(221));
    expect(volumesOf(221)).toMatchObject([{ sizeBytes: 2 * 1024 ** 3 }]);
    expect(objectOf(await pve.get('/nodes/pve1/qemu/221/config'))['scsi0']).toContain('size=1G');
  });
});
