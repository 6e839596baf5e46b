import { describe, expect, test } from 'vitest';
import { hasPrivilege, readPermissions } from '#pve/access/permissions';
import { deleteHaResource, readHaResource } from '#pve/cluster/ha';
import { isVmidFree } from '#pve/cluster/nextid';
import { readClusterOptions } from '#pve/cluster/options';
import { listGuests, listResources } from '#pve/cluster/resources';
import { readClusterStatus } from '#pve/cluster/status';
import { listVnets } from '#pve/cluster/vnets';
import { readVersion } from '#pve/version';
import { ask, refused, vmid } from './asking.ts';
import { call, failureOf, type Reply } from './scripted-pve.ts';

describe('cluster', () => {
  test('guests are listed with what PVE knows of them, whatever else is in the list', async () => {
    const data = [
      {
        id: 'qemu/100',
        type: 'qemu',
        vmid: 100,
        node: 'pve1',
        name: 'web',
        status: 'running',
        template: 0,
        maxcpu: 2,
        maxmem: '629145600',
        mem: 1,
        maxdisk: 2147483648,
        uptime: 17,
        tags: 'a;b',
        pool: 'p',
        hastate: 'started',
      },
      { id: 'qemu/101', type: 'qemu', vmid: '101', node: 'pve2', status: 'unknown', lock: 'create' },
      { id: 'lxc/102', type: 'lxc', vmid: 102, node: 'pve2', status: 'stopped', template: 1 },
      { id: 'storage/pve1/local', type: 'storage', node: 'pve1' },
    ];
    const guests = await ask('GET /cluster/resources?type=vm', { data }, async (pve) => await listGuests(pve, call()));
    expect(guests).toHaveLength(3);
    expect(guests[0]).toEqual({
      vmid: 100,
      node: 'pve1',
      type: 'qemu',
      name: 'web',
      status: 'running',
      template: false,
      lock: undefined,
      tags: ['a', 'b'],
      pool: 'p',
      haState: 'started',
      maxMemoryBytes: 629_145_600,
      memoryBytes: 1,
      maxCpus: 2,
      maxDiskBytes: 2_147_483_648,
      uptimeSeconds: 17,
    });
    expect(guests[1]).toMatchObject({ vmid: 101, name: undefined, lock: 'create', tags: [] });
    expect(guests[2]).toMatchObject({ type: 'lxc', template: true });
  });

  test('are told together with nodes and storages where nobody asks for guests alone', async () => {
    const data = [
      { id: 'qemu/100', type: 'qemu', vmid: 100, node: 'pve1', status: 'stopped' },
      { id: 'node/pve1', type: 'node', node: 'pve1', status: 'online', maxcpu: 8, maxmem: 16, mem: 3 },
      { id: 'node/pve2', type: 'node', node: 'pve2', status: 'offline', maxcpu: 4 },
      {
        id: 'storage/pve1/fast',
        type: 'storage',
        node: 'pve1',
        storage: 'fast',
        plugintype: 'zfspool',
        content: 'images,rootdir',
        shared: 0,
        status: 'available',
      },
      { id: 'storage/pve2/old', type: 'storage', node: 'pve2', storage: 'old', shared: 1, status: 'unknown' },
      { id: '/pool/p', type: 'pool', pool: 'p' },
      { id: 'network/pve1/zone/localnetwork', type: 'network', network: 'localnetwork', node: 'pve1' },
    ];
    const all = await ask('GET /cluster/resources', { data }, async (pve) => await listResources(pve, call()));
    expect(all.guests.map(({ vmid }) => vmid)).toEqual([100]);
    expect(all.nodes).toEqual([
      { name: 'pve1', online: true, maxCpus: 8, maxMemoryBytes: 16, memoryBytes: 3 },
      { name: 'pve2', online: false, maxCpus: 4, maxMemoryBytes: undefined, memoryBytes: undefined },
    ]);
    expect(all.storages).toEqual([
      {
        storage: 'fast',
        node: 'pve1',
        type: 'zfspool',
        content: ['images', 'rootdir'],
        shared: false,
        available: true,
      },
      { storage: 'old', node: 'pve2', type: '', content: [], shared: true, available: false },
    ]);
  });

  test.each([
    ['quorate', '1', true],
    ['not quorate', 0, false],
  ])('a cluster is %s', async (_what, quorate, expected) => {
    const data = [
      { type: 'cluster', id: 'cluster', name: 'testclu', nodes: 2, quorate },
      { type: 'node', id: 'node/pve1', name: 'pve1', nodeid: 1, online: 1, local: 1 },
      { type: 'node', id: 'node/pve2', name: 'pve2', nodeid: 2, online: '0', local: 0 },
    ];
    expect(await ask('GET /cluster/status', { data }, async (pve) => await readClusterStatus(pve, call()))).toEqual({
      name: 'testclu',
      quorate: expected,
      nodes: [
        { name: 'pve1', online: true, local: true },
        { name: 'pve2', online: false, local: false },
      ],
    });
  });

  test('a node in no cluster is quorate', async () => {
    const data = [{ id: 'node/pve', level: '', local: 1, name: 'pve', nodeid: 0, online: 1, type: 'node' }];
    expect(await ask('GET /cluster/status', { data }, async (pve) => await readClusterStatus(pve, call()))).toEqual({
      name: undefined,
      quorate: true,
      nodes: [{ name: 'pve', online: true, local: true }],
    });
  });

  test('a VMID is free or taken, and any other refusal is none of both', async () => {
    const free = async (reply: Reply) =>
      await ask('GET /cluster/nextid?vmid=100', reply, async (pve) => await isVmidFree(pve, vmid, call()));
    const taken = { data: null, errors: { vmid: 'VM 100 already exists' } };
    const status = { status: 400, reason: 'Parameter verification failed.' };
    expect(await free({ data: '100' })).toBe(true);
    expect(await free({ ...status, body: JSON.stringify(taken) })).toBe(false);
    expect(await failureOf(free({ ...status, body: '{"errors":{"vmid":"type check"}}' }))).toMatchObject({
      status: 400,
    });
    expect(await failureOf(free({ status: 500, reason: 'unable to get any free VMID in range [1, 2]' }))).toBeDefined();
  });

  test('the MAC prefix is what is set, if anything is', async () => {
    const prefix = async (data: object) =>
      await ask('GET /cluster/options', { data }, async (pve) => await readClusterOptions(pve, call()));
    expect(await prefix({ mac_prefix: 'BC:24:11' })).toEqual({ macPrefix: 'BC:24:11' });
    expect(await prefix({ 'allowed-tags': [] })).toEqual({ macPrefix: undefined });
  });

  test('HA manages a VM or does not', async () => {
    const resource = async (reply: Reply) =>
      await ask('GET /cluster/ha/resources/vm%3A100', reply, async (pve) => await readHaResource(pve, vmid, call()));
    expect(await resource({ data: { digest: 'x', sid: 'vm:100', type: 'vm' } })).toEqual({ state: 'started' });
    expect(await resource({ data: { sid: 'vm:100', state: 'stopped' } })).toEqual({ state: 'stopped' });
    expect(await resource(refused("no such resource 'vm:100'"))).toBeUndefined();
    expect(await failureOf(resource({ status: 403, reason: 'Permission check failed (/, Sys.Audit)' }))).toBeDefined();
  });

  test('HA lets a VM go, also one that it does not manage', async () => {
    const letGo = async (reply: Reply) =>
      await ask(
        'DELETE /cluster/ha/resources/vm%3A100',
        reply,
        async (pve) => await deleteHaResource(pve, vmid, call()),
      );
    await letGo({ data: null });
    await letGo(refused("cannot delete service 'vm:100', not HA managed!"));
    expect(await failureOf(letGo(refused('cluster not ready - no quorum?')))).toMatchObject({ status: 500 });
  });

  test('vnets are bridges with a zone', async () => {
    const data = [{ vnet: 'v1', zone: 'z', type: 'vnet', alias: 'x' }];
    expect(await ask('GET /cluster/sdn/vnets', { data }, async (pve) => await listVnets(pve, call()))).toEqual([
      { name: 'v1', zone: 'z', alias: 'x' },
    ]);
  });

  test('a version is told, and one that is none is refused', async () => {
    const version = async (text: string) =>
      await ask('GET /version', { data: { version: text } }, async (pve) => await readVersion(pve, call()));
    expect(await version('7.4-16')).toMatchObject({ major: 7, minor: 4, patch: 16 });
    expect(await failureOf(version('next'))).toMatchObject({ name: 'UnexpectedAnswer' });
  });

  test('permissions are asked as a whole or for one path', async () => {
    const data = { '/vms/100': { 'VM.Audit': 0 }, '/': { 'Sys.Audit': '1' } };
    const permissions = await ask(
      'GET /access/permissions',
      { data },
      async (pve) => await readPermissions(pve, call()),
    );
    expect(hasPrivilege(permissions, '/vms/100', 'VM.Audit')).toBe(true);
    expect(hasPrivilege(permissions, '/nodes', 'Sys.Audit')).toBe(true);
    const none = await ask(
      'GET /access/permissions?path=%2Fvms%2F1',
      { data: {} },
      async (pve) => await readPermissions(pve, call(), '/vms/1'),
    );
    expect(none.size).toBe(0);
  });
});
