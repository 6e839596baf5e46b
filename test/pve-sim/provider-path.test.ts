// The whole way of a provider's VM, from the search for an id to its end, with the token and the rights that a provider has
// (pve-behaviour 25, 28.8), on every version.
import { expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { addWebServer } from '#pve-sim/web/web-server';
import { GIB } from '#pve-sim/world/size';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7Wb0Gx9n0b3yq1m5Y2gUq9m3s8tV5u6w7x8y9z0A1B me@example';

interface Way {
  readonly simulator: Simulator;
  readonly pve: PveClient;
  readonly guest: string;
  readonly id: number;
}

async function configure({ simulator, pve, guest, id }: Way): Promise<void> {
  const options = {
    cores: 4,
    memory: 4096,
    tags: 'managed;web',
    ciuser: 'admin',
    sshkeys: encodeURIComponent(KEY),
    ipconfig0: 'ip=192.0.2.50/24,gw=192.0.2.1',
    digest: String(objectOf(await pve.get(`${guest}/config`))['digest']),
  };
  expect(await pve.task('post', `${guest}/config`, options)).toBe('OK');
  expect(objectOf(await pve.get(`${guest}/config`))).toMatchObject({ cores: 4, tags: 'managed;web', name: 'web-1' });
  expect(simulator.world.guests[id]?.pending).toEqual({});
  const resized = await pve.put(`${guest}/resize`, { disk: 'scsi0', size: '+2G' });
  if (resized.data !== null) expect(await pve.exitOf(resized.data)).toBe('OK');
  expect(objectOf(await pve.get(`${guest}/config`))['scsi0']).toContain('size=12G');
}

async function run({ simulator, pve, guest }: Way): Promise<void> {
  expect(await pve.task('post', `${guest}/status/start`)).toBe('OK');
  const interfaces = async () => await pve.get(`${guest}/agent/network-get-interfaces`);
  const answer = await eventually(simulator.clock, interfaces, ({ status }) => status === 200);
  expect(JSON.stringify(answer.data)).toContain('"ip-address":"192.0.2.50"');
  expect(objectOf(await pve.get(`${guest}/status/current`))).toMatchObject({ status: 'running', agent: 1 });
}

async function snapshots({ simulator, pve, guest, id }: Way): Promise<void> {
  expect(await pve.task('post', `${guest}/snapshot`, { snapname: 'before' })).toBe('OK');
  expect(rowsOf(await pve.get(`${guest}/snapshot`)).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['before', 'current']),
  );
  await pve.put(`${guest}/config`, { tags: 'changed' });
  expect(await pve.task('post', `${guest}/status/shutdown`, { timeout: 60 })).toBe('OK');
  expect(await pve.task('post', `${guest}/snapshot/before/rollback`)).toBe('OK');
  expect(simulator.world.guests[id]?.config['tags']).toBe('managed;web');
  expect(await pve.task('del', `${guest}/snapshot/before`)).toBe('OK');
}

test.each(['7.0', '7.4', '8.1', '8.4', '9.1', '9.2'])(
  'a VM is cloned, configured, run and removed on %s',
  async (profile) => {
    const simulator = await startSimulator({ cluster: 'one-node', timeScale: 50, profile });
    const pve = pveClient(simulator);
    try {
      const id = Number(objectOf(await pve.get('/cluster/nextid')));
      const way = { simulator, pve, id, guest: `/nodes/pve/qemu/${id}` };
      const clone = { newid: id, name: 'web-1', description: 'mine', pool: 'virtrigaud', full: 1 };
      expect(await pve.task('post', '/nodes/pve/qemu/9000/clone', clone)).toBe('OK');
      expect(simulator.world.pools['virtrigaud']?.vms).toEqual([id]);
      await configure(way);
      await run(way);
      await snapshots(way);
      expect(await pve.task('post', `${way.guest}/status/start`)).toBe('OK');
      expect(await pve.task('post', `${way.guest}/status/stop`)).toBe('OK');
      expect(await pve.task('del', way.guest, { purge: 1 })).toBe('OK');
      expect(simulator.world.guests[id]).toBeUndefined();
      expect(Object.values(simulator.world.volumes).filter(({ vmid }) => vmid === id)).toEqual([]);
      expect(simulator.world.pools['virtrigaud']?.vms).toEqual([]);
      expect((await pve.get(`${way.guest}/config`)).reason).toBe(
        `Configuration file 'nodes/pve/qemu-server/${id}.conf' does not exist`,
      );
    } finally {
      await pve.close();
      await simulator.stop();
    }
  },
);

test.each(['8.4', '9.1'])('a VM is made from an image that a node has fetched on %s', async (profile) => {
  const simulator = await startSimulator({ cluster: 'one-node', timeScale: 50, profile });
  const root = pveClient(simulator, { token: simulator.rootToken });
  const size = 3 * 65_536 + 8;
  addWebServer(simulator.world, 'http://images.example', { '/cloud.img': { size, what: 'qcow2' } });
  try {
    const image = { url: 'http://images.example/cloud.img', content: 'import', filename: 'cloud.qcow2' };
    expect(await root.task('post', '/nodes/pve/storage/local/download-url', image)).toBe('OK');
    const created = await root.task('post', '/nodes/pve/qemu', {
      vmid: 300,
      tags: 'managed',
      scsihw: 'virtio-scsi-single',
      scsi0: 'local-lvm:0,import-from=local:import/cloud.qcow2',
      ide2: 'local-lvm:cloudinit',
      net0: 'virtio,bridge=vmbr0',
    });
    expect(created).toBe('OK');
    expect(await root.exitOf((await root.put('/nodes/pve/qemu/300/resize', { disk: 'scsi0', size: '1G' })).data)).toBe(
      'OK',
    );
    const config = objectOf(await root.get('/nodes/pve/qemu/300/config'));
    expect(config).toMatchObject({ boot: 'order=scsi0;ide2;net0', scsi0: 'local-lvm:vm-300-disk-0,size=1G' });
    expect(simulator.world.volumes['pve/local-lvm:vm-300-disk-0']).toMatchObject({
      sizeBytes: GIB,
      writtenBytes: size,
    });
    expect(await root.task('del', '/nodes/pve/qemu/300')).toBe('OK');
  } finally {
    await root.close();
    await simulator.stop();
  }
});
