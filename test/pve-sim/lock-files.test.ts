// What every call on a guest makes of a lock file that somebody else holds for too long: which wait, and whether the call
// fails or its task (pve-behaviour 20, 27.1; recordings one-node/63 and 64).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { type Params, type PveClient, pveClient, rowsOf } from './pve-client.ts';

type Verb = 'post' | 'put' | 'del';
type Case = [name: string, verb: Verb, path: string, params: Params];

const RUNNING = 120;
const STOPPED = 121;
/** Stopped, without snapshots. */
const PLAIN = 122;
const LOCKED = (vmid: number): string => `can't lock file '/var/lock/qemu-server/lock-${vmid}.conf' - got timeout`;
const STORAGE_LOCKED = "can't lock file '/var/lock/pve-manager/pve-storage-local-lvm' - got timeout";
const on = (vmid: number, rest = ''): string => `/nodes/pve/qemu/${vmid}${rest}`;

const CALLS: readonly Case[] = [
  ['PUT config', 'put', on(STOPPED, '/config'), { tags: 'x' }],
  ['unlink', 'put', on(STOPPED, '/unlink'), { idlist: 'net0' }],
  ['PUT cloudinit', 'put', on(STOPPED, '/cloudinit'), {}],
  ['PUT of a snapshot', 'put', on(STOPPED, '/snapshot/old/config'), { description: 'x' }],
  ['sendkey', 'put', on(STOPPED, '/sendkey'), { key: 'ret' }],
];

const TASKS: readonly Case[] = [
  ['start', 'post', on(STOPPED, '/status/start'), {}],
  ['stop', 'post', on(RUNNING, '/status/stop'), {}],
  ['stop of a stopped one', 'post', on(STOPPED, '/status/stop'), {}],
  ['shutdown', 'post', on(RUNNING, '/status/shutdown'), {}],
  ['reboot', 'post', on(RUNNING, '/status/reboot'), {}],
  ['reset', 'post', on(RUNNING, '/status/reset'), {}],
  ['suspend', 'post', on(RUNNING, '/status/suspend'), {}],
  ['resume', 'post', on(RUNNING, '/status/resume'), {}],
  ['template', 'post', on(PLAIN, '/template'), {}],
  ['resize', 'put', on(STOPPED, '/resize'), { disk: 'scsi0', size: '+1G' }],
  ['move', 'post', on(PLAIN, '/move_disk'), { disk: 'scsi0', storage: 'second' }],
  ['snapshot', 'post', on(STOPPED, '/snapshot'), { snapname: 'one' }],
  ['rollback', 'post', on(STOPPED, '/snapshot/old/rollback'), {}],
  ['removal of a snapshot', 'del', on(STOPPED, '/snapshot/old'), {}],
  ['delete', 'del', on(STOPPED), {}],
];

describe.each(['8.4', '9.1', '9.2'])('PVE %s: the lock file of a guest', (profile) => {
  let simulator: Simulator;
  let pve: PveClient;

  beforeAll(async () => {
    simulator = await startSimulator({ cluster: 'one-node', profile, timeScale: 0 });
    pve = pveClient(simulator, { token: simulator.rootToken });
    await pve.post('/storage', { storage: 'second', type: 'dir', path: '/srv/second', content: 'images' });
    for (const newid of [RUNNING, STOPPED, PLAIN]) await pve.task('post', on(9000, '/clone'), { newid, full: 1 });
    await pve.task('post', on(RUNNING, '/status/start'));
    await pve.task('post', on(STOPPED, '/snapshot'), { snapname: 'old' });
    for (const vmid of [RUNNING, STOPPED, PLAIN, 300]) await simulator.holdLock(`vm:${vmid}`, 3_600_000_000);
  });

  afterAll(async () => {
    await pve.close();
    await simulator.stop();
  });

  test.each(CALLS)('%s fails as a call', async (_, verb, path, params) => {
    const refused = await pve[verb](path, params);
    expect([refused.status, refused.reason]).toEqual([500, LOCKED(STOPPED)]);
  });

  test.each(TASKS)('%s fails as a task', async (_, verb, path, params) => {
    expect(await pve.task(verb, path, params)).toBe(LOCKED(Number(path.split('/')[4])));
  });

  test('POST config fails as a call, and as a task since 9.2', async () => {
    const path = on(STOPPED, '/config');
    if (profile === '9.2') return expect(await pve.task('post', path, { tags: 'x' })).toBe(LOCKED(STOPPED));
    expect((await pve.post(path, { tags: 'x' })).reason).toBe(LOCKED(STOPPED));
  });

  test('a create says what it was about, a clone whose lock it did not get', async () => {
    const create = await pve.post('/nodes/pve/qemu', { vmid: 300 });
    expect([create.status, create.reason]).toEqual([500, `unable to create VM 300 - ${LOCKED(300)}`]);
    expect(await pve.task('post', on(STOPPED, '/clone'), { newid: 301 })).toBe(LOCKED(STOPPED));
    expect(await pve.task('post', on(9000, '/clone'), { newid: 300 })).toBe(LOCKED(300));
  });

  test('a snapshot that is not there is missed without the lock', async () => {
    const missing = "snapshot 'none' does not exist";
    expect(await pve.task('del', on(STOPPED, '/snapshot/none'))).toBe(missing);
    expect(await pve.task('post', on(STOPPED, '/snapshot/none/rollback'))).toBe(missing);
  });

  test('nobody who only reads waits', async () => {
    for (const rest of ['/config', '/pending', '/status/current', '/snapshot', '/cloudinit'])
      expect((await pve.get(on(RUNNING, rest))).status).toBe(200);
    expect(rowsOf(await pve.get('/nodes/pve/qemu')).length).toBeGreaterThan(1);
  });
});

describe.each(['8.4', '9.1', '9.2'])('PVE %s: the lock file of a storage', (profile) => {
  let simulator: Simulator;
  let pve: PveClient;

  beforeAll(async () => {
    simulator = await startSimulator({ cluster: 'one-node', profile, timeScale: 0 });
    pve = pveClient(simulator, { token: simulator.rootToken });
    for (const newid of [STOPPED, 122, 123]) await pve.task('post', on(9000, '/clone'), { newid, full: 1 });
    await pve.task('put', on(122, '/resize'), { disk: 'scsi0', size: '+1G' });
    await simulator.holdLock('storage:local-lvm', 3_600_000_000);
  });

  afterAll(async () => {
    await pve.close();
    await simulator.stop();
  });

  test('what allocates fails, and leaves nothing', async () => {
    expect(await pve.task('post', '/nodes/pve/qemu', { vmid: 300, scsi0: 'local-lvm:1' })).toBe(
      `unable to create VM 300 - ${STORAGE_LOCKED}`,
    );
    for (const full of [0, 1])
      expect(await pve.task('post', on(9000, '/clone'), { newid: 301, full })).toBe(`clone failed: ${STORAGE_LOCKED}`);
    expect(simulator.world.guests[300]).toBeUndefined();
    expect(simulator.world.guests[301]).toBeUndefined();
    expect((await pve.put(on(STOPPED, '/config'), { scsi5: 'local-lvm:1' })).reason).toBe(STORAGE_LOCKED);
    expect(
      (await pve.post('/nodes/pve/storage/local-lvm/content', { vmid: 555, filename: 'vm-555-disk-0', size: '1G' }))
        .reason,
    ).toBe(STORAGE_LOCKED);
  });

  test('what frees fails, but a delete of a guest leaves its disk behind and goes on', async () => {
    const volid = Object.values(simulator.world.volumes).find(({ vmid }) => vmid === STOPPED)?.volid ?? '';
    expect(await pve.task('del', `/nodes/pve/storage/local-lvm/content/${volid}`)).toBe(STORAGE_LOCKED);
    const deleted = await pve.del(on(123));
    const exit = await pve.exitOf(deleted.data);
    expect(exit).toMatch(profile === '9.2' ? /^WARNINGS: \d$/ : /^OK$/);
    const log = rowsOf(await pve.get(`/nodes/pve/tasks/${String(deleted.data)}/log`)).map(({ t }) => String(t));
    expect(log.some((line) => line.includes(`Could not remove disk`) && line.includes(STORAGE_LOCKED))).toBe(true);
    expect(simulator.world.guests[123]).toBeUndefined();
  });

  test('a conversion into a template has set its flag before it fails', async () => {
    expect(await pve.task('post', on(122, '/template'))).toBe(STORAGE_LOCKED);
    expect(simulator.world.guests[122]?.config['template']).toBe('1');
  });

  test('a resize and a start do not take it', async () => {
    expect(await pve.task('put', on(STOPPED, '/resize'), { disk: 'scsi0', size: '+1G' })).toBe('OK');
    expect(await pve.task('post', on(STOPPED, '/status/start'))).toBe('OK');
  });
});
