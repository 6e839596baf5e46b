import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GIB } from '#pve-sim/world/size';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, startFlow } from '../support/flow.ts';
import { placeImport, tar, vmdk } from '../support/images.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type CreateParts, createRequest, nic, rootDisk } from '../support/requests.ts';
import { revoke } from '../support/rights.ts';
import { GOLDEN, IMPORT, prepareSources, SOURCES } from '../support/sources.ts';
import { claimedVms, strayVolumes, type VmFacts } from '../support/world.ts';

// What a VM can be made from, and what PVE then has; where it cannot, the refusal, which changes nothing.

const forever = deadlineIn(Number.POSITIVE_INFINITY);

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { cluster: SOURCES, timeScale: 100 } });
  await prepareSources(flow);
});
afterAll(async () => {
  expect(strayVolumes(flow.sim)).toEqual([]);
  await flow.stop();
});

let count = 0;
async function make(parts: CreateParts, client = flow.client): Promise<VmFacts & { state: string }> {
  const name = `made-${++count}`;
  const { id } = await client.create(createRequest({ name, ...parts }));
  const [vm, ...others] = await claimedVms(flow.world, name);
  expect(others).toEqual([]);
  if (vm === undefined) throw new Error(`there is no VM ${name}`);
  expect(vm).toMatchObject({ vmid: Number(id), state: 'ready', lock: undefined, running: false });
  return vm;
}

const image = (more: Record<string, unknown>, parts: CreateParts = {}): CreateParts => ({ ...parts, image: more });

function volumeOf(vm: VmFacts, slot: string) {
  const volid = vm.config[slot]?.split(',')[0];
  const volume = Object.values(flow.sim.world.volumes).find(
    (each) => each.volid === volid && (each.node ?? vm.node) === vm.node,
  );
  if (volume === undefined) throw new Error(`there is no ${volid}`);
  return volume;
}

describe('a clone', () => {
  it('that is linked shares the blocks of its template and stays on its storage, whatever the defaults are', async () => {
    const other = await flow.another(0, { PVE_DEFAULT_STORAGE: 'ceph' });
    const parts = image({ TemplateName: 'ubuntu-22-template', CloneMode: 'linked' }, { class: { Storage: 'shared' } });
    const vm = await make({ ...parts, disks: [rootDisk(20)] }, other.client);
    expect(volumeOf(vm, 'scsi0')).toMatchObject({ storage: 'local-lvm', parent: expect.stringContaining('base-9001') });
    expect(vm.config['scsi0']).toMatch(/size=20G/);
  });

  it.each([
    ['its class', { class: { CloneMode: 'linked' } }],
    ['the only place the unmodified manager has for it', { class: { ExtraConfig: { cloneMode: 'linked' } } }],
  ])('is linked where %s says so, and full where the image says that', async (_where, parts) => {
    expect(volumeOf(await make({ ...parts }), 'scsi0').parent).toBeDefined();
    const full = await make(image({ TemplateName: 'ubuntu-22-template', CloneMode: 'full' }, parts));
    expect(volumeOf(full, 'scsi0').parent).toBeUndefined();
  });

  it('of a snapshot is what the VM was then, in full or linked, and has none of its notes', async () => {
    await flow.pve.put('/nodes/pve3/qemu/100/config', forever, { cores: 7, description: 'later' });
    await flow.pve.put('/nodes/pve3/qemu/100/resize', forever, { disk: 'scsi0', size: '18G' });
    const full = await make(image({ TemplateName: 'legacy-app', Snapshot: GOLDEN }));
    const linked = await make(image({ TemplateName: '100', Snapshot: GOLDEN, CloneMode: 'linked' }));
    for (const vm of [full, linked]) {
      expect(vm).toMatchObject({ node: 'pve3', config: { scsi0: expect.stringContaining('size=16G') } });
      expect(Object.keys(vm.config)).not.toEqual(expect.arrayContaining(['snaptime']));
    }
    const linkedOnCeph = await make(image({ TemplateName: 'on-ceph', Snapshot: GOLDEN, CloneMode: 'linked' }));
    expect(linkedOnCeph.config['scsi0']).toMatch(/^ceph:/);
  });

  it('of an ordinary VM leaves that as it is, running or stopped, with a claim of its own', async () => {
    const before = JSON.stringify(flow.sim.world.guests[113]?.config);
    const ofRunning = await make(image({ TemplateName: 'busy' }));
    expect(ofRunning.config).toMatchObject({ name: expect.stringMatching(/^made-/), memory: '4096', ostype: 'l26' });
    expect(JSON.stringify(flow.sim.world.guests[113]?.config)).toBe(before);
    const ofOurs = await make(image({ TemplateName: String(ofRunning.vmid) }));
    expect(ofOurs.config['description']?.match(/virtrigaud 1/g)).toHaveLength(1);
    expect(ofOurs.vmid).not.toBe(ofRunning.vmid);
  });

  it('is of the template on the node that its image names, where several bear the name', async () => {
    for (const node of ['pve2', 'pve3'])
      expect(await make(image({ TemplateName: 'twin', Node: node }))).toMatchObject({ node });
    const unsaid = flow.client.create(
      createRequest({ name: 'of-twins', image: { TemplateName: 'twin', Node: 'pve1' } }),
    );
    await expect(unsaid).rejects.toMatchObject({ message: expect.stringMatching(/9106 on pve2, 9107 on pve3.*VMID/) });
  });

  it('onto another node leaves unused disks out, wherever they are', async () => {
    const vm = await make(image({ TemplateName: 'with-unused' }, { placement: { Host: 'pve3' } }));
    expect(vm).toMatchObject({ node: 'pve3', config: { scsi0: expect.stringMatching(/^ceph:/) } });
    expect(Object.keys(vm.config)).not.toContain('unused0');
  });

  it('onto another node is made where everything is shared', async () => {
    const vm = await make(image({ TemplateName: 'shared-template' }, { placement: { Host: 'pve3' } }));
    expect(vm).toMatchObject({ node: 'pve3', config: { scsi0: expect.stringMatching(/^ceph:/) } });
    const full = image({ TemplateName: 'shared-template' }, { placement: { Host: 'pve1', Datastore: 'shared' } });
    expect(await make(full)).toMatchObject({ node: 'pve1', config: { scsi0: expect.stringMatching(/^shared:/) } });
    const linked = image({ TemplateName: 'shared-template', CloneMode: 'linked' }, { placement: { Nodes: ['pve1'] } });
    expect(await make(linked)).toMatchObject({ node: 'pve1' });
  });
});

describe('a VM that is made without a template', () => {
  it('from an ISO has a blank disk and the ISO behind it, away from where a seed goes', async () => {
    const iso = { TemplateName: 'local:iso/debian-12.iso', Storage: 'local-lvm' };
    const plain = await make(image(iso, { disks: [rootDisk(12)] }));
    expect(plain.config).toMatchObject({
      scsi0: expect.stringMatching(/^local-lvm:vm-\d+-disk-0,.*size=12G/),
      sata0: 'local:iso/debian-12.iso,media=cdrom,size=650M',
      boot: 'order=scsi0;sata0',
      scsihw: 'virtio-scsi-single',
      ostype: 'l26',
      cpu: 'x86-64-v2-AES',
    });
    expect(Object.keys(plain.config).filter((key) => /^(net|ide)\d/.test(key))).toEqual([]);
    for (const Machine of ['pc', 'q35']) {
      const userData = '#cloud-config\nautoinstall: {version: 1}\n';
      const vm = await make(
        image(iso, { class: { Machine, DiskDefaults: { SizeGiB: 9 } }, networks: [nic()], userData }),
      );
      const seeds = Object.entries(vm.config).filter(([, value]) => value.includes(':iso/vrtg-'));
      expect(seeds).toHaveLength(1);
      expect(seeds[0]?.[0]).not.toBe('sata0');
      expect(vm.config).toMatchObject({
        sata0: expect.stringContaining('debian-12.iso'),
        scsi0: expect.stringMatching(/9G/),
      });
      expect(vm.config['boot']).toMatch(/^order=scsi0;sata0;net0/);
    }
  });

  it('under UEFI has had no other firmware before, so that nothing is warned of', async () => {
    const vm = await make(image({ TemplateName: '', Blank: true }, { class: { Firmware: 'UEFI' }, ...onCeph }));
    expect(vm.config).toMatchObject({ bios: 'ovmf', efidisk0: expect.stringContaining('ceph:'), boot: 'order=scsi0' });
    const { providerRawJson } = await flow.client.describe({ id: String(vm.vmid) });
    expect(JSON.parse(providerRawJson)).not.toHaveProperty('warnings', expect.stringContaining('BIOS'));
  });

  const onCeph: CreateParts = { placement: { Datastore: 'ceph' }, disks: [rootDisk(5)] };

  it('has its disk in a format that can have snapshots, where there is a choice', async () => {
    const parts = { placement: { Datastore: 'files' }, disks: [rootDisk(5)] };
    expect((await make(image({ TemplateName: '', Blank: true }, parts))).config['scsi0']).toMatch(/qcow2/);
    expect((await make(image({ TemplateName: IMPORT }, parts))).config['scsi0']).toMatch(/qcow2/);
  });

  it('from an image is made where the image is, and its disk grows', async () => {
    const vm = await make(image({ TemplateName: '', Path: IMPORT, Storage: 'local-lvm' }, { disks: [rootDisk(20)] }));
    expect(['pve2', 'pve3']).toContain(vm.node);
    expect(vm.config['scsi0']).toMatch(/^local-lvm:vm-\d+-disk-0,.*size=20G/);
    expect((await make(image({ TemplateName: IMPORT, Storage: 'zfs' }))).config['scsi0']).toMatch(/^zfs:.*size=4G/);
  });

  it('from the disk of another VM is made on that one’s node and leaves it as it is', async () => {
    const vm = await make(image({ TemplateName: '', Path: 'local-lvm:vm-113-disk-0', Storage: 'thick' }));
    expect(vm).toMatchObject({ node: 'pve1', config: { scsi0: expect.stringMatching(/^thick:.*size=4G/) } });
    expect(flow.sim.world.guests[113]?.config['scsi0']).toBe('local-lvm:vm-113-disk-0,size=4G');
  });

  it('from a disk inside an appliance is unpacked on a storage that can hold it', async () => {
    placeImport(
      flow.sim,
      'pve3',
      'local:import/a.ova',
      tar({ 'a.ovf': Buffer.from('<x/>'), 'd.vmdk': vmdk(4096) }),
      'ova',
    );
    const vm = await make(image({ TemplateName: 'local:import/a.ova/d.vmdk', Storage: 'local-lvm' }));
    expect(vm).toMatchObject({ node: 'pve3', config: { scsi0: expect.stringContaining('size=2M') } });
    const whole = flow.client.create(
      createRequest({ name: 'whole', image: { TemplateName: 'local:import/a.ova', Storage: 'zfs' } }),
    );
    await expect(whole).rejects.toMatchObject({
      message: expect.stringMatching(/is an appliance.*a\.ova\/<name>\.vmdk/),
    });
  });

  it('from an image that is larger than its disk shall be is refused, and so is one in an appliance, which leaves nothing', async () => {
    placeImport(flow.sim, 'pve1', 'local:import/big.ova', tar({ 'd.vmdk': vmdk((8 * GIB) / 512) }), 'ova');
    const before = await flow.world.volumes();
    for (const TemplateName of [IMPORT, 'local:import/big.ova/d.vmdk']) {
      const parts = { image: { TemplateName, Storage: 'local-lvm' }, disks: [rootDisk(2)] };
      const refused = flow.client.create(createRequest({ name: `small-${TemplateName.length}`, ...parts }));
      await expect(refused).rejects.toMatchObject({
        kind: 'invalid-spec',
        message: expect.stringMatching(/SizeGiB.*shrink/),
      });
    }
    expect(await flow.world.volumes()).toEqual(before);
  });
});

describe('what cannot be copied like that is refused by name, and nothing is written:', () => {
  const linked = { CloneMode: 'linked' };
  it.each<[string, CreateParts, string, RegExp]>([
    [
      'linked on LVM',
      image({ TemplateName: 'thick-template', ...linked }),
      'invalid-spec',
      /"thick" \(lvm\).*linked clone of scsi0.*Ask for a full clone/,
    ],
    [
      'a snapshot in full on ZFS',
      image({ TemplateName: 'on-zfs', Snapshot: GOLDEN }),
      'invalid-spec',
      /"zfs" \(zfspool\).*full clone of snapshot "golden".*Leave the snapshot out/,
    ],
    [
      'linked to a snapshot on ZFS',
      image({ TemplateName: 'on-zfs', Snapshot: GOLDEN, ...linked }),
      'invalid-spec',
      /"zfs" \(zfspool\).*linked clone of snapshot/,
    ],
    [
      'another snapshot',
      image({ TemplateName: 'on-ceph', Snapshot: 'g' }),
      'invalid-spec',
      /no snapshot "g"\. Snapshots: golden/,
    ],
    [
      'linked to the image’s other storage',
      image({ TemplateName: 'zfs-template', ...linked, Storage: 'ceph' }),
      'invalid-spec',
      /image_json\.Storage: .*stays on "zfs"/,
    ],
    [
      'TPM state that runs',
      image({ TemplateName: 'with-tpm' }),
      'precondition',
      /cannot clone TPM state.*Power the VM off/,
    ],
    [
      'onto a node with a local CD',
      image({ TemplateName: 'half-shared-template' }, { placement: { Host: 'pve1' } }),
      'invalid-spec',
      /placement_json\.Host: ide2 .*"local-lvm", which pve2 and pve1 do not share/,
    ],
    [
      'onto a node and to its local storage',
      image({ TemplateName: 'shared-template' }, { placement: { Host: 'pve1', Datastore: 'zfs' } }),
      'invalid-spec',
      /placement_json\.Datastore: storage "zfs" is not shared/,
    ],
  ])('%s', async (_title, parts, kind, message) => {
    const since = lastRequest(flow.sim);
    const before = await flow.world.volumes();
    const refused = flow.client.create(createRequest({ name: `refused-${++count}`, ...parts }));
    await expect(refused).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
    expect(await flow.world.volumes()).toEqual(before);
    // PVE itself is asked where only it knows, and answers before it begins.
    expect(writesSince(flow.sim, since).filter((write) => !write.endsWith('/clone'))).toEqual([]);
  });

  it('a VM of ours that is not finished, or on its way out', async () => {
    const vm = await make({});
    const config = flow.sim.world.guests[vm.vmid]?.config ?? {};
    const text = config['description'] ?? '';
    const parts = image({ TemplateName: String(vm.vmid) });
    for (const [state, kind] of [
      ['creating', 'busy'],
      ['void', 'precondition'],
    ] as const) {
      config['description'] = text.replace('"s":"ready"', `"s":"${state}"`);
      const refused = flow.client.create(createRequest({ name: `of-${state}`, ...parts }));
      await expect(refused).rejects.toMatchObject({ kind, message: expect.stringMatching(/being (made|taken away)/) });
    }
    config['description'] = text;
    config['lock'] = 'backup';
    const locked = flow.client.create(createRequest({ name: 'of-locked', ...parts }), { deadlineMs: 3_000 });
    await expect(locked).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringContaining('VM is locked (backup)'),
    });
    delete config['lock'];
  });

  it('a disk of a VM that we may not clone, with everything an import needs', async () => {
    const giveBack = revoke(flow.sim, 'VM.Clone', '/vms', ['token']);
    const parts = image({ TemplateName: '', Path: 'local-lvm:vm-113-disk-0', Storage: 'thick' });
    const refused = flow.client.create(createRequest({ name: 'not-mine', ...parts }));
    await expect(refused).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringMatching(
        /\/vms\/113, VM\.Clone.*Datastore\.Audit on \/storage\/local-lvm, VM\.Config\.Disk and VM\.Clone on \/vms\/113/,
      ),
    });
    giveBack();
  });

  it('a disk of a VM that is gone, and one of a VM that was made for somebody', async () => {
    const left = Object.values(flow.sim.world.volumes).find(({ volid }) => volid === 'local-lvm:vm-113-disk-0');
    if (left === undefined) throw new Error('the disk of VM 113 is not there');
    flow.sim.world.volumes['pve1/local-lvm:vm-777-disk-0'] = { ...left, volid: 'local-lvm:vm-777-disk-0', vmid: 777 };
    const gone = image(
      { TemplateName: '', Path: 'local-lvm:vm-777-disk-0', Storage: 'thick' },
      { placement: { Host: 'pve1' } },
    );
    await expect(flow.client.create(createRequest({ name: 'of-gone', ...gone }))).rejects.toMatchObject({
      kind: 'precondition',
      message: expect.stringMatching(/VM 777, whose disk it was, is not there/),
    });
    delete flow.sim.world.volumes['pve1/local-lvm:vm-777-disk-0'];
    const owned = await make(image({ TemplateName: '', Blank: true, Storage: 'zfs' }, { disks: [rootDisk(1)] }));
    const path = owned.config['scsi0']?.split(',')[0];
    const taken = image({ TemplateName: '', Path: path, Storage: 'zfs' }, { placement: { Host: owned.node } });
    await expect(flow.client.create(createRequest({ name: 'of-owned', ...taken }))).rejects.toMatchObject({
      kind: 'precondition',
      message: expect.stringMatching(new RegExp(`made for somebody. Name VM ${owned.vmid} as the image`)),
    });
    expect((await flow.world.vms()).filter(({ config }) => config['name']?.startsWith('of-'))).toEqual([]);
  });
});
