// Who may do what, and the texts of who may not (pve-behaviour 4, 5, 28.8).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type Params, type PveClient, pveClient, type Reply, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let pve: PveClient;
let root: PveClient;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 100 });
  pve = pveClient(simulator);
  root = pveClient(simulator, { token: simulator.rootToken });
  await root.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 130, full: 1 });
});

afterAll(async () => {
  await pve.close();
  await root.close();
  await simulator.stop();
});

/** Asks with a role of the provider's token narrowed by some privileges: the reason, or the exit status of the task. */
async function without(role: string, privileges: readonly string[], ask: () => Promise<Reply>): Promise<string> {
  const { roles } = simulator.world.access;
  const before = roles[role] ?? [];
  roles[role] = before.filter((name) => !privileges.includes(name));
  try {
    const { status, data, reason } = await ask();
    return status === 200 && typeof data === 'string' ? await root.exitOf(data) : reason;
  } finally {
    roles[role] = before;
  }
}

const guest = '/nodes/pve1/qemu/130';
const put = (params: Params) => async (): Promise<Reply> => pve.put(`${guest}/config`, params);
const refused = (path: string, privilege: string): string => `Permission check failed (${path}, ${privilege})`;

describe('the provider’s token has what it needs and no more', () => {
  test('every privilege is there, on its path', async () => {
    const all = objectOf(await pve.get('/access/permissions'));
    expect(all['/vms']).toMatchObject({ 'VM.Allocate': 1, 'VM.Clone': 1, 'VM.GuestAgent.Audit': 1 });
    expect(all['/vms']).not.toHaveProperty('Sys.Audit');
    expect(all['/']).toEqual({ 'Sys.Audit': 1 });
    expect(all['/storage/local']).toMatchObject({ 'Datastore.AllocateTemplate': 1, 'Datastore.Allocate': 1 });
    expect(all['/sdn/zones/localnetwork']).toEqual({ 'SDN.Use': 1 });
  });

  test.each([
    ['VM.Audit', 'VrtgVM', async () => pve.get(`${guest}/config`), refused('/vms/130', 'VM.Audit')],
    [
      'VM.Audit, for a guest that is not there',
      'VrtgVM',
      async () => pve.get('/nodes/pve1/qemu/555/config'),
      refused('/vms/555', 'VM.Audit'),
    ],
    ['VM.Clone', 'VrtgVM', async () => pve.post(`${guest}/clone`, { newid: 131 }), refused('/vms/130', 'VM.Clone')],
    ['VM.Allocate', 'VrtgVM', async () => pve.post(`${guest}/clone`, { newid: 131 }), 'Permission check failed'],
    ['VM.Allocate', 'VrtgVM', async () => pve.post('/nodes/pve1/qemu', { vmid: 131 }), 'Permission check failed'],
    ['VM.Allocate', 'VrtgVM', async () => pve.del(guest), refused('/vms/130', 'VM.Allocate')],
    ['VM.PowerMgmt', 'VrtgVM', async () => pve.post(`${guest}/status/start`), refused('/vms/130', 'VM.PowerMgmt')],
    [
      'VM.GuestAgent.Audit',
      'VrtgVM',
      async () => pve.post(`${guest}/agent/ping`),
      refused('/vms/130', 'VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted'),
    ],
    [
      'VM.Config.CDROM',
      'VrtgVM',
      put({ ide3: 'local:iso/debian-12.iso,media=cdrom' }),
      refused('/vms/130', 'VM.Config.CDROM'),
    ],
    ['VM.Config.Cloudinit', 'VrtgVM', put({ delete: 'ide2' }), refused('/vms/130', 'VM.Config.Cloudinit')],
    ['VM.Config.CPU', 'VrtgVM', put({ cores: 1 }), refused('/vms/130', 'VM.Config.CPU')],
    ['VM.Config.Memory', 'VrtgVM', put({ memory: 512 }), refused('/vms/130', 'VM.Config.Memory')],
    ['VM.Config.HWType', 'VrtgVM', put({ machine: 'q35' }), refused('/vms/130', 'VM.Config.HWType')],
    ['VM.Config.Network', 'VrtgVM', put({ net1: 'virtio,bridge=vmbr0' }), refused('/vms/130', 'VM.Config.Network')],
    ['VM.Config.Disk', 'VrtgVM', put({ scsi1: 'local-lvm:1' }), refused('/vms/130', 'VM.Config.Disk')],
    ['VM.Config.Options', 'VrtgVM', put({ tags: 'a' }), refused('/vms/130', 'VM.Config.Options')],
    [
      'Datastore.AllocateSpace',
      'VrtgStorage',
      async () => pve.post(`${guest}/clone`, { newid: 131, full: 1 }),
      refused('/storage/local-lvm', 'Datastore.AllocateSpace'),
    ],
    [
      'Datastore.AllocateSpace',
      'VrtgStorage',
      async () => pve.put(`${guest}/resize`, { disk: 'scsi0', size: '+1G' }),
      '403 Permission check failed (/storage/local-lvm, Datastore.AllocateSpace)',
    ],
    [
      'Datastore.Allocate',
      'VrtgStorage',
      async () => pve.del('/nodes/pve1/storage/local/content/local:iso/debian-12.iso'),
      refused('/storage/local', 'Datastore.Allocate'),
    ],
    [
      'SDN.Use',
      'VrtgNet',
      async () => pve.post(`${guest}/clone`, { newid: 131 }),
      refused('/sdn/zones/localnetwork/vmbr0', 'SDN.Use'),
    ],
    [
      'SDN.Use',
      'VrtgNet',
      put({ net1: 'virtio,bridge=vmbr1,tag=12' }),
      refused('/sdn/zones/localnetwork/vmbr1/12', 'SDN.Use'),
    ],
    ['Sys.Audit', 'VrtgCluster', async () => pve.get('/cluster/status'), refused('/', 'Sys.Audit')],
    ['Sys.Audit', 'VrtgNode', async () => pve.get('/nodes/pve1/status'), refused('/nodes/pve1', 'Sys.Audit')],
  ])('without %s (%s) it is told so', async (privilege, role, ask, expected) => {
    const [name = ''] = privilege.split(',');
    expect(await without(role, [name], ask)).toBe(expected);
  });

  test('startup needs Sys.Modify, which it has not', async () => {
    expect((await pve.put(`${guest}/config`, { startup: 'order=1' })).reason).toBe(refused('/', 'Sys.Modify'));
  });

  test('native cloud-init fields pass with the network privilege alone', async () => {
    expect(await without('VrtgVM', ['VM.Config.Cloudinit'], put({ ciuser: 'u' }))).toBe('OK');
  });
});

describe('a privilege-separated token', () => {
  test('has nothing where the user alone has rights', async () => {
    await root.post('/access/users', { userid: 'solo@pve' });
    await root.put('/access/acl', { path: '/', roles: 'Administrator', users: 'solo@pve' });
    const made = objectOf(await root.post('/access/users/solo@pve/token/tt'));
    const solo = pveClient(simulator, { token: { id: 'solo@pve!tt', secret: String(made['value']) } });
    expect((await solo.get('/access/permissions')).data).toEqual({});
    await root.put('/access/acl', { path: '/vms', roles: 'PVEVMAdmin', tokens: 'solo@pve!tt' });
    expect((await solo.get(`${guest}/config`)).status).toBe(200);
    expect((await solo.get('/cluster/status')).status).toBe(403);
    await solo.close();
  });
});

describe('inheritance', () => {
  test('a deeper entry replaces what was inherited, and one that does not propagate stays on its path', async () => {
    const { acl } = simulator.world.access;
    const token = simulator.token.id;
    for (const subject of [token, 'virtrigaud@pve'])
      acl.push({ path: '/nodes/pve2', subject, role: 'NoAccess', propagate: true });
    expect((await pve.get('/nodes/pve2/status')).status).toBe(403);
    expect((await pve.get('/nodes/pve1/status')).status).toBe(200);
    simulator.world.access.acl = acl.filter(({ role }) => role !== 'NoAccess');
    expect((await pve.get('/nodes/pve2/status')).status).toBe(200);
  });

  test('rights from a pool reach its members and a create into it', async () => {
    await root.post('/access/users', { userid: 'pool@pve' });
    const made = objectOf(await root.post('/access/users/pool@pve/token/tt', { privsep: 0 }));
    await root.put('/access/acl', { path: '/pool/virtrigaud', roles: 'PVEVMAdmin', users: 'pool@pve' });
    const member = pveClient(simulator, { token: { id: 'pool@pve!tt', secret: String(made['value']) } });
    expect((await member.post('/nodes/pve1/qemu', { vmid: 140 })).reason).toBe('Permission check failed');
    expect(await member.task('post', '/nodes/pve1/qemu', { vmid: 140, pool: 'virtrigaud', name: 'pooled' })).toBe('OK');
    expect(objectOf(await member.get('/nodes/pve1/qemu/140/config'))['name']).toBe('pooled');
    expect((await member.get(`${guest}/config`)).status).toBe(403);
    expect((await member.post('/nodes/pve1/qemu', { vmid: 141, pool: 'none' })).reason).toBe(
      "Permission check failed (pool 'none' does not exist)",
    );
    await member.close();
  });
});

describe('what is silently left out', () => {
  test('guests without VM.Audit, and other users’ tasks without Sys.Audit on the node', async () => {
    const { roles } = simulator.world.access;
    const [vm, node] = [roles['VrtgVM'] ?? [], roles['VrtgNode'] ?? []];
    await root.task('post', `${guest}/status/start`);
    await pve.task('post', `${guest}/status/stop`);
    const types = async (): Promise<unknown[]> =>
      [
        ...new Set(
          rowsOf(await pve.get('/nodes/pve1/tasks', { limit: 0 })).map(
            ({ user, tokenid }) => `${String(user)}!${String(tokenid)}`,
          ),
        ),
      ].sort();
    expect(await types()).toEqual(['pool@pve!tt', 'root@pam!sim', 'virtrigaud@pve!vrtg']);
    roles['VrtgNode'] = ['Sys.AccessNetwork'];
    expect(await types()).toEqual(['virtrigaud@pve!vrtg']);
    roles['VrtgVM'] = vm.filter((name) => name !== 'VM.Audit');
    expect(rowsOf(await pve.get('/cluster/resources', { type: 'vm' }))).toEqual([]);
    expect(rowsOf(await pve.get('/nodes/pve1/qemu'))).toEqual([]);
    roles['VrtgVM'] = vm;
    roles['VrtgNode'] = node;
  });

  test('a task of somebody else needs Sys.Audit to read and Sys.Modify to stop', async () => {
    const started = await root.post(`${guest}/status/start`);
    await root.exitOf(started.data);
    const task = `/nodes/pve1/tasks/${String(started.data)}`;
    expect((await pve.get(`${task}/status`)).status).toBe(200);
    expect((await pve.del(task)).reason).toBe(refused('/nodes/pve1', 'Sys.Modify'));
    await root.task('post', `${guest}/status/stop`);
  });
});
