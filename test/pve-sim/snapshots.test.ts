// Snapshots, rollbacks, and clones of snapshots (pve-behaviour 8.4, 13, 14).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import type { Guest, StorageState } from '#pve-sim/world/world';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;
let vmid = 200;
let guest = '';

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 50, profile: { pve2: '8.4', pve3: '7.4' } });
  pve = pveClient(simulator, { token: simulator.rootToken });
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

beforeEach(() => {
  vmid += 1;
  guest = `/nodes/pve1/qemu/${vmid}`;
});

const DISK = 'shared:1,format=qcow2';

async function create(options: Record<string, string | number> = {}, node = 'pve1'): Promise<void> {
  const all = { vmid, name: `vm${vmid}`, memory: 512, scsi0: DISK, ...options };
  expect(await pve.task('post', `/nodes/${node}/qemu`, all)).toBe('OK');
}

const snapshot = async (snapname: string, more: Record<string, string | number> = {}): Promise<string> =>
  await pve.task('post', `${guest}/snapshot`, { snapname, ...more });
const rollback = async (name: string, more: Record<string, string | number> = {}): Promise<string> =>
  await pve.task('post', `${guest}/snapshot/${name}/rollback`, more);
const list = async (): Promise<Record<string, Record<string, unknown>>> =>
  Object.fromEntries(
    rowsOf(await pve.get(`${guest}/snapshot`)).map((row): [string, Record<string, unknown>] => [
      String(row['name']),
      row,
    ]),
  );
const config = async (): Promise<Record<string, unknown>> => objectOf(await pve.get(`${guest}/config`));
const until = async (isSo: () => boolean): Promise<void> => {
  await eventually(
    simulator.clock,
    async () => isSo(),
    (so) => so,
  );
};
const here = (): Guest => {
  const found = simulator.world.guests[vmid];
  if (found === undefined) throw new Error('the guest is gone');
  return found;
};
const volumesOf = (id: number): string[] =>
  Object.values(simulator.world.volumes)
    .filter((volume) => volume.vmid === id)
    .map(({ volid }) => volid)
    .sort();

function addStorage(more: Partial<StorageState> & Pick<StorageState, 'id' | 'type'>): void {
  const { shared, ...like } = simulator.world.storages['local-lvm'] as StorageState;
  simulator.world.storages[more.id] = { ...like, shared: more.shared ?? shared, ...more };
}

describe('a tree of snapshots', () => {
  test('is told by parents, keeps each state, and closes up where one goes', async () => {
    await create({ description: 'now' });
    expect(await snapshot('one', { description: 'first\n' })).toBe('OK');
    await pve.put(`${guest}/config`, { cores: 2, name: 'second', description: 'later' });
    expect(await snapshot('two')).toBe('OK');
    expect(await snapshot('three')).toBe('OK');
    expect(await list()).toMatchObject({
      one: { description: 'first', vmstate: 0 },
      two: { description: '', parent: 'one' },
      three: { parent: 'two' },
      current: { parent: 'three', running: 0, description: 'You are here!' },
    });
    expect((await list())['one']).not.toHaveProperty('parent');
    expect(objectOf(await pve.get(`${guest}/snapshot/two/config`))).toMatchObject({ cores: 2, name: 'second' });
    expect(objectOf(await pve.get(`${guest}/config`, { snapshot: 'one' }))).toMatchObject({ name: `vm${vmid}` });
    expect(await pve.task('del', `${guest}/snapshot/two`)).toBe('OK');
    expect(await list()).toMatchObject({ three: { parent: 'one' }, current: { parent: 'three' } });
    expect(await pve.task('del', `${guest}/snapshot/one`)).toBe('OK');
    expect((await list())['three']).not.toHaveProperty('parent');
    expect(Object.values(simulator.world.volumes).find((volume) => volume.vmid === vmid)?.snapshots).toEqual({
      three: 1024 ** 3,
    });
  });

  test('goes back: description and later disks stay, size, options and the generation do not', async () => {
    await create({ description: 'now' });
    await snapshot('one');
    const before = await config();
    await pve.put(`${guest}/config`, { cores: 4, description: 'later', scsi1: DISK });
    await pve.task('put', `${guest}/resize`, { disk: 'scsi0', size: '+1G' });
    expect(await rollback('one')).toBe('OK');
    const after = await config();
    expect(after).toMatchObject({ description: 'later', unused0: `shared:${vmid}/vm-${vmid}-disk-1.qcow2` });
    expect(after).toMatchObject({ parent: 'one', scsi0: before['scsi0'] });
    expect(after).not.toHaveProperty('cores');
    expect(after['vmgenid']).not.toBe(before['vmgenid']);
    expect(simulator.world.volumes[`/shared:${vmid}/vm-${vmid}-disk-0.qcow2`]?.sizeBytes).toBe(1024 ** 3);
  });

  test('refuses what PVE refuses, at once or in the task', async () => {
    await create();
    await snapshot('one');
    const reason = async (snapname: string): Promise<string> =>
      (await pve.post(`${guest}/snapshot`, { snapname })).reason;
    expect(await reason('Current')).toBe("unable to use snapshot name 'Current' (reserved name)");
    expect((await pve.post(`${guest}/snapshot`, { snapname: '1st' })).errors).toHaveProperty('snapname');
    expect((await pve.post('/nodes/pve1/qemu/999/snapshot', { snapname: 'aa' })).reason).toContain('does not exist');
    expect(await snapshot('one')).toBe("snapshot name 'one' already used");
    expect(await rollback('none')).toBe("snapshot 'none' does not exist");
    expect(await pve.task('del', `${guest}/snapshot/none`)).toBe("snapshot 'none' does not exist");
    expect((await pve.get(`${guest}/snapshot/none/config`)).reason).toBe("snapshot 'none' does not exist");
    expect((await pve.get(`${guest}/config`, { snapshot: 'one', current: 1 })).status).toBe(400);
    expect((await pve.post(`${guest}/template`)).reason).toBe(
      'unable to create template, because VM contains snapshots',
    );
    await pve.put(`${guest}/config`, { scsi1: 'shared:1,format=raw' });
    expect(await snapshot('two')).toBe('snapshot feature is not available');
    expect((await list())['two']).toBeUndefined();
  });

  test('an unfinished one cannot be gone back to, and shows that a task was killed', async () => {
    await create();
    const started = await pve.post(`${guest}/snapshot`, { snapname: 'broken' });
    await until(() => here().config['lock'] === 'snapshot');
    simulator.sim.tasks.killAll('pve1');
    expect(await pve.exitOf(started.data)).toBe('unexpected status');
    expect((await list())['broken']).toMatchObject({ snapstate: 'prepare' });
    expect(await rollback('broken')).toBe('unable to rollback to incomplete snapshot (snapstate = prepare)');
    expect(await snapshot('more')).toBe('VM is locked (snapshot)');
    delete here().config['lock'];
    expect(await pve.task('del', `${guest}/snapshot/broken`)).toMatch(/^command .* -d broken .* failed: exit code 1$/);
    delete here().config['lock'];
    expect(await pve.task('del', `${guest}/snapshot/broken`, { force: 1 })).toBe('OK');
    expect(Object.keys(await list())).toEqual(['current']);
  });
});

describe('what goes wrong in the middle', () => {
  test('of a create is taken back', async () => {
    await create({ scsi1: DISK });
    const [first = '', second = ''] = volumesOf(vmid);
    delete simulator.world.volumes[`/${second}`];
    const path = `/mnt/pve/shared/images/${vmid}/vm-${vmid}-disk-1.qcow2`;
    expect(await snapshot('one')).toBe(`command '/usr/bin/qemu-img snapshot -c one ${path}' failed: exit code 1 `);
    expect(await list()).toEqual({ current: expect.objectContaining({ running: 0 }) });
    expect(here().config['lock']).toBeUndefined();
    expect(simulator.world.volumes[`/${first}`]?.snapshots).toEqual({});
  });

  test('of a delete leaves lock and entry, which force removes', async () => {
    await create();
    await snapshot('one');
    const [volid = ''] = volumesOf(vmid);
    delete simulator.world.volumes[`/${volid}`];
    expect(await pve.task('del', `${guest}/snapshot/one`)).toMatch(/^command .* failed: exit code 1$/);
    expect((await list())['one']).toMatchObject({ snapstate: 'delete' });
    expect(here().config['lock']).toBe('snapshot-delete');
    expect(await pve.task('del', `${guest}/snapshot/one`, { force: 1 })).toBe('VM is locked (snapshot-delete)');
    delete here().config['lock'];
    expect(await pve.task('del', `${guest}/snapshot/one`, { force: 1 })).toBe('OK');
    expect(Object.keys(await list())).toEqual(['current']);
  });

  test('is seen while it works: lock and state', async () => {
    await create();
    const started = await pve.post(`${guest}/snapshot`, { snapname: 'one' });
    await until(() => here().config['lock'] === 'snapshot');
    expect(here().snapshots['one']).toMatchObject({ snapstate: 'prepare' });
    expect(await pve.exitOf(started.data)).toBe('OK');
    expect(here().snapshots['one']).not.toHaveProperty('snapstate');
    expect(here().config).toMatchObject({ parent: 'one' });
    expect(here().config).not.toHaveProperty('lock');
  });
});

describe('RAM', () => {
  test('goes to a volume of its own, and the guest runs on from there', async () => {
    await create({ memory: 1024 });
    await pve.task('post', `${guest}/status/start`);
    expect(await snapshot('live', { vmstate: 1 })).toBe('OK');
    const state = `shared:${vmid}/vm-${vmid}-state-live.raw`;
    expect(here().snapshots['live']).toMatchObject({ vmstate: state, runningmachine: expect.stringContaining('pc-') });
    expect(simulator.world.volumes[`/${state}`]?.sizeBytes).toBe((2 * 1024 + 500) * 1024 ** 2);
    expect((await list())['live']).toMatchObject({ vmstate: 1 });
    await pve.task('post', `${guest}/status/stop`);
    expect(await rollback('live')).toBe('OK');
    expect(here().run?.qmpStatus).toBe('running');
    expect(here().config).not.toHaveProperty('vmstate');
    expect(here().config).not.toHaveProperty('runningmachine');
    expect(await pve.task('del', `${guest}/snapshot/live`)).toBe('OK');
    expect(volumesOf(vmid)).not.toContain(state);
  });

  test('is not saved of a guest that does not run, and goes where the config says', async () => {
    await create({ vmstatestorage: 'local-lvm' });
    expect(await snapshot('off', { vmstate: 1 })).toBe('OK');
    expect((await list())['off']).toMatchObject({ vmstate: 0 });
    await pve.task('post', `${guest}/status/start`);
    expect(await snapshot('on', { vmstate: 1 })).toBe('OK');
    expect(here().snapshots['on']?.['vmstate']).toBe(`local-lvm:vm-${vmid}-state-on`);
    await pve.task('post', `${guest}/status/stop`);
    expect(await pve.task('del', guest)).toBe('OK');
    expect(volumesOf(vmid)).toEqual([]);
  });

  test('a rollback without it stops the guest; start=1 starts it by a task of its own', async () => {
    await create();
    await snapshot('one');
    await pve.task('post', `${guest}/status/start`);
    expect(await rollback('one')).toBe('OK');
    expect(here().run).toBeUndefined();
    expect(await rollback('one', { start: 1 })).toBe('OK');
    await until(() => here().run !== undefined);
    const starts = rowsOf(await pve.get('/nodes/pve1/tasks', { vmid, typefilter: 'qmstart', source: 'all' }));
    expect(starts).toHaveLength(2);
  });
});

describe('what the storages can do', () => {
  test('decides which clones of a snapshot there are', async () => {
    await create();
    await snapshot('base');
    await pve.put(`${guest}/config`, { name: 'later', cores: 3 });
    const clone = `${guest}/clone`;
    const volid = `shared:${vmid}/vm-${vmid}-disk-0.qcow2`;
    expect((await pve.post(clone, { newid: vmid + 300, snapname: 'base', full: 0 })).reason).toBe(
      `Linked clone feature is not supported for a snapshot of '${volid}' (scsi0)`,
    );
    expect((await pve.post(clone, { newid: vmid + 300, snapname: 'gone' })).reason).toBe(
      "snapshot 'gone' does not exist",
    );
    expect(await pve.task('post', clone, { newid: vmid + 300, snapname: 'base' })).toBe('OK');
    const copy = simulator.world.guests[vmid + 300];
    expect(copy?.config).toMatchObject({ name: `Copy-of-VM-vm${vmid}` });
    expect(copy?.config).not.toHaveProperty('cores');
    expect(copy?.config).not.toHaveProperty('snaptime');
    expect(copy?.snapshots).toEqual({});
  });

  test('thin volumes are linked from snapshots, ZFS copies none and goes back to the newest alone', async () => {
    addStorage({ id: 'tank', type: 'zfspool' });
    await create({ scsi0: 'local-lvm:1' });
    await snapshot('base');
    const linked = { newid: vmid + 300, snapname: 'base', full: 0 };
    expect(await pve.task('post', `${guest}/clone`, linked)).toBe('OK');
    expect(volumesOf(vmid + 300)).toEqual([`local-lvm:vm-${vmid + 300}-disk-0`]);
    vmid += 1;
    guest = `/nodes/pve1/qemu/${vmid}`;
    await create({ scsi0: 'tank:1' });
    await snapshot('old');
    await snapshot('new');
    expect(await rollback('old')).toBe(`can't rollback, 'old' is not most recent snapshot on 'tank:vm-${vmid}-disk-0'`);
    expect(await rollback('new')).toBe('OK');
    expect((await pve.post(`${guest}/clone`, { newid: vmid + 300, snapname: 'old', full: 1 })).reason).toBe(
      `Full clone feature is not supported for a snapshot of 'tank:vm-${vmid}-disk-0' (scsi0)`,
    );
  });

  test('is told by the feature call, with the nodes the guest could be on', async () => {
    await create();
    const feature = async (params: Record<string, string>): Promise<unknown> =>
      (await pve.get(`${guest}/feature`, params)).data;
    expect(await feature({ feature: 'snapshot' })).toEqual({ hasFeature: 1, nodes: ['pve1', 'pve2', 'pve3'] });
    expect(await feature({ feature: 'clone' })).toMatchObject({ hasFeature: 0 });
    await pve.put(`${guest}/config`, { scsi1: 'local-lvm:1' });
    expect(await feature({ feature: 'copy' })).toEqual({ hasFeature: 1, nodes: ['pve1'] });
    expect((await pve.get(`${guest}/feature`, { feature: 'copy', snapname: 'none' })).reason).toBe(
      "snapshot 'none' does not exist",
    );
  });

  test('a refusal names the drive before 8, the volume since', async () => {
    for (const [node, what] of [
      ['pve3', "drive 'scsi0'"],
      ['pve2', `'shared:${vmid}/vm-${vmid}-disk-0.qcow2' (scsi0)`],
    ] as const) {
      await create({}, node);
      const reply = await pve.post(`/nodes/${node}/qemu/${vmid}/clone`, { newid: vmid + 300, full: 0 });
      expect(reply.reason).toBe(`Linked clone feature is not supported for ${what}`);
      await pve.task('del', `/nodes/${node}/qemu/${vmid}`);
    }
  });
});
