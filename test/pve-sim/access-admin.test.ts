// Users, groups, tokens, roles and ACLs: what is stored of them, who may change it, and PVE's texts (pve-behaviour 4.3, 5,
// recordings one-node/02, 05 to 09, 20).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator, type TokenCredentials } from '#pve-sim/simulator';
import type { AccessState } from '#pve-sim/world/world';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let root: PveClient;
let access: AccessState;
let clients: PveClient[] = [];

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'one-node', timeScale: 50, tls: false });
  root = pveClient(simulator, { token: simulator.rootToken });
  ({ access } = simulator.world);
});

beforeEach(() => {
  access.users = { 'root@pam': { enabled: true }, 'ann@pve': { enabled: true }, 'bob@pve': { enabled: true } };
  access.groups = {};
  access.acl = [];
  access.tokens = { [simulator.rootToken.id]: { secret: simulator.rootToken.secret, privsep: false } };
});

afterAll(async () => {
  await Promise.all([root, ...clients].map(async (client) => await client.close()));
  clients = [];
  await simulator.stop();
});

/** A caller with all the rights of that user. */
function as(user: string): PveClient {
  const token: TokenCredentials = { id: `${user}!t1`, secret: `secret-of-${user}` };
  access.tokens[token.id] = { secret: token.secret, privsep: false };
  const client = pveClient(simulator, { token });
  clients.push(client);
  return client;
}

const grant = (subject: string, path: string, role: string, propagate = true): number =>
  access.acl.push({ subject, path, role, propagate });

describe('users', () => {
  test('are made, changed in what is sent alone, and forgotten with their tokens and rights', async () => {
    access.groups['ops'] = { users: [] };
    const made = { userid: 'carl@pve', password: 'correct-horse-1', groups: 'ops', comment: 'x', expire: 0 };
    await root.post('/access/users', made);
    expect(access.users['carl@pve']).toEqual({
      enabled: true,
      expire: 0,
      password: 'correct-horse-1',
      details: { comment: 'x' },
    });
    expect(access.groups['ops']?.users).toEqual(['carl@pve']);
    await root.put('/access/users/carl@pve', { enable: 0 });
    await root.put('/access/users/carl@pve', { email: 'carl@example.test', comment: '' });
    expect(access.users['carl@pve']).toMatchObject({ enabled: false, details: { email: 'carl@example.test' } });
    expect(objectOf(await root.get('/access/users/carl@pve'))).toEqual({
      enable: 0,
      expire: 0,
      email: 'carl@example.test',
      groups: ['ops'],
    });
    await root.post('/access/users/carl@pve/token/t2');
    grant('carl@pve', '/vms', 'PVEVMUser');
    grant('carl@pve!t2', '/vms', 'PVEVMUser');
    expect((await root.del('/access/users/carl@pve')).status).toBe(200);
    expect(access.users).not.toHaveProperty('carl@pve');
    expect(access.tokens).not.toHaveProperty('carl@pve!t2');
    expect(access.acl).toEqual([]);
    expect(access.groups['ops']?.users).toEqual([]);
  });

  test.each([
    ['an id that is taken', 'bob@pve', 500, "create user failed: user 'bob@pve' already exists"],
    ['a realm that is not there', 'x@nope', 500, "create user failed: domain 'nope' does not exist"],
  ])('are not made with %s', async (_, userid, status, reason) => {
    expect(await root.post('/access/users', { userid })).toMatchObject({ status, reason });
  });

  test('are not put into a group that is not there', async () => {
    const { reason } = await root.post('/access/users', { userid: 'carl@pve', groups: 'none' });
    expect(reason).toBe("create user failed: no such group 'none'");
    expect(access.users).not.toHaveProperty('carl@pve');
  });

  test('are seen by themselves, by those who look after their group, and by auditors', async () => {
    access.groups['ops'] = { users: ['bob@pve'] };
    const ann = as('ann@pve');
    const seen = async (): Promise<unknown[]> => rowsOf(await ann.get('/access/users')).map(({ userid }) => userid);
    expect(await seen()).toEqual([]);
    grant('ann@pve', '/access/groups/ops', 'PVEUserAdmin');
    expect(await seen()).toEqual(['bob@pve']);
    grant('ann@pve', '/access', 'PVEAuditor');
    expect(await seen()).toEqual(['root@pam', 'ann@pve', 'bob@pve']);
  });

  test('of a group may be changed by who looks after it; others may not, and unknown ones are 500', async () => {
    access.groups['ops'] = { users: ['bob@pve'] };
    const ann = as('ann@pve');
    expect(await ann.put('/access/users/bob@pve', { comment: 'y' })).toMatchObject({ status: 403 });
    grant('ann@pve', '/access/groups/ops', 'PVEUserAdmin');
    const asked = { comment: 'y', groups: 'ops', append: 1 };
    expect(await ann.put('/access/users/bob@pve', asked)).toMatchObject({ status: 200 });
    expect(await ann.put('/access/users/ann@pve', asked)).toMatchObject({ reason: 'Permission check failed' });
    expect(await root.put('/access/users/ghost@pve', {})).toMatchObject({
      status: 500,
      reason: "no such user ('ghost@pve')",
    });
  });

  test('cannot be made without rights on their realm', async () => {
    const ann = as('ann@pve');
    const { reason } = await ann.post('/access/users', { userid: 'carl@pve' });
    expect(reason).toBe('Permission check failed (/access/realm/pve, Realm.AllocateUser)');
  });
});

describe('groups', () => {
  test('give their members rights, which one’s own entries on a path replace', async () => {
    await root.post('/access/groups', { groupid: 'ops', comment: 'the night shift' });
    await root.put('/access/users/ann@pve', { groups: 'ops' });
    const acl = { path: '/vms', roles: 'PVEVMUser', groups: 'ops' };
    expect((await root.put('/access/acl', acl)).status).toBe(200);
    const ann = as('ann@pve');
    const mine = async () => objectOf(await ann.get('/access/permissions', { path: '/vms/9000' }))['/vms/9000'];
    expect(await mine()).toHaveProperty('VM.PowerMgmt', 1);
    grant('ann@pve', '/vms', 'PVETemplateUser');
    expect(await mine()).toEqual({ 'VM.Audit': 1, 'VM.Clone': 1 });
    expect(rowsOf(await root.get('/access/groups'))).toEqual([
      { groupid: 'ops', comment: 'the night shift', users: 'ann@pve' },
    ]);
    expect(objectOf(await root.get('/access/groups/ops'))).toEqual({
      comment: 'the night shift',
      members: ['ann@pve'],
    });
    await root.del('/access/groups/ops');
    expect(access.acl.map(({ subject }) => subject)).toEqual(['ann@pve']);
  });

  test('are said to be missing or there already', async () => {
    access.groups['ops'] = { users: [] };
    const reasons = [
      await root.post('/access/groups', { groupid: 'ops' }),
      await root.get('/access/groups/none'),
      await root.del('/access/groups/none'),
      await root.put('/access/acl', { path: '/', roles: 'PVEAdmin', groups: 'none' }),
    ].map(({ reason }) => reason);
    expect(reasons).toEqual([
      "create group failed: group 'ops' already exists",
      "group 'none' does not exist",
      "delete group failed: group 'none' does not exist",
      "ACL update failed: group 'none' does not exist",
    ]);
  });
});

describe('tokens', () => {
  const path = '/access/users/ann@pve/token/t9';

  test('show their secret once, and what was sent as it was sent', async () => {
    const made = objectOf(await root.post(path, { privsep: 0, expire: 0 }));
    expect(made).toEqual({
      'full-tokenid': 'ann@pve!t9',
      info: { privsep: '0', expire: '0' },
      value: access.tokens['ann@pve!t9']?.secret,
    });
    expect(objectOf(await root.get(path))).toEqual({ privsep: 0, expire: 0 });
    expect(await root.post(path)).toMatchObject({ errors: { tokenid: 'Token already exists.' } });
    expect(objectOf(await root.put(path, { comment: 'x', privsep: 1 }))).toEqual({
      comment: 'x',
      privsep: '1',
      expire: 0,
    });
    expect(rowsOf(await root.get('/access/users/ann@pve/token'))).toEqual([
      { tokenid: 't9', comment: 'x', privsep: 1, expire: 0 },
    ]);
  });

  test('are managed by their owner and nobody else', async () => {
    access.tokens['ann@pve!t9'] = { secret: 's', privsep: true };
    grant('bob@pve', '/vms', 'PVEVMAdmin');
    expect(await as('bob@pve').get(path)).toMatchObject({ status: 403, reason: 'Permission check failed' });
    // A token is not its owner.
    expect(await as('ann@pve').get(path)).toMatchObject({ status: 403 });
    expect(await root.post('/access/users/ghost@pve/token/t1')).toMatchObject({ reason: 'Permission check failed' });
  });

  test('that are not there cannot be read or removed', async () => {
    for (const reply of [await root.get(path), await root.put(path), await root.del(path)])
      expect(reply).toMatchObject({ status: 500, reason: "no such token 't9' for user 'ann@pve'" });
  });

  test('are expired, and their secret changed in place, by the version that can', async () => {
    const newer = await startSimulator({ cluster: 'one-node', profile: '9.2', timeScale: 50, tls: false });
    const pve = pveClient(newer, { token: newer.rootToken });
    const { tokens, acl } = newer.world.access;
    try {
      const before = newer.token.secret;
      const [user, name] = newer.token.id.split('!');
      const rights = acl.length;
      const reply = objectOf(await pve.put(`/access/users/${user ?? ''}/token/${name ?? ''}`, { regenerate: 1 }));
      expect(reply).toMatchObject({ 'full-tokenid': newer.token.id, value: tokens[newer.token.id]?.secret });
      expect(reply['value']).not.toBe(before);
      expect(newer.world.access.acl).toHaveLength(rights);
      expect(await root.put(path, { regenerate: 1 })).toMatchObject({ status: 400 });
    } finally {
      await pve.close();
      await newer.stop();
    }
  });
});

describe('roles', () => {
  test('are those of the version, and the built-in ones are not changed', async () => {
    const rows = rowsOf(await root.get('/access/roles'));
    const admin = rows.find(({ roleid }) => roleid === 'PVEVMUser');
    expect(admin).toEqual({
      roleid: 'PVEVMUser',
      special: 1,
      privs:
        'VM.Audit,VM.Backup,VM.Config.CDROM,VM.Config.Cloudinit,VM.Console,VM.GuestAgent.Audit,VM.GuestAgent.FileRead,VM.GuestAgent.FileSystemMgmt,VM.GuestAgent.FileWrite,VM.PowerMgmt',
    });
    expect(rows.find(({ roleid }) => roleid === 'VrtgCluster')).toMatchObject({ special: 0 });
    const reasons = [
      await root.put('/access/roles/PVEAdmin', { privs: 'VM.Audit' }),
      await root.del('/access/roles/PVEAdmin'),
      await root.get('/access/roles/None'),
      await root.del('/access/roles/None'),
    ].map(({ reason }) => reason);
    expect(reasons).toEqual([
      "auto-generated role 'PVEAdmin' cannot be modified",
      "auto-generated role 'PVEAdmin' cannot be deleted",
      "role 'None' does not exist",
      "delete role failed: role 'None' does not exist",
    ]);
    expect(await root.post('/access/roles', { roleid: 'pveMine' })).toMatchObject({ status: 400 });
  });

  test('take privileges of the version alone', async () => {
    const { errors } = await root.post('/access/roles', { roleid: 'Mine', privs: 'VM.Audit,VM.Monitor' });
    expect(errors).toEqual({ privs: "invalid format - invalid privilege 'VM.Monitor'\n" });
    await root.post('/access/roles', { roleid: 'Mine', privs: 'VM.Audit' });
    await root.put('/access/roles/Mine', { privs: 'VM.Clone', append: 1 });
    expect(objectOf(await root.get('/access/roles/Mine'))).toEqual({ 'VM.Audit': 1, 'VM.Clone': 1 });
    grant('ann@pve', '/vms', 'Mine');
    await root.del('/access/roles/Mine');
    expect(access.acl).toEqual([]);
  });

  test.each([
    ['7.4', ['VM.Monitor'], ['Mapping.Use', 'Sys.AccessNetwork', 'VM.GuestAgent.Audit'], ['SDN.Use']],
    ['8.1', ['VM.Monitor', 'Mapping.Use'], ['Sys.AccessNetwork', 'VM.GuestAgent.Audit'], []],
    ['8.4', ['VM.Monitor', 'Mapping.Use', 'Sys.AccessNetwork'], ['VM.GuestAgent.Audit'], []],
    ['9.2', ['VM.GuestAgent.Audit', 'VM.Replicate'], ['VM.Monitor'], []],
  ])('of PVE %s are what a provider needs there', async (profile, there, missing, notGiven) => {
    const older = await startSimulator({ cluster: 'one-node', profile, timeScale: 50, tls: false });
    const [admin, provider] = [pveClient(older, { token: older.rootToken }), pveClient(older)];
    try {
      const all = objectOf(await admin.get('/access/roles/Administrator'));
      for (const name of there) expect(all).toHaveProperty([name], 1);
      for (const name of missing) expect(all).not.toHaveProperty([name]);
      const own = JSON.stringify(objectOf(await provider.get('/access/permissions')));
      expect(own).toContain(there[0]);
      for (const name of [...missing, ...notGiven]) expect(own).not.toContain(name);
    } finally {
      await admin.close();
      await provider.close();
      await older.stop();
    }
  });
});

describe('ACLs', () => {
  test('are written and removed entry by entry, their path in its normal form', async () => {
    await root.put('/access/acl', {
      path: 'vms//9000/',
      roles: 'PVEVMUser PVEAuditor',
      users: 'ann@pve',
      propagate: 0,
    });
    expect(access.acl).toEqual([
      { path: '/vms/9000', subject: 'ann@pve', role: 'PVEVMUser', propagate: false },
      { path: '/vms/9000', subject: 'ann@pve', role: 'PVEAuditor', propagate: false },
    ]);
    await root.put('/access/acl', { path: '/vms/9000', roles: 'PVEVMUser', users: 'ann@pve', delete: 1 });
    expect(rowsOf(await root.get('/access/acl'))).toEqual([
      { path: '/vms/9000', type: 'user', ugid: 'ann@pve', roleid: 'PVEAuditor', propagate: 0 },
    ]);
  });

  test('need somebody to be for', async () => {
    const text = "either 'users', 'groups' or 'tokens' is required.";
    const { errors } = await root.put('/access/acl', { path: '/', roles: 'PVEAdmin' });
    expect(errors).toEqual({ users: text, groups: text, tokens: text });
  });

  test('are for paths that PVE knows', async () => {
    const write = async (path: string) =>
      (await root.put('/access/acl', { path, roles: 'PVEAuditor', users: 'ann@pve' })).status;
    const good = ['/', '/access/groups/g', '/pool/a/b/c', '/sdn/zones/localnetwork/vmbr0/12', '/mapping/pci/x'];
    const bad = ['/wrong', '/vms/99', '/vms/abc', '/pool/a/b/c/d', '/nodes/a/b', '/sdn/zones/z/b/0'];
    for (const path of good) expect([path, await write(path)]).toEqual([path, 200]);
    for (const path of bad) expect([path, await write(path)]).toEqual([path, 400]);
  });

  test('may be written by who rules the thing, no further than its own rights go', async () => {
    const ann = as('ann@pve');
    const give = async (roles: string, more: Record<string, number> = {}) =>
      (await ann.put('/access/acl', { path: '/vms/9000', roles, users: 'bob@pve', ...more })).reason;
    expect(await give('PVETemplateUser')).toBe('Permission check failed (/vms/9000, Permissions.Modify|VM.Allocate)');
    grant('ann@pve', '/vms/9000', 'PVEVMAdmin', false);
    expect(await give('PVETemplateUser')).toContain('ACL update failed: 400 Parameter verification failed.');
    expect(await give('PVETemplateUser', { propagate: 0 })).toBe('OK');
    expect(await give('PVEDatastoreUser', { propagate: 0 })).toContain('ACL update failed');
    expect(await give('NoAccess', { propagate: 0 })).toContain('ACL update failed');
    expect(access.acl.filter(({ subject }) => subject === 'bob@pve')).toHaveLength(1);
  });

  test('are seen where one may write them', async () => {
    grant('bob@pve', '/vms/9000', 'PVEVMUser');
    grant('bob@pve', '/', 'PVEAuditor');
    const ann = as('ann@pve');
    expect(rowsOf(await ann.get('/access/acl'))).toEqual([]);
    grant('ann@pve', '/vms/9000', 'PVEVMAdmin');
    expect(rowsOf(await ann.get('/access/acl')).map(({ ugid }) => ugid)).toEqual(['bob@pve', 'ann@pve']);
  });

  test('are not written without quorum', async () => {
    const node = simulator.world.nodes['pve'];
    if (node === undefined) throw new Error('there is no node');
    node.members = [];
    const { status, reason } = await root.put('/access/acl', { path: '/', roles: 'PVEAdmin', users: 'ann@pve' });
    node.members = ['pve'];
    expect([status, reason]).toEqual([500, "ACL update failed: cfs-lock 'file-user_cfg' error: no quorum!"]);
    expect(access.acl).toEqual([]);
  });
});

test('permissions of somebody else need Sys.Audit on /access, those of one’s token do not', async () => {
  const ann = as('ann@pve');
  expect((await ann.get('/access/permissions', { userid: 'bob@pve' })).reason).toBe(
    'Permission check failed (/access, Sys.Audit)',
  );
  grant('bob@pve', '/vms', 'PVETemplateUser');
  grant('ann@pve', '/access', 'PVEAuditor');
  expect(objectOf(await ann.get('/access/permissions', { userid: 'bob@pve' }))).toEqual({
    '/vms': { 'VM.Audit': 1, 'VM.Clone': 1 },
  });
});
