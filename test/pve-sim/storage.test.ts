// Storages, uploads and volumes (pve-behaviour 8, 28.9).
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, request } from 'undici';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { storageFrom } from '#pve-sim/storage/storage-definition';
import { emptyQcow2 } from '#pve-sim/web/qcow2';
import { GIB } from '#pve-sim/world/size';
import type { StorageType } from '#pve-sim/world/world';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;
let root: PveClient;
let agent: Agent;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 100, controlPort: 0 });
  pve = pveClient(simulator);
  root = pveClient(simulator, { token: simulator.rootToken });
  agent = new Agent({ connect: { ca: simulator.ca } });
});

afterAll(async () => {
  await Promise.all([pve.close(), root.close()]);
  await agent.close();
  await simulator.stop();
});

interface UploadPart {
  readonly name: string;
  readonly fileName?: string;
  readonly value: string | Buffer;
}

async function upload(parts: readonly UploadPart[], node = 'pve1', storage = 'local', via = 0) {
  const boundary = 'simple-boundary';
  const chunks = parts.flatMap(({ name, fileName, value }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${fileName === undefined ? '' : `; filename="${fileName}"`}\r\n`,
    ),
    Buffer.from(fileName === undefined ? '\r\n' : 'Content-Type: application/octet-stream\r\n\r\n'),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
  const body = Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
  const answer = await request(`${simulator.nodes[via]?.url ?? ''}/api2/json/nodes/${node}/storage/${storage}/upload`, {
    method: 'POST',
    dispatcher: agent,
    headers: {
      authorization: `PVEAPIToken=${simulator.token.id}=${simulator.token.secret}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
    },
    body,
  });
  const text = await answer.body.text();
  const parsed = text.startsWith('{') ? (JSON.parse(text) as { data?: unknown; errors?: Record<string, string> }) : {};
  return { status: answer.statusCode, reason: answer.statusText, ...parsed };
}

const iso = (fileName: string, value: string | Buffer = 'some bytes'): UploadPart[] => [
  { name: 'content', value: 'iso' },
  { name: 'filename', fileName, value },
];

/** A tar archive of empty files. */
function archive(...names: readonly string[]): Buffer {
  const blocks = names.map((name) => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write('00000000000', 124);
    header.write('ustar', 257);
    return header;
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe('an upload', () => {
  test('runs as a task without an id on the node that got it, and keeps every byte', async () => {
    const bytes = Buffer.from([0, 13, 10, 45, 45, 255, 13, 10, 45, 45, 1]);
    const { data } = await upload(iso('seed.iso', bytes), 'pve2', 'local', 0);
    expect(data).toMatch(/^UPID:pve1:.*:imgcopy::virtrigaud@pve!vrtg:$/);
    expect(await pve.exitOf(data)).toBe('OK');
    const list = rowsOf(await pve.get('/nodes/pve2/storage/local/content', { content: 'iso' }));
    expect(list.find(({ volid }) => volid === 'local:iso/seed.iso')).toMatchObject({
      size: bytes.length,
      format: 'iso',
    });
    const read = await request(`${simulator.controlUrl ?? ''}/world/volume?node=pve2&volid=local:iso/seed.iso`);
    expect(Buffer.from(await read.body.arrayBuffer())).toEqual(bytes);
  });

  test('to a shared storage is seen by every node', async () => {
    await pve.exitOf((await upload(iso('everywhere.iso'), 'pve1', 'shared')).data);
    const list = rowsOf(await pve.get('/nodes/pve3/storage/shared/content'));
    expect(list.map(({ volid }) => volid)).toContain('shared:iso/everywhere.iso');
  });

  test('of the same name again overwrites in place', async () => {
    await pve.exitOf((await upload(iso('twice.iso', 'one'))).data);
    await pve.exitOf((await upload(iso('twice.iso', 'three'))).data);
    const volume = objectOf(await pve.get('/nodes/pve1/storage/local/content/local:iso/twice.iso'));
    expect(volume).toMatchObject({ size: 5, format: 'raw', path: '/var/lib/vz/template/iso/twice.iso' });
  });

  test.each([
    ['../zz 3~.iso', 'local:iso/zz_3_.iso'],
    ['a;b.iso', 'local:iso/a_b.iso'],
    ['UPPER.IMG', 'local:iso/UPPER.IMG'],
  ])('stores %s as %s', async (given, stored) => {
    await pve.exitOf((await upload(iso(given))).data);
    expect((await pve.get(`/nodes/pve1/storage/local/content/${stored}`)).status).toBe(200);
  });

  test.each([
    ['a wrong extension', iso('a.txt'), { filename: 'wrong file extension' }],
    [
      'an import with an odd name',
      [
        { name: 'content', value: 'import' },
        { name: 'filename', fileName: 'x.img', value: 'x' },
      ],
      { filename: 'invalid filename or wrong extension' },
    ],
    [
      'the file before its content',
      [...iso('a.iso')].reverse(),
      { content: 'property is missing and it is not optional' },
    ],
    [
      'snippets',
      [{ name: 'content', value: 'snippets' }, ...iso('a.yml').slice(1)],
      { content: "value 'snippets' does not have a value in the enumeration 'iso, vztmpl, import'" },
    ],
    [
      'a checksum without its algorithm',
      [{ name: 'content', value: 'iso' }, { name: 'checksum', value: 'x' }, ...iso('a.iso').slice(1)],
      { 'checksum-algorithm': "missing property required by 'checksum'" },
    ],
  ])('is refused for %s', async (_, parts, expected) => {
    expect((await upload(parts)).errors).toEqual(expected);
  });

  test('checks the checksum in the task', async () => {
    const parts = (checksum: string): UploadPart[] => [
      { name: 'content', value: 'iso' },
      { name: 'checksum-algorithm', value: 'sha256' },
      { name: 'checksum', value: checksum },
      { name: 'filename', fileName: 'sum.iso', value: 'bytes' },
    ];
    const right = createHash('sha256').update('bytes').digest('hex');
    expect(await pve.exitOf((await upload(parts(right))).data)).toBe('OK');
    expect(await pve.exitOf((await upload(parts('00'))).data)).toBe(`checksum mismatch: got '${right}' != expect '00'`);
  });

  test.each([
    [
      'fake.qcow2',
      Buffer.alloc(4096),
      /^qemu-img: Could not open '\/var\/tmp\/pveupload-[0-9a-f]+': Image is not in qcow2 format$/,
    ],
    ['fake.vmdk', Buffer.alloc(4096), /': invalid VMDK image descriptor$/],
    ['fake.ova', Buffer.alloc(4096), /^ova archive has no \.ovf file inside$/],
    ['ova.ova', archive('vm.mf', 'vm.ovf'), /^OK$/],
    ['image.qcow2', emptyQcow2(GIB), /^OK$/],
    ['any.raw', Buffer.alloc(10), /^OK$/],
  ])('for import looks into %s', async (fileName, value, expected) => {
    const { data } = await upload([
      { name: 'content', value: 'import' },
      { name: 'filename', fileName, value: Buffer.from(value) },
    ]);
    expect(await pve.exitOf(data)).toMatch(expected);
    expect(simulator.world.volumes[`pve1/local:import/${fileName}`] !== undefined).toBe(expected.test('OK'));
  });

  test("with a field that is not PVE's is not understood, and what follows the file belongs to it", async () => {
    const strange = await upload([
      { name: 'content', value: 'iso' },
      { name: 'bogus', value: '1' },
      ...iso('b.iso').slice(1),
    ]);
    expect(strange).toEqual({ status: 400, reason: 'Bad Request' });
    const sum = [
      { name: 'checksum', value: 'x' },
      { name: 'checksum-algorithm', value: 'md5' },
    ];
    expect((await upload([...iso('b.iso').slice(0, 1), ...sum, ...iso('b.iso').slice(1)])).reason).toBe('Bad Request');
    await pve.exitOf((await upload([...iso('b.iso', 'x'), { name: 'checksum', value: 'y' }])).data);
    expect(Buffer.from(simulator.world.volumes['pve1/local:iso/b.iso']?.data ?? []).toString()).toMatch(
      /^x\r\n--simple-boundary\r\nContent-Disposition: .*\r\n\r\ny$/s,
    );
  });

  test('that does not fit fails, and leaves nothing', async () => {
    const local = simulator.world.storages['local'];
    if (local !== undefined) simulator.world.storages['local'] = { ...local, totalBytes: 1 };
    const exit = await pve.exitOf((await upload(iso('large.iso'))).data);
    if (local !== undefined) simulator.world.storages['local'] = local;
    expect(exit).toBe("import failed: cp: error writing '/var/lib/vz/template/iso/large.iso': No space left on device");
    expect(simulator.world.volumes['pve1/local:iso/large.iso']).toBeUndefined();
  });

  test('needs the field name PVE expects, and a storage that takes ISOs', async () => {
    const wrong = await upload([
      { name: 'content', value: 'iso' },
      { name: 'file', fileName: 'a.iso', value: 'x' },
    ]);
    expect(wrong.reason).toContain("wrong field name 'file' for file upload, expected 'filename'");
    expect((await upload(iso('a.iso'), 'pve1', 'local-lvm')).reason).toBe("can't upload to storage type 'lvmthin'");
  });
});

describe('an upload on its way', () => {
  const path = '/nodes/pve1/storage/local/content';
  const sizeOf = async (name: string) =>
    rowsOf(await pve.get(path)).find(({ volid }) => volid === `local:iso/${name}`)?.['size'];
  const parts = (name: string): UploadPart[] => [
    { name: 'content', value: 'iso' },
    { name: 'filename', fileName: name, value: 'x'.repeat(1000) },
  ];

  const setSpeed = (bytesPerSecond: number): void => {
    const local = simulator.world.storages['local'];
    if (local !== undefined) simulator.world.storages['local'] = { ...local, bytesPerSecond };
  };

  beforeAll(() => setSpeed(10));
  afterAll(() => setSpeed(1024 ** 3));

  test('is there under its name from the first byte on, and grows', async () => {
    const { data } = await upload(parts('growing.iso'), 'pve1');
    const sizes = [
      await eventually(
        simulator.clock,
        async () => sizeOf('growing.iso'),
        (size) => size !== undefined,
      ),
    ];
    sizes.push(
      await eventually(
        simulator.clock,
        async () => sizeOf('growing.iso'),
        (size) => Number(size) > 0,
      ),
    );
    expect(await pve.exitOf(data)).toBe('OK');
    sizes.push(await sizeOf('growing.iso'));
    expect(sizes).toEqual([0, expect.any(Number), 1000]);
    expect(sizes[1]).toBeLessThan(1000);
  });

  test('is removed when it is stopped, and left cut short when it is killed', async () => {
    const ends: unknown[] = [];
    for (const signal of ['TERM', 'KILL'] as const) {
      simulator.faults.add([{ task: 'imgcopy', count: 1, action: { killWorker: signal, afterMs: 50_000 } }]);
      const exit = await pve.exitOf((await upload(parts(`${signal}.iso`), 'pve1')).data);
      ends.push([exit, await sizeOf(`${signal}.iso`)]);
    }
    expect(ends).toEqual([
      ['received interrupt', undefined],
      ['unexpected status', expect.any(Number)],
    ]);
    const left = simulator.world.volumes['pve1/local:iso/KILL.iso'];
    expect(left?.data).toHaveLength(left?.sizeBytes ?? -1);
    expect(left?.sizeBytes).toBeLessThan(1000);
  });
});

describe('removing a volume', () => {
  test('that is missing is no error, and one that is attached goes without a warning', async () => {
    await pve.exitOf((await upload(iso('gone.iso'), 'pve1')).data);
    await pve.task('post', '/nodes/pve1/qemu', { vmid: 140, ide2: 'local:iso/gone.iso,media=cdrom' });
    expect(await pve.task('del', '/nodes/pve1/storage/local/content/local:iso/gone.iso')).toBe('OK');
    expect(await pve.task('del', '/nodes/pve1/storage/local/content/local:iso/gone.iso')).toBe('OK');
    expect((await pve.del('/nodes/pve1/storage/local/content/local:iso/gone.iso', { delay: 5 })).data).toBeNull();
  });

  test('of another storage than the one in the path is refused', async () => {
    const reply = await pve.del('/nodes/pve1/storage/local/content/shared:iso/everywhere.iso');
    expect(reply.errors).toEqual({ volume: 'storage ID mismatch (shared != local)\n' });
  });
});

describe('the list of storages', () => {
  test('tells content, sizes and who is shared, filtered by content and target', async () => {
    const all = rowsOf(await pve.get('/nodes/pve1/storage'));
    expect(all.map(({ storage, type, shared }) => [storage, type, shared])).toEqual([
      ['local', 'dir', 0],
      ['local-lvm', 'lvmthin', 0],
      ['shared', 'nfs', 1],
    ]);
    const ids = async (params: Record<string, string>) =>
      rowsOf(await pve.get('/nodes/pve1/storage', params)).map(({ storage }) => storage);
    expect(await ids({ content: 'images' })).toEqual(['local-lvm', 'shared']);
    expect(await ids({ content: 'iso', target: 'pve2' })).toEqual(['shared']);
    expect((await pve.get('/nodes/pve1/storage', { storage: 'none' })).errors).toEqual({ storage: 'No such storage.' });
  });

  test('shows what is written, and all of a volume where it is set aside', async () => {
    const used = async (storage: string) =>
      Number(objectOf(await root.get(`/nodes/pve1/storage/${storage}/status`))['used']);
    simulator.world.storages['thick'] = storageFrom('thick', 'lvm', { vgname: 'vg', content: 'images' });
    const before = await used('local-lvm');
    await root.task('post', '/nodes/pve1/qemu', { vmid: 141, scsi0: 'local-lvm:3', scsi1: 'thick:3' });
    expect([(await used('local-lvm')) - before, await used('thick')]).toEqual([0, 3 * GIB]);
    await root.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 142, full: 1 });
    expect((await used('local-lvm')) - before).toBe(10 * GIB);
  });

  test('has nothing to say of one that a node cannot reach', async () => {
    const nfs = { server: '192.0.2.9', export: '/x', path: '/mnt/pve/far', content: 'images,iso' };
    simulator.world.storages['far'] = { ...storageFrom('far', 'nfs', nfs), unreachableFrom: ['pve1'] };
    const rowOn = async (node: string) => rowsOf(await root.get(`/nodes/${node}/storage`, { storage: 'far' }))[0];
    expect(await rowOn('pve1')).toMatchObject({ enabled: 1, active: 0, total: 0, avail: 0 });
    expect(await rowOn('pve2')).toMatchObject({ enabled: 1, active: 1, avail: 500 * GIB });
    expect((await root.get('/nodes/pve1/storage/far/content')).reason).toBe("storage 'far' is not online");
    expect(await root.task('post', '/nodes/pve1/qemu', { vmid: 143, scsi0: 'far:1' })).toBe(
      "unable to create VM 143 - storage 'far' is not online",
    );
  });
});

describe('a full storage', () => {
  const define = (type: StorageType, options: Record<string, string>, totalBytes = 4 * GIB): void => {
    const storage = storageFrom('small', type, { content: 'images,iso', ...options });
    simulator.world.storages['small'] = { ...storage, totalBytes };
  };
  const create = async (vmid: number, disk: string) =>
    await root.task('post', '/nodes/pve1/qemu', { vmid, scsi0: `small:${disk}` });

  test.each<[StorageType, Record<string, string>, string]>([
    [
      'lvm',
      { vgname: 'vg' },
      `lvcreate 'vg/vm-150-disk-0' error:   Volume group "vg" has insufficient free space (1024 extents): 1280 required.`,
    ],
    ['zfspool', { pool: 'tank' }, "zfs error: cannot create 'tank/vm-150-disk-0': out of space"],
    ['zfspool', { pool: 'tank', sparse: '1' }, 'OK'],
    ['lvmthin', { vgname: 'vg', thinpool: 'data' }, 'OK'],
    ['dir', { path: '/small' }, 'OK'],
    [
      'dir',
      { path: '/small', preallocation: 'full' },
      'unable to create image: qemu-img: /small/images/150/vm-150-disk-0.raw: Could not write: No space left on device',
    ],
  ])('of type %s with %o answers a disk that is too large with %s', async (type, options, expected) => {
    define(type, options);
    expect(await create(150, '5')).toBe(expected === 'OK' ? expected : `unable to create VM 150 - ${expected}`);
    if (expected === 'OK') await root.task('del', '/nodes/pve1/qemu/150');
  });

  test('that is thin fails when the copy does not fit, and leaves nothing', async () => {
    define('lvmthin', { vgname: 'vg', thinpool: 'data' });
    const exit = await root.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 151, full: 1, storage: 'small' });
    expect(exit).toMatch(/^clone failed: copy failed: command '\/usr\/bin\/qemu-img convert .*' failed: exit code 1$/);
    expect(Object.keys(simulator.world.volumes).filter((key) => key.includes('small:'))).toEqual([]);
    expect(simulator.world.guests[151]).toBeUndefined();
  });

  test('refuses growth only where the size is set aside', async () => {
    define('lvm', { vgname: 'vg' });
    await create(152, '3');
    expect(await root.task('put', '/nodes/pve1/qemu/152/resize', { disk: 'scsi0', size: '+2G' })).toBe(
      "error resizing volume '/dev/vg/vm-152-disk-0':   Insufficient free space: 512 extents needed, but only 256 available",
    );
    expect(simulator.world.guests[152]?.config['scsi0']).toContain('size=3G');
    expect(await root.task('put', '/nodes/pve1/qemu/152/resize', { disk: 'scsi0', size: '4G' })).toBe('OK');
    await root.task('del', '/nodes/pve1/qemu/152');
  });
});
