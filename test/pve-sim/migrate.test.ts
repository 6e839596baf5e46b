// Moving guests between nodes (pve-behaviour 19; recordings two-node/07, 08 and 11).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually, watch } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 50 });
  pve = pveClient(simulator, { token: simulator.rootToken });
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const SHARED = 'shared:1,format=qcow2';

async function made(vmid: number, params: Record<string, string | number>, node = 'pve1'): Promise<void> {
  expect(await pve.task('post', `/nodes/${node}/qemu`, { vmid, memory: 64, ...params })).toBe('OK');
}

const migrate = async (vmid: number, params: Record<string, string | number>, node = 'pve1') =>
  await pve.post(`/nodes/${node}/qemu/${vmid}/migrate`, params);

const guestOf = (vmid: number) => simulator.world.guests[vmid];

describe('a migration is refused at once', () => {
  beforeAll(async () => {
    await made(300, { scsi0: SHARED });
    expect(await pve.task('post', '/nodes/pve1/qemu/300/status/start')).toBe('OK');
    await made(301, { scsi0: SHARED });
  });

  test.each([
    ['to the node it is on', 300, { target: 'pve1' }, 400, 'Parameter verification failed.'],
    ['to a node that is not there', 300, { target: 'nosuch' }, 500, "no such cluster node 'nosuch'"],
    ['of a running guest without online', 300, { target: 'pve2' }, 500, "can't migrate running VM without --online"],
    ['of a guest that is not there', 999, { target: 'pve2' }, 500, /^Configuration file .* does not exist$/],
    ['with options of root', 301, { target: 'pve2', force: 1 }, 400, 'Parameter verification failed.'],
    [
      'onto a storage that is not there',
      301,
      { target: 'pve2', targetstorage: 'nosuch' },
      500,
      /'nosuch' does not exist/,
    ],
    [
      'with a map that maps twice',
      301,
      { target: 'pve2', targetstorage: 'shared:local-lvm,shared:shared' },
      400,
      /^Par/,
    ],
  ])('%s', async (_, vmid, params, status, reason) => {
    const reply = await migrate(vmid, params);
    expect([reply.status, reply.reason]).toEqual([
      status,
      typeof reason === 'string' ? reason : expect.stringMatching(reason),
    ]);
  });

  test('of a locked guest, by whatever lock', async () => {
    const guest = guestOf(301);
    if (guest !== undefined) guest.config['lock'] = 'backup';
    expect((await migrate(301, { target: 'pve2' })).reason).toBe('VM is locked (backup)');
    expect((await pve.get('/nodes/pve1/qemu/301/migrate')).reason).toBe('VM is locked (backup)');
    delete guest?.config['lock'];
  });
});

describe('a stopped guest', () => {
  test('on shared storage is locked, appears on the target, and is unlocked there', async () => {
    await made(310, { scsi0: SHARED, tags: 'moves' });
    const reply = await migrate(310, { target: 'pve2' });
    const seen = await watch(
      simulator.clock,
      async () => await Promise.resolve([guestOf(310)?.node, guestOf(310)?.config['lock']]),
      () => simulator.world.tasks[String(reply.data)]?.exitstatus !== undefined,
    );
    expect(await pve.exitOf(reply.data)).toBe('OK');
    expect(seen.filter(([node]) => node === 'pve2').at(0)).toEqual(['pve2', 'migrate']);
    expect(seen.at(-1)).toEqual(['pve2', undefined]);
    expect((await pve.get('/nodes/pve1/qemu/310/config')).reason).toMatch(/does not exist/);
    expect(objectOf(await pve.get('/nodes/pve2/qemu/310/config'))).toMatchObject({ tags: 'moves' });
  });

  test('takes its local disks along, asked or not, and leaves none behind', async () => {
    await made(311, { scsi0: 'local-lvm:1' });
    expect(await pve.task('post', '/nodes/pve1/qemu/311/migrate', { target: 'pve3' })).toBe('OK');
    const held = Object.values(simulator.world.volumes).filter(({ vmid }) => vmid === 311);
    expect(held.map(({ volid, node }) => [volid, node])).toEqual([['local-lvm:vm-311-disk-0', 'pve3']]);
    expect(await pve.task('post', '/nodes/pve3/qemu/311/status/start')).toBe('OK');
    await pve.task('post', '/nodes/pve3/qemu/311/status/stop');
  });

  test('gets another storage where one is named', async () => {
    await made(312, { scsi0: 'local-lvm:1' });
    const params = { target: 'pve2', targetstorage: 'local-lvm:shared' };
    expect(await pve.task('post', '/nodes/pve1/qemu/312/migrate', params)).toBe('OK');
    expect(guestOf(312)?.config['scsi0']).toMatch(/^shared:312\/vm-312-disk-0\.raw,size=1G$/);
  });

  test.each([
    ['a local ISO', { ide2: 'local:iso/none.iso,media=cdrom' }, 'local cdrom image'],
    ['a device of the host', {}, "can't migrate VM which uses local devices: hostpci0"],
  ])('does not leave with %s', async (what, params, line) => {
    const vmid = what === 'a local ISO' ? 313 : 314;
    await made(vmid, { scsi0: SHARED });
    Object.assign(guestOf(vmid)?.config ?? {}, params, vmid === 314 ? { hostpci0: '0000:01:00.0' } : {});
    const reply = await migrate(vmid, { target: 'pve2' });
    expect(await pve.exitOf(reply.data)).toBe('migration aborted');
    expect(simulator.world.tasks[String(reply.data)]?.log.join('\n')).toContain(line);
    expect([guestOf(vmid)?.node, guestOf(vmid)?.config['lock']]).toEqual(['pve1', undefined]);
  });

  test('stays where the target is off, although the call was taken', async () => {
    await made(315, { scsi0: SHARED });
    await simulator.setNodeOnline('pve3', false);
    await simulator.sim.membership.settled();
    expect(await pve.task('post', '/nodes/pve1/qemu/315/migrate', { target: 'pve3' })).toBe('migration aborted');
    expect(guestOf(315)?.node).toBe('pve1');
    await simulator.setNodeOnline('pve3', true);
    await simulator.sim.membership.settled();
  });

  test('lets nobody change it meanwhile: a write waits for its flock, and then finds it gone', async () => {
    await made(317, { scsi0: 'local-lvm:1' });
    const reply = await migrate(317, { target: 'pve2', bwlimit: 204_800 });
    await eventually(
      simulator.clock,
      async () => await Promise.resolve(guestOf(317)?.config['lock']),
      (lock) => lock === 'migrate',
    );
    const late = await pve.put('/nodes/pve1/qemu/317/config', { tags: 'late' });
    expect(late.reason).toBe("Configuration file 'nodes/pve1/qemu-server/317.conf' does not exist");
    expect(await pve.exitOf(reply.data)).toBe('OK');
    expect(guestOf(317)?.config['tags']).toBeUndefined();
  });

  test('stays locked where the worker is killed', async () => {
    await made(316, { scsi0: SHARED });
    const reply = await migrate(316, { target: 'pve2' });
    const isLocked = async () => await Promise.resolve(guestOf(316)?.config['lock'] === 'migrate');
    await eventually(simulator.clock, isLocked, (locked) => locked);
    simulator.sim.tasks.killAll('pve1');
    expect(await pve.exitOf(reply.data)).toBe('unexpected status');
    expect(guestOf(316)?.config['lock']).toBe('migrate');
  });
});

describe('a running guest', () => {
  test('goes on running on the other node, with its addresses, as the same paused or running guest', async () => {
    await made(320, { scsi0: SHARED, net0: 'virtio,bridge=vmbr0' });
    await pve.task('post', '/nodes/pve1/qemu/320/status/start');
    const before = guestOf(320)?.run;
    const reply = await migrate(320, { target: 'pve2', online: 1 });
    const seen = await watch(
      simulator.clock,
      async () => await Promise.resolve([guestOf(320)?.node, guestOf(320)?.run?.qmpStatus]),
      () => guestOf(320)?.node === 'pve2',
    );
    expect(seen).toContainEqual(['pve1', 'postmigrate']);
    expect(await pve.exitOf(reply.data)).toBe('OK');
    expect(guestOf(320)?.run).toMatchObject({ qmpStatus: 'running', addresses: before?.addresses });
    await pve.task('post', '/nodes/pve2/qemu/320/status/suspend');
    expect(await pve.task('post', '/nodes/pve2/qemu/320/migrate', { target: 'pve1', online: 1 })).toBe('OK');
    expect(objectOf(await pve.get('/nodes/pve1/qemu/320/status/current'))).toMatchObject({ qmpstatus: 'paused' });
  });

  test('takes local disks along where asked to, and has their format written out', async () => {
    await made(321, { scsi0: 'local-lvm:1' });
    await pve.task('post', '/nodes/pve1/qemu/321/status/start');
    const plain = { target: 'pve2', online: 1 };
    expect(await pve.task('post', '/nodes/pve1/qemu/321/migrate', plain)).toBe('migration aborted');
    expect(guestOf(321)).toMatchObject({ node: 'pve1', run: { qmpStatus: 'running' } });
    expect(await pve.task('post', '/nodes/pve1/qemu/321/migrate', { ...plain, 'with-local-disks': 1 })).toBe('OK');
    expect(guestOf(321)?.config['scsi0']).toBe('local-lvm:vm-321-disk-0,format=raw,size=1G');
  });

  test('is not lost where the target goes meanwhile', async () => {
    await made(322, { scsi0: SHARED, memory: 64 });
    await pve.task('post', '/nodes/pve1/qemu/322/status/start');
    const reply = await migrate(322, { target: 'pve3', online: 1, bwlimit: 4096 });
    const log = (): string => simulator.world.tasks[String(reply.data)]?.log.join('\n') ?? '';
    await eventually(
      simulator.clock,
      async () => await Promise.resolve(log()),
      (text) => text.includes('start migrate command'),
    );
    await simulator.setNodeOnline('pve3', false);
    expect(await pve.exitOf(reply.data)).toBe('migration problems');
    expect(guestOf(322)).toMatchObject({ node: 'pve1', run: { qmpStatus: 'running' } });
    expect(guestOf(322)?.config['lock']).toBeUndefined();
    await simulator.setNodeOnline('pve3', true);
    await simulator.sim.membership.settled();
  });
});

test('preconditions name the nodes a guest can go to, and what is local of it', async () => {
  await made(330, { scsi0: 'local-lvm:1', scsi1: SHARED });
  const conditions = objectOf(await pve.get('/nodes/pve1/qemu/330/migrate'));
  expect(conditions).toMatchObject({
    running: 0,
    allowed_nodes: ['pve2', 'pve3'],
    not_allowed_nodes: { pve2: {}, pve3: {} },
    local_disks: [{ volid: 'local-lvm:vm-330-disk-0', drivename: 'scsi0', size: 1024 ** 3, is_attached: 1 }],
  });
});

test('the right to migrate is asked for', async () => {
  const provider = pveClient(simulator);
  expect((await provider.post('/nodes/pve1/qemu/330/migrate', { target: 'pve2' })).reason).toMatch(
    /^Permission check failed \(\/vms\/330, VM\.Migrate\)$/,
  );
  expect(rowsOf(await provider.get('/nodes'))).toHaveLength(3);
  await provider.close();
});
