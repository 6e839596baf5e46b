// Storage definitions and what lies beside images (pve-behaviour 8; recording one-node/100).
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let root: PveClient;

const start = async (profile = '9.1'): Promise<void> => {
  simulator = await startSimulator({ cluster: 'one-node', timeScale: 0, profile });
  root = pveClient(simulator, { token: simulator.rootToken });
};

beforeEach(async () => await start());

afterEach(async () => {
  await root.close();
  await simulator.stop();
});

const reasonOf = async (call: ReturnType<PveClient['get']>) => {
  const { status, reason } = await call;
  return `${status} ${reason}`;
};
const definitionOf = async (storage: string) => {
  const { digest: _, ...rest } = objectOf(await root.get(`/storage/${storage}`));
  return rest;
};

describe('a storage is defined', () => {
  test.each([
    [
      'dir',
      { path: '/x', mkdir: 0, shared: 1, nodes: 'pve' },
      { path: '/x', mkdir: 0, shared: 1, nodes: 'pve', content: 'images,rootdir' },
      { shared: true, path: '/x' },
    ],
    [
      'nfs',
      { server: 'nas', export: '/e', options: 'vers=4' },
      { server: 'nas', export: '/e', options: 'vers=4', path: '/mnt/pve/s1', content: 'images' },
      { shared: true, path: '/mnt/pve/s1' },
    ],
    [
      'cifs',
      { server: 'nas', share: 'vm', username: 'u', password: 'secret', content: 'images,iso' },
      { server: 'nas', share: 'vm', username: 'u', path: '/mnt/pve/s1', content: 'images,iso' },
      { shared: true },
    ],
    ['lvm', { vgname: 'vg' }, { vgname: 'vg', content: 'images' }, { shared: false }],
    [
      'lvm',
      { vgname: 'vg', shared: 1, 'snapshot-as-volume-chain': 1 },
      { vgname: 'vg', shared: 1, 'snapshot-as-volume-chain': 1, content: 'images' },
      { shared: true, volumeChains: true },
    ],
    [
      'lvmthin',
      { vgname: 'vg', thinpool: 'data' },
      { vgname: 'vg', thinpool: 'data', content: 'images,rootdir' },
      { shared: false },
    ],
    ['zfspool', { pool: 'tank', sparse: 1 }, { pool: 'tank', sparse: 1, content: 'images,rootdir' }, {}],
    ['rbd', { pool: 'vms', krbd: 1, keyring: 'k' }, { pool: 'vms', krbd: 1, content: 'images' }, { shared: true }],
    ['cephfs', { monhost: '192.0.2.1' }, { monhost: '192.0.2.1', path: '/mnt/pve/s1', content: 'backup' }, {}],
    [
      'btrfs',
      { path: '/b', format: 'qcow2', disable: 1 },
      { path: '/b', format: 'qcow2', disable: 1, content: 'images,rootdir' },
      { defaultFormat: 'qcow2', disabled: true },
    ],
  ])('as %s with %o', async (type, options, shown, state) => {
    expect(objectOf(await root.post('/storage', { storage: 's1', type, ...options }))).toEqual({ storage: 's1', type });
    expect(await definitionOf('s1')).toEqual({ storage: 's1', type, ...shown });
    expect(simulator.world.storages['s1']).toMatchObject({ id: 's1', type, ...state });
  });

  test.each([
    [{ type: 'nfs', server: 'nas' }, "missing value for required option 'export'"],
    [{ type: 'lvm', vgname: 'vg', path: '/x' }, "unexpected property 'path'"],
    [{ type: 'lvm', vgname: 'vg', content: 'iso' }, "storage does not support content type 'iso'"],
  ])('with its type and what belongs to it, not as %o', async (options, expected) => {
    expect(await reasonOf(root.post('/storage', { storage: 's1', ...options }))).toBe(`500 ${expected}`);
    expect(simulator.world.storages['s1']).toBeUndefined();
  });

  test('needs Datastore.Allocate on /storage', async () => {
    const provider = pveClient(simulator);
    expect(await reasonOf(provider.post('/storage', { storage: 's1', type: 'dir', path: '/x' }))).toBe(
      '403 Permission check failed (/storage, Datastore.Allocate)',
    );
    await provider.close();
  });
});

describe('a definition', () => {
  beforeEach(async () => await root.post('/storage', { storage: 's1', type: 'nfs', server: 'nas', export: '/e' }));

  test('changes but for what is fixed, and loses what is deleted', async () => {
    await root.put('/storage/s1', { nodes: 'pve', options: 'soft', disable: 1 });
    await root.put('/storage/s1', { delete: 'nodes,disable', content: 'iso' });
    const own = { storage: 's1', type: 'nfs', server: 'nas', export: '/e', path: '/mnt/pve/s1' };
    expect(await definitionOf('s1')).toEqual({ ...own, content: 'iso', options: 'soft' });
    expect(simulator.world.storages['s1']).toMatchObject({ content: ['iso'], disabled: false });
    expect(await reasonOf(root.put('/storage/s1', { server: 'other' }))).toBe(
      "500 update storage failed: can't change value of fixed parameter 'server'",
    );
    expect(await reasonOf(root.put('/storage/s1', { delete: 'export' }))).toBe(
      "500 update storage failed: unable to delete required option 'export'",
    );
  });

  test('is guarded by the digest of all of them', async () => {
    const { digest } = objectOf(await root.get('/storage/local'));
    expect((await root.put('/storage/s1', { content: 'iso', digest: String(digest) })).status).toBe(200);
    expect(await reasonOf(root.put('/storage/s1', { content: 'images', digest: String(digest) }))).toBe(
      '500 update storage failed: detected modified configuration - file changed by other user? Try again.',
    );
  });

  test('takes its rights and its place in pools with it', async () => {
    const { access, pools } = simulator.world;
    access.acl.push({ path: '/storage/s1', subject: 'virtrigaud@pve', role: 'PVEDatastoreUser', propagate: true });
    await root.put('/pools', { poolid: 'virtrigaud', storage: 's1' });
    await root.del('/storage/s1');
    expect(simulator.world.storages['s1']).toBeUndefined();
    expect(access.acl.map(({ path }) => path)).not.toContain('/storage/s1');
    expect(pools['virtrigaud']?.storages).toEqual([]);
  });

  test('of the type alone that was asked for is listed', async () => {
    expect(rowsOf(await root.get('/storage', { type: 'nfs' })).map(({ storage }) => storage)).toEqual(['s1']);
  });
});

describe('what lies on a storage', () => {
  const place = (volid: string, content: 'backup' | 'snippets', more = {}): void => {
    const [storage = ''] = volid.split(':');
    simulator.world.volumes[`pve/${volid}`] = {
      volid,
      storage,
      node: 'pve',
      content,
      format: content === 'backup' ? 'vma.zst' : 'snippet',
      ctime: 1,
      sizeBytes: 10,
      ...more,
    };
  };
  const backup = 'local:backup/vzdump-qemu-9000-2026_01_01-00_00_00.vma.zst';
  const volume = `/nodes/pve/storage/local/content/${backup}`;

  test('are backups with notes that are changed, and protection that is minded', async () => {
    place(backup, 'backup', { vmid: 9000 });
    await root.put(volume, { notes: 'keep', protected: 1 });
    expect(objectOf(await root.get(volume))).toMatchObject({ notes: 'keep', protected: 1, size: 10 });
    expect(rowsOf(await root.get('/nodes/pve/storage/local/content', { vmid: 9000 }))).toEqual([
      expect.objectContaining({ volid: backup, notes: 'keep', protected: 1, vmid: 9000 }),
    ]);
    expect(await root.task('del', volume)).toMatch(/^cannot remove protected volume '.*' on 'local'$/);
    await root.put(volume, { protected: 0 });
    expect(await root.task('del', volume)).toBe('OK');
    expect(simulator.world.volumes[`pve/${backup}`]).toBeUndefined();
  });

  test('is not listed where the storage is not defined for it', async () => {
    place('local:snippets/a.yml', 'snippets');
    const list = async () => rowsOf(await root.get('/nodes/pve/storage/local/content', { content: 'snippets' }));
    expect(await list()).toEqual([]);
    await root.put('/storage/local', { content: 'snippets' });
    expect(await list()).toEqual([expect.objectContaining({ volid: 'local:snippets/a.yml' })]);
    expect(rowsOf(await root.get('/nodes/pve/storage/local/content', { content: 'iso' }))).toEqual([]);
  });

  test('is made by name, which has to fit the storage', async () => {
    const content = '/nodes/pve/storage/local-lvm/content';
    const make = async (filename: string, format?: string) =>
      await reasonOf(root.post(content, { vmid: 100, filename, size: '1G', format }));
    expect(await make('vm-100-disk-3')).toBe('200 OK');
    expect(await make('vm-100-disk-3')).toBe(
      `500 lvcreate 'pve/vm-100-disk-3' error:   Logical Volume "vm-100-disk-3" already exists in volume group "pve"`,
    );
    expect(await make('vm-101-disk-3')).toBe("500 illegal name 'vm-101-disk-3' - should be 'vm-100-*'");
    expect(await make('vm-100-disk-4', 'vmdk')).toBe("500 unsupported format 'vmdk'");
  });
});

describe('formats and folders', () => {
  test.each([
    ['8.4', { format: [{ raw: 1 }, 'raw'] }, 9],
    ['9.1', { format: [{ raw: 1 }, 'raw'], formats: { default: 'raw', supported: ['raw'] } }, 10],
    ['9.2', { format: [{ raw: 1 }, 'raw'], formats: { default: 'raw', supported: ['raw'] } }, 11],
  ])('differ between versions: %s', async (profile, formats, folders) => {
    await root.close();
    await simulator.stop();
    await start(profile);
    const [row = {}] = rowsOf(await root.get('/nodes/pve/storage', { storage: 'local-lvm', format: 1 }));
    expect({ format: row['format'], ...(row['formats'] === undefined ? {} : { formats: row['formats'] }) }).toEqual(
      formats,
    );
    expect(rowsOf(await root.get('/nodes/pve/storage/local'))).toHaveLength(folders);
  });
});
