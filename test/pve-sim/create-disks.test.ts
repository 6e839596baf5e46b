// The disks a guest is created with (pve-behaviour 8.3, 9.2): allocation, import, EFI and TPM state, on every type of storage.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { placeImport, tar, vmdk } from '../support/images.ts';
import { ONE_NODE } from '#pve-sim/clusters/one-node';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import type { StorageState, StorageType } from '#pve-sim/world/world';
import { objectOf, type Params, type PveClient, pveClient } from './pve-client.ts';

const GIB = 1024 ** 3;

function storage(id: string, type: StorageType, path?: string): Omit<StorageState, 'disabled'> {
  const content = ['images', 'import', 'iso'];
  const rest = path === undefined ? {} : { path };
  return {
    id,
    type,
    shared: false,
    content,
    totalBytes: 100 * GIB,
    bytesPerSecond: GIB,
    defaultFormat: 'raw',
    ...rest,
  };
}

let simulator: Simulator;
let pve: PveClient;

beforeAll(async () => {
  const extra = [
    storage('files', 'dir', '/srv/files'),
    storage('pool', 'zfspool'),
    storage('ceph', 'rbd'),
    storage('thick', 'lvm'),
  ];
  const cluster = { ...ONE_NODE, storages: [...ONE_NODE.storages, ...extra] };
  simulator = await startSimulator({ cluster, timeScale: 50 });
  pve = pveClient(simulator);
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const create = async (params: Params): Promise<string> => await pve.task('post', '/nodes/pve/qemu', params);
const config = (vmid: number): Readonly<Record<string, string>> => simulator.world.guests[vmid]?.config ?? {};
const volumes = (vmid: number): string[] =>
  Object.values(simulator.world.volumes)
    .filter((volume) => volume.vmid === vmid)
    .map(({ volid }) => volid)
    .sort();

const place = (volid: string, data: Uint8Array, format: string): void =>
  placeImport(simulator, 'pve', volid, data, format);

describe('a new disk', () => {
  test.each([
    ['files', 'files:300/vm-300-disk-0.raw'],
    ['local-lvm', 'local-lvm:vm-300-disk-0'],
    ['pool', 'pool:vm-300-disk-0'],
    ['ceph', 'ceph:vm-300-disk-0'],
    ['thick', 'thick:vm-300-disk-0'],
  ])('is named as %s names volumes', async (id, volid) => {
    expect(await create({ vmid: 300, scsi0: `${id}:1.5`, template: 1 })).toBe('OK');
    const isBase = id !== 'thick';
    expect(config(300)['scsi0']).toBe(`${isBase ? volid.replace('vm-300-disk', 'base-300-disk') : volid},size=1536M`);
    expect(volumes(300)).toEqual([(config(300)['scsi0'] ?? '').split(',')[0]]);
    await pve.task('del', '/nodes/pve/qemu/300');
    expect(volumes(300)).toEqual([]);
  });

  test('counts data, EFI and TPM disks of one storage together, in the order of their keys', async () => {
    const disks = { efidisk0: 'files:1,efitype=4m,format=qcow2', scsi0: 'files:1', tpmstate0: 'files:1,version=v2.0' };
    expect(await create({ vmid: 301, ...disks, virtio0: 'local-lvm:1' })).toBe('OK');
    expect(config(301)).toMatchObject({
      efidisk0: 'files:301/vm-301-disk-0.qcow2,efitype=4m,size=528K',
      scsi0: 'files:301/vm-301-disk-1.raw,size=1G',
      tpmstate0: 'files:301/vm-301-disk-2.raw,size=4M,version=v2.0',
      virtio0: 'local-lvm:vm-301-disk-0,size=1G',
      boot: 'order=scsi0',
    });
  });

  test('has to be of a format the storage has, and of a size it can hold; what was made before is freed', async () => {
    const before = { vmid: 302, ide0: 'files:1' };
    const failed = async (scsi0: string): Promise<string> => await create({ ...before, scsi0 });
    expect(await failed('local-lvm:1,format=qcow2')).toMatch(/^unable to create VM 302 - unsupported format 'qcow2'/);
    expect(await failed('local-lvm:0')).toMatch(/^unable to create VM 302 - lvcreate 'pve\/vm-302-disk-0' error:/);
    expect(await failed('files:17000000')).toBe(
      "unable to create VM 302 - unable to create image: qemu-img: /srv/files/images/302/vm-302-disk-1.raw: The image size is too large for file format 'raw'",
    );
    expect(volumes(302)).toEqual([]);
    expect(simulator.world.guests[302]).toBeUndefined();
    expect(await failed('files:0')).toBe('OK');
    expect(config(302)['scsi0']).toBe('files:302/vm-302-disk-1.raw,size=0T');
  });

  test('is on a storage that is there and takes images', async () => {
    const post = async (scsi0: string): Promise<unknown> => await pve.post('/nodes/pve/qemu', { vmid: 303, scsi0 });
    expect(await post('nosuch:1')).toMatchObject({ status: 403 });
    expect(await post('local:1')).toMatchObject({
      status: 400,
      errors: { storage: "storage 'local' does not support vm images" },
    });
  });
});

describe('import-from', () => {
  const post = async (params: Params): Promise<{ status: number; reason: string; errors: unknown }> =>
    await pve.post('/nodes/pve/qemu', { vmid: 310, ...params });

  test('takes the size from the image, its format where the target has it, and logs whose disk it is', async () => {
    place('files:import/disk.vmdk', vmdk(4 * 2048), 'vmdk');
    expect(await create({ vmid: 310, scsi0: 'files:0,import-from=files:import/disk.vmdk,discard=on' })).toBe('OK');
    expect(config(310)['scsi0']).toBe('files:310/vm-310-disk-0.vmdk,discard=on,size=4M');
    expect(await create({ vmid: 311, scsi0: 'pool:0,import-from=files:310/vm-310-disk-0.vmdk' })).toBe('OK');
    expect(config(311)['scsi0']).toBe('pool:vm-311-disk-0,size=4M');
    const task = Object.values(simulator.world.tasks).findLast(({ id }) => id === '311');
    expect(task?.log[0]).toBe('create full clone of drive scsi0 (files:310/vm-310-disk-0.vmdk)');
  });

  test('finds a disk inside an appliance, and says what is in it', async () => {
    const ovf = `<Envelope><References><File ovf:href="d.vmdk" ovf:id="f1"/></References>
      <DiskSection><Disk ovf:diskId="v1" ovf:fileRef="f1"/></DiskSection>
      <VirtualSystem ovf:id="x"><Name>appliance</Name>
      <Item><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>1024</rasd:VirtualQuantity></Item></VirtualSystem></Envelope>`;
    place('files:import/a.ova', tar({ 'a.ovf': Buffer.from(ovf), 'd.vmdk': vmdk(2 * 2048) }), 'ova');
    const told = await pve.get('/nodes/pve/storage/files/import-metadata', { volume: 'import/a.ova' });
    expect(objectOf(told)).toMatchObject({
      'create-args': { name: 'appliance', cores: 2, memory: 1024 },
      disks: { scsi0: 'files:import/a.ova/d.vmdk' },
    });
    expect(await create({ vmid: 312, scsi0: 'thick:0,import-from=files:import/a.ova/d.vmdk' })).toBe('OK');
    expect(config(312)['scsi0']).toBe('thick:vm-312-disk-0,size=2M');
    expect(await create({ vmid: 313, scsi0: 'thick:0,import-from=files:import/a.ova/no.vmdk' })).toMatch(
      /^unable to create VM 313/,
    );
  });

  test.each([
    ['an ISO', { scsi0: 'files:0,import-from=local:iso/debian-12.iso' }, 'scsi0', /has wrong type 'iso'/],
    ['a size', { scsi0: 'files:1,import-from=files:import/x.qcow2' }, 'scsi0', /requires special syntax/],
    [
      'an EFI disk of an unknown kind',
      { efidisk0: 'files:0,import-from=files:import/x.raw' },
      'efidisk0',
      /need to specify 'efitype'/,
    ],
    [
      'a TPM state of an unknown version',
      { tpmstate0: 'files:0,import-from=files:import/x.raw' },
      'tpmstate0',
      /need to specify 'version'/,
    ],
  ])('refuses %s', async (_, params, key, text) => {
    const { status, errors } = await post({ vmid: 314, ...params });
    expect(status).toBe(400);
    expect((errors as Record<string, string>)[key]).toMatch(text);
  });

  test('unpacks an appliance only where images may lie', async () => {
    const wish = { vmid: 316, scsi0: 'thick:0,import-from=local:import/a.ova/d.vmdk' };
    expect((await post(wish)).errors).toEqual({
      scsi0: "local:import/a.ova/d.vmdk is not on an storage with 'images' content type.",
    });
    expect(await create({ ...wish, 'import-working-storage': 'files' })).toMatch(
      /'local:import\/a.ova' does not exist$/,
    );
  });

  test('refuses paths to all but root', async () => {
    expect((await post({ vmid: 314, scsi0: 'files:0,import-from=/srv/x.raw' })).reason).toMatch(/^Only root can pass/);
  });

  test('waits for a change of the guest it copies from', async () => {
    const release = await simulator.holdLock('vm:310', 60_000, 'pve');
    const { data } = await pve.post('/nodes/pve/qemu', {
      vmid: 315,
      scsi0: 'files:0,import-from=files:310/vm-310-disk-0.vmdk',
    });
    await simulator.clock.sleep(2000);
    expect(simulator.world.tasks[String(data)]?.exitstatus).toBeUndefined();
    release?.();
    expect(await pve.exitOf(data)).toBe('OK');
  });
});

test('Windows keeps the machine of its first day', async () => {
  expect(await create({ vmid: 320, ostype: 'win11', machine: 'q35,viommu=intel' })).toBe('OK');
  expect(config(320)['machine']).toBe('pc-q35-10.1,viommu=intel');
  expect(await create({ vmid: 321, ostype: 'win11', machine: 'pc-q35-8.1' })).toBe('OK');
  expect(config(321)['machine']).toBe('pc-q35-8.1');
});

test('the default boot order takes buses and numbers as PVE does', async () => {
  const disks = { scsi10: 'files:1', scsi2: 'files:1', virtio0: 'files:1', sata1: 'none,media=cdrom' };
  expect(await create({ vmid: 322, ...disks, net10: 'virtio,bridge=vmbr0', net2: 'virtio,bridge=vmbr0' })).toBe('OK');
  expect(config(322)['boot']).toBe('order=scsi2;sata1;net2');
});
