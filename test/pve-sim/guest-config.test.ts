// Reading and changing configs (pve-behaviour 9.2, 10, 11, 28.1, 28.2, 28.10).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type Params, type PveClient, pveClient, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let pve: PveClient;
const path = '/nodes/pve1/qemu/120/config';

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 50 });
  pve = pveClient(simulator);
  await pve.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 120, name: 'web', full: 1 });
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const config = async (params: Params = {}): Promise<Record<string, unknown>> => objectOf(await pve.get(path, params));

async function put(params: Params): Promise<void> {
  const reply = await pve.put(path, params);
  if (reply.status !== 200) throw new Error(`${reply.reason} ${reply.text}`);
}

describe('the description', () => {
  test.each([
    ['quotes and angle brackets', `"a" <!-- \\u003c & % -->`],
    ['lines that look like others', '#one\n[two]\nthree: four'],
    ['characters beyond the basic plane', 'ü € 🚀'],
    ['tabs and carriage returns', 'a\tb\r\nc'],
  ])('keeps %s', async (_, text) => {
    await put({ description: text });
    expect((await config())['description']).toBe(text);
  });

  test('loses trailing white space, and is gone when empty', async () => {
    await put({ description: ' text \n\n' });
    expect((await config())['description']).toBe(' text');
    await put({ description: '\n\n' });
    expect((await config())['description']).toBe(' text');
    await put({ description: '' });
    expect(await config()).not.toHaveProperty('description');
  });

  test('is limited to 8192 characters, not bytes', async () => {
    expect((await pve.put(path, { description: '€'.repeat(8192) })).status).toBe(200);
    expect((await pve.put(path, { description: 'x'.repeat(8193) })).errors).toEqual({
      description: 'value may only be 8192 characters long',
    });
    await put({ delete: 'description' });
  });
});

describe('the digest', () => {
  test('is that of the content: the same again for the same text', async () => {
    const before = (await config())['digest'];
    await put({ cores: 4 });
    expect((await config())['digest']).not.toBe(before);
    await put({ cores: 2 });
    expect((await config())['digest']).toBe(before);
    expect((await config({ current: 1 }))['digest']).toBe(before);
  });

  test('that is stale refuses PUT and POST, also with delete and revert; an empty one checks nothing', async () => {
    const stale = '0'.repeat(40);
    const text = 'checksum mismatch (file change by other user?)';
    expect((await pve.put(path, { cores: 3, digest: stale })).reason).toBe(text);
    expect((await pve.post(path, { cores: 3, digest: stale })).reason).toBe(text);
    expect((await pve.put(path, { delete: 'cores', digest: stale })).reason).toBe(text);
    expect((await pve.put(path, { cores: 2, digest: '' })).status).toBe(200);
  });

  test('that is stale fails a resize as a task', async () => {
    const exit = await pve.task('put', '/nodes/pve1/qemu/120/resize', {
      disk: 'scsi0',
      size: '+1G',
      digest: '0'.repeat(40),
    });
    expect(exit).toBe('checksum mismatch (file change by other user?)');
  });
});

describe('values are stored in PVE’s form', () => {
  test.each([
    ['tags lower-cased, once each and sorted', { tags: 'B,a b;A' }, 'tags', 'a;b'],
    ['no tags as a blank', { tags: '' }, 'tags', ' '],
    [
      'a NIC in canonical order',
      { net1: 'model=virtio,macaddr=02:00:00:00:00:01,tag=20,firewall=yes,bridge=vmbr0' },
      'net1',
      'virtio=02:00:00:00:00:01,bridge=vmbr0,firewall=1,tag=20',
    ],
    [
      'a drive with its options sorted',
      { scsi0: 'local-lvm:vm-120-disk-0,ssd=1,discard=on' },
      'scsi0',
      'local-lvm:vm-120-disk-0,discard=on,size=10G,ssd=1',
    ],
    ['a CPU weight in the range of control groups', { cpuunits: 262144 }, 'cpuunits', 10000],
    ['an empty boot order as a blank', { boot: '' }, 'boot', ' '],
    ['an empty value of any other option as a blank', { nameserver: '' }, 'nameserver', ' '],
    ['no keys as no option', { sshkeys: '' }, 'sshkeys', undefined],
  ])('%s', async (_, params, key, expected) => {
    await put(params);
    expect((await config())[key]).toBe(expected);
  });

  test('a NIC without a MAC gets a new one each time', async () => {
    await put({ net1: 'virtio,bridge=vmbr1' });
    const first = (await config())['net1'];
    expect(first).toMatch(/^virtio=BC:24:11(:[0-9A-F]{2}){3},bridge=vmbr1$/);
    await put({ net1: 'virtio,bridge=vmbr1' });
    expect((await config())['net1']).not.toBe(first);
    await put({ delete: 'net1', boot: 'order=scsi0;ide2;net0' });
  });

  test('a password is never shown', async () => {
    await put({ cipassword: 'open sesame' });
    expect((await config())['cipassword']).toBe('**********');
  });
});

describe('refusals', () => {
  test.each([
    ['nothing to do', {}, 'no options specified'],
    ['a balloon beyond memory', { balloon: 4096 }, 'balloon value too large (must be smaller than assigned memory)'],
    ['a boot device that is not there', { boot: 'order=scsi9' }, "invalid bootorder: device 'scsi9' does not exist'"],
    [
      'an ISO that is not there',
      { ide3: 'local:iso/none.iso,media=cdrom' },
      "volume 'local:iso/none.iso' does not exist",
    ],
    [
      'a second cloud-init drive',
      { sata0: 'local-lvm:cloudinit' },
      "sata0 - cloud-init drive is already attached at 'ide2'",
    ],
    ['an option for root alone', { args: '-foo' }, "only root can set 'args' config"],
    ['a missing storage', { scsi5: 'nosuch:1' }, 'Permission check failed (/storage/nosuch, Datastore.AllocateSpace)'],
    ['a broken key', { sshkeys: encodeURIComponent('ssh-ed25519 AAAA b') }, 'SSH public key validation error'],
    ['keys with a broken code', { sshkeys: '%' }, 'SSH public key validation error'],
    ['a comment without a key', { sshkeys: '%23%20none' }, 'SSH public key validation error'],
    ['a name that no volume has', { ide3: 'local:1G,media=cdrom' }, "unable to parse directory volume name '1G'"],
  ])('%s', async (_, params, expected) => {
    expect((await pve.put(path, params)).reason).toBe(expected);
  });

  test.each([
    ['an unknown option', { delete: 'bogus' }, { delete: "unknown option 'bogus'" }],
    [
      'set and deleted at once',
      { cores: 2, delete: 'cores' },
      { delete: "you can't use '-cores' and -delete cores' at the same time" },
    ],
    [
      'an ISO without media',
      { ide3: 'local:iso/debian-12.iso' },
      { ide3: "explicit 'media=cdrom' is required for iso images" },
    ],
    ['a storage without images', { scsi5: 'local:1' }, { storage: "storage 'local' does not support vm images" }],
    ['skiplock by a token', { cores: 2, skiplock: 1 }, { skiplock: 'Only root may use this option.' }],
  ])('%s', async (_, params, expected) => {
    expect((await pve.put(path, params)).errors).toEqual(expected);
  });

  test('a locked guest refuses changes until the lock is gone', async () => {
    const guest = simulator.world.guests[120];
    if (guest === undefined) throw new Error('the guest is gone');
    guest.config['lock'] = 'backup';
    expect((await pve.put(path, { cores: 2 })).reason).toBe('VM is locked (backup)');
    expect((await pve.post(path, { cores: 2 })).reason).toBe('VM is locked (backup)');
    delete guest.config['lock'];
  });
});

describe('drives', () => {
  test('a new disk is allocated; what it replaces becomes unused and can be freed', async () => {
    await put({ scsi3: 'local-lvm:1' });
    await put({ scsi3: 'local-lvm:2' });
    expect(await config()).toMatchObject({
      scsi3: 'local-lvm:vm-120-disk-2,size=2G',
      unused0: 'local-lvm:vm-120-disk-1',
    });
    await put({ delete: 'unused0' });
    expect(await config()).not.toHaveProperty('unused0');
    await put({ delete: 'scsi3', force: 1 });
    const left = rowsOf(await pve.get('/nodes/pve1/storage/local-lvm/content', { vmid: 120 })).map(
      ({ volid }) => volid,
    );
    expect(left).toEqual(['local-lvm:vm-120-cloudinit', 'local-lvm:vm-120-disk-0']);
  });

  test('an ISO takes the place of the cloud-init drive in one call, which is freed', async () => {
    await put({ ide2: 'local:iso/debian-12.iso,media=cdrom' });
    expect((await config())['ide2']).toBe('local:iso/debian-12.iso,media=cdrom,size=650M');
    const left = rowsOf(await pve.get('/nodes/pve1/storage/local-lvm/content', { vmid: 120 })).map(
      ({ volid }) => volid,
    );
    expect(left).toEqual(['local-lvm:vm-120-disk-0']);
    await put({ delete: 'ide2' });
    expect(await config()).toMatchObject({ boot: 'order=scsi0;net0' });
    await put({ ide2: 'local-lvm:cloudinit' });
    expect(await config()).toMatchObject({ ide2: 'local-lvm:vm-120-cloudinit,media=cdrom', boot: 'order=scsi0;net0' });
  });

  test('a CD that is new to the boot order is put at its end', async () => {
    await put({ ide3: 'none' });
    expect((await config())['ide3']).toBe('none,media=cdrom');
    expect((await config())['boot']).toBe('order=scsi0;net0;ide3');
    await put({ delete: 'ide3' });
    expect((await config())['boot']).toBe('order=scsi0;net0');
  });

  test('an EFI disk has its own size and certificates', async () => {
    await put({ efidisk0: 'local-lvm:1,efitype=4m,pre-enrolled-keys=1', bios: 'ovmf' });
    expect((await config())['efidisk0']).toBe(
      'local-lvm:vm-120-disk-1,efitype=4m,ms-cert=2023k,pre-enrolled-keys=1,size=4M',
    );
  });

  test('a size is rounded up to KiB', async () => {
    await put({ scsi6: 'local-lvm:0.1' });
    expect((await config())['scsi6']).toMatch(/,size=104858K$/);
    await put({ delete: 'scsi6' });
    const unused = Object.keys(await config()).filter((key) => key.startsWith('unused'));
    await put({ delete: unused.join(',') });
  });

  test('a resize grows, never shrinks, and writes the size back', async () => {
    const resize = '/nodes/pve1/qemu/120/resize';
    expect(await pve.task('put', resize, { disk: 'scsi0', size: '12.5G' })).toBe('OK');
    expect((await config())['scsi0']).toContain('size=12800M');
    expect(await pve.task('put', resize, { disk: 'scsi0', size: '1G' })).toBe('shrinking disks is not supported');
    expect(await pve.task('put', resize, { disk: 'scsi7', size: '+1G' })).toBe("disk 'scsi7' does not exist");
    expect(await pve.task('put', resize, { disk: 'ide2', size: '+1G' })).toBe("you can't resize a cdrom");
    expect(await pve.task('put', resize, { disk: 'scsi0', size: '12800M' })).toBe('OK');
  });
});

describe('POST', () => {
  test('answers with a task whose log tells the change, or with null when it is quick enough', async () => {
    const started = await pve.post(path, { cores: 2 });
    expect(await pve.exitOf(started.data)).toBe('OK');
    const log = rowsOf(await pve.get(`/nodes/pve1/tasks/${String(started.data)}/log`)).map(({ t }) => t);
    expect(log).toEqual(['update VM 120: -cores 2', 'TASK OK']);
    expect((await pve.post(path, { cores: 2, background_delay: 5 })).data).toBeNull();
    const failed = await pve.post(path, { ide3: 'local:iso/none.iso,media=cdrom', background_delay: 5 });
    expect(failed.reason).toBe("failed to update VM 120: volume 'local:iso/none.iso' does not exist");
  });
});

describe('a running guest', () => {
  const pending = async (): Promise<Record<string, unknown>> => {
    const rows = rowsOf(await pve.get('/nodes/pve1/qemu/120/pending'));
    const open = rows.filter((row) => 'pending' in row || 'delete' in row);
    return Object.fromEntries(open.map(({ key, ...rest }): [string, unknown] => [String(key), rest]));
  };

  beforeAll(async () => {
    expect(await pve.task('post', '/nodes/pve1/qemu/120/status/start')).toBe('OK');
  });

  afterAll(async () => {
    await pve.task('post', '/nodes/pve1/qemu/120/status/stop');
  });

  test('takes names, tags, cloud-init options and NIC settings at once', async () => {
    const mac = /=([0-9A-F:]{17})/.exec(String((await config())['net0']))?.[1] ?? '';
    await put({
      name: 'renamed',
      tags: 'x',
      description: 'd',
      ciuser: 'u',
      ipconfig0: 'ip=dhcp',
      net0: `virtio=${mac},bridge=vmbr1,tag=7`,
    });
    expect(await pending()).toEqual({});
    expect((await config({ current: 1 }))['net0']).toBe(`virtio=${mac},bridge=vmbr1,tag=7`);
  });

  test('keeps CPU, memory and machine pending: over the default view, beside the current one', async () => {
    await put({ cores: 8, memory: 4096, machine: 'q35' });
    expect(await pending()).toEqual({
      cores: { value: 2, pending: 8 },
      memory: { value: '2048', pending: '4096' },
      machine: { pending: 'q35' },
    });
    expect(await config()).toMatchObject({ cores: 8, memory: '4096', machine: 'q35' });
    expect(await config({ current: 1 })).toMatchObject({ cores: 2, memory: '2048' });
  });

  test('a pending change goes by revert, or by setting the value that is there', async () => {
    await put({ revert: 'machine' });
    await put({ memory: 2048 });
    expect(Object.keys(await pending())).toEqual(['cores']);
    await put({ delete: 'agent' });
    expect((await pending())['agent']).toEqual({ value: '1', delete: 1 });
    expect(await config()).not.toHaveProperty('agent');
    await put({ revert: 'agent' });
  });

  test('takes a SCSI disk at once but not an IDE one, and not the loss of its boot disk', async () => {
    await put({ scsi4: 'local-lvm:1', sata1: 'local-lvm:1' });
    expect(Object.keys(await pending()).sort()).toEqual(['cores', 'sata1']);
    expect((await config({ current: 1 }))['scsi4']).toMatch(/^local-lvm:vm-120-disk-\d,size=1G$/);
    const refused = await pve.put(path, { delete: 'scsi0', tags: 'applied-all-the-same' });
    expect(refused.errors).toEqual({ scsi0: "hotplug problem - can't unplug bootdisk 'scsi0'\n" });
    expect(await config()).toMatchObject({ tags: 'applied-all-the-same' });
    expect(Object.keys(await pending())).toContain('scsi0');
    await put({ revert: 'scsi0,sata1' });
  });

  test('applies what is pending when it is stopped through the API', async () => {
    await pve.task('post', '/nodes/pve1/qemu/120/status/stop');
    expect(await pending()).toEqual({});
    expect(await config({ current: 1 })).toMatchObject({ cores: 8 });
    await pve.task('post', '/nodes/pve1/qemu/120/status/start');
  });
});
