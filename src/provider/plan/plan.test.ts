import { describe, expect, it } from 'vitest';
import { Fault } from '#domain/fault';
import type { NicSpec, VmSpec } from '#domain/vm-spec';
import { after, disk, options, plan, SIZE as size, TEMPLATE as template } from './examples.ts';
import type { Have, Site } from './wish.ts';

const nic = (change: Partial<NicSpec>): NicSpec => ({
  name: 'lan',
  bridge: undefined,
  vlan: undefined,
  model: undefined,
  mac: undefined,
  addresses: [],
  gateways: [],
  dns: [],
  ...change,
});
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

describe('a plan', () => {
  it('sizes the VM in one socket and gives every NIC of the template an address by DHCP', () => {
    expect(options(plan({}))).toEqual({
      cores: '2',
      sockets: '1',
      memory: '4096',
      ciupgrade: '0',
      ipconfig0: 'ip=dhcp',
    });
  });

  it.each<[string, Partial<VmSpec>]>([
    ['a bare wish', {}],
    [
      'networks, a disk and tags',
      { networks: [nic({}), nic({ name: 'dmz', vlan: 7 })], disks: [disk({})], tags: ['web'] },
    ],
    ['user data', { userData: text('#cloud-config\n') }],
    ['UEFI on a q35', { size: { ...size, firmware: 'uefi', machine: 'q35' }, userData: text('#!/bin/sh\n') }],
  ])('for %s is empty once it has been carried out', (_what, change) => {
    const first = plan(change);
    expect(first.steps).not.toEqual([]);
    expect(plan(change, after(first)).steps).toEqual([]);
  });

  it('names NICs as asked, keeps the firewall of the template and drops its VLAN', () => {
    const networks = [
      nic({
        addresses: [{ family: 4, address: '192.168.1.100', prefix: 24 }],
        gateways: ['192.168.1.1'],
        dns: ['8.8.8.8', '1.1.1.1'],
      }),
      nic({ name: 'storage', bridge: 'vmbr1', vlan: 100, mac: '02:00:00:AA:BB:CC', model: 'e1000' }),
    ];
    expect(options(plan({ networks }))).toMatchObject({
      net0: 'virtio=BC:24:11:29:D4:A0,bridge=vmbr0,firewall=1',
      net1: 'e1000=02:00:00:AA:BB:CC,bridge=vmbr1,tag=100',
      ipconfig0: 'gw=192.168.1.1,ip=192.168.1.100/24',
      ipconfig1: 'ip=dhcp',
      nameserver: '8.8.8.8 1.1.1.1',
    });
  });

  it('gives a NIC its MTU, limit and firewall, and no MTU to a model without one', () => {
    const networks = [nic({ mtu: 9000, rateLimit: 100 }), nic({ name: 'storage', bridge: 'vmbr1', firewall: true })];
    expect(options(plan({ networks }))).toMatchObject({
      net0: 'virtio=BC:24:11:29:D4:A0,bridge=vmbr0,firewall=1,mtu=9000,rate=100',
      net1: 'virtio=BC:24:11:29:D4:A1,bridge=vmbr1,firewall=1',
    });
    expect(() => plan({ networks: [nic({ mtu: 9000, model: 'e1000' })] })).toThrow(/networks_json\[0\].MTU: .*e1000/);
  });

  it('removes NICs of the template that the request does not name, where it names any', () => {
    const two = { ...template, net1: 'virtio=BC:24:11:11:22:44,bridge=vmbr1', ipconfig1: 'ip=dhcp' };
    expect(options(plan({ networks: [nic({})] }, two))).toMatchObject({ net1: undefined, ipconfig1: undefined });
    expect(options(plan({ networks: [] }, two))).not.toHaveProperty('net1');
  });

  it('gives IPv6 addresses with their own gateway', () => {
    const addresses = [{ family: 6 as const, address: '2001:db8::5', prefix: 64 }];
    const made = plan({ networks: [nic({ addresses, gateways: ['2001:db8::1'] })] });
    expect(options(made)).toMatchObject({ ipconfig0: 'gw6=2001:db8::1,ip6=2001:db8::5/64' });
  });

  it('uploads user data as an ISO in the place of the cloud-init drive of the template', () => {
    const made = plan({ userData: text('#cloud-config\n') });
    const [upload] = made.steps;
    expect(upload).toMatchObject({ kind: 'upload-iso', storage: 'shared' });
    expect(options(made)['ide2']).toMatch(/^shared:iso\/vrtg-171338-abcdefgh2345-[0-9a-f]{12}\.iso,media=cdrom$/);
    expect(options(made)).not.toHaveProperty('ipconfig0');
  });

  it("puts the ISO on the boot disk's bus where the machine is a q35, and takes the cloud-init drive away", () => {
    const made = plan({ userData: text('#cloud-config\n'), size: { ...size, machine: 'q35' } });
    expect(options(made)).toMatchObject({
      machine: 'q35',
      ide2: undefined,
      scsi30: expect.stringContaining('shared:iso/vrtg-'),
    });
  });

  it('replaces an ISO that the template kept from the VM it was', () => {
    const kept = { ...template, ide2: 'shared:iso/vrtg-555-abcdefgh2345-0123456789ab.iso,media=cdrom' };
    expect(options(plan({ userData: text('#!/bin/sh\n') }, kept))['ide2']).toContain('vrtg-171338-');
    expect(options(plan({}, kept))).toMatchObject({ ide2: undefined });
  });

  it('adds a cloud-init drive to a template without one only for what cannot be told otherwise', () => {
    const { ide2: _drive, ...bare } = template;
    expect(options(plan({}, bare))).not.toHaveProperty('ide2');
    expect(options(plan({ networks: [nic({ dns: ['9.9.9.9'] })] }, bare))).toMatchObject({
      ide2: 'local-lvm:cloudinit',
    });
  });

  it("hands keys to PVE's own drive, also in the place of the template's, and adds one for them", () => {
    const { ide2: _drive, ...withoutDrive } = template;
    const bare = { ...withoutDrive, sshkeys: 'ssh-rsa%20OLD' };
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJGIW/REY+zyH4iebC+bN+bbrXrC8DQcSslQSFSTuuJw a@b';
    const made = plan({ metaData: text(`public-keys: ["${key}"]`) }, bare);
    expect(options(made)).toMatchObject({ ide2: 'local-lvm:cloudinit', sshkeys: encodeURIComponent(key) });
    expect(made.steps.map((step) => step.kind)).toEqual(['configure']);
    const done = { ...after(made, bare), ide2: 'local-lvm:vm-171338-cloudinit,media=cdrom' };
    expect(plan({ metaData: text(`public-keys: ["${key}"]`) }, done).steps).toEqual([]);
  });

  it.each<[string, Have['values'], Partial<VmSpec>, boolean]>([
    ['a user', { ciuser: 'admin' }, {}, true],
    ['keys', { sshkeys: 'ssh-rsa%20A' }, {}, true],
    ['an address', { ipconfig0: 'ip=192.0.2.9/24' }, {}, true],
    ['an address where the request says its own', { ipconfig0: 'ip=192.0.2.9/24' }, { networks: [nic({})] }, false],
    ['DHCP', { ipconfig0: 'ip=dhcp' }, {}, false],
  ])('with an ISO tells that %s of the template is not in effect, if so', (_what, options_, change, told) => {
    const made = plan({ userData: text('#!/bin/sh\n'), ...change }, { ...template, ...options_ });
    expect(made.warnings).toEqual(told ? ['template-cloud-init-unused'] : []);
  });

  it('tells of a local ISO once it is attached, since until then it may go elsewhere', () => {
    const place = { isoStorage: { storage: 'local', shared: false } };
    const change = { userData: text('#!/bin/sh\n') };
    const made = plan(change, template, place);
    expect(made.warnings).toEqual([]);
    expect(plan(change, after(made), place)).toEqual({ steps: [], warnings: ['local-iso'] });
  });

  it('gives Windows a config drive, keys included, and never a NoCloud one', () => {
    const windows = { ...template, ostype: 'win11' };
    for (const change of [{ userData: text('#ps1_sysnative\n') }, { metaData: text('public-keys: ssh-rsa A') }]) {
      const [upload] = plan(change, windows).steps;
      const image = upload?.kind === 'upload-iso' ? new TextDecoder('latin1').decode(upload.bytes) : '';
      expect(image).toContain('config-2');
      expect(image).toContain('META_DATA.JSON');
      expect(image).not.toContain('cidata');
    }
    expect(plan({}, windows).steps.map((step) => step.kind)).toEqual(['configure']);
  });

  it('gives UEFI its disk, and tells that the template was installed for BIOS', () => {
    const made = plan({ size: { ...size, firmware: 'uefi' } });
    expect(options(made)).toMatchObject({ bios: 'ovmf', efidisk0: 'local-lvm:1,efitype=4m,pre-enrolled-keys=0' });
    expect(made.warnings).toEqual(['bios-to-uefi']);
  });

  it('never takes UEFI away from a template: a class that says BIOS may have said nothing', () => {
    const uefi = { ...template, bios: 'ovmf', efidisk0: 'local-lvm:vm-171338-disk-1,efitype=4m,size=4M' };
    expect(options(plan({}, uefi))).not.toHaveProperty('bios');
  });

  it('grows the boot disk to the entry root, else to the least the class wants', () => {
    const resize = { kind: 'resize', disk: 'scsi0', sizeBytes: 40 * 1024 ** 3 };
    expect(plan({ disks: [disk({ name: 'Root' })] }).steps).toContainEqual(resize);
    expect(plan({ size: { ...size, bootDiskGib: 40 } }).steps).toContainEqual(resize);
    expect(plan({ size: { ...size, bootDiskGib: 4 } }).steps.map((step) => step.kind)).toEqual(['configure']);
  });

  it('brings a balloon down that is above the memory', () => {
    const small = plan({ size: { ...size, memoryMib: 1024 } }, { ...template, balloon: '2048' });
    expect(options(small)).toMatchObject({ memory: '1024', balloon: '1024' });
  });

  it.each<[string, Partial<VmSpec>, Partial<Site>, RegExp]>([
    ['a disk smaller than the template', { disks: [disk({ sizeGib: 4 })] }, {}, /disks_json\[0\]\.SizeGiB.*8G/],
    [
      'a network outside the map',
      { networks: [nic({ name: 'moon' })] },
      {},
      /networks_json\[0\]\.Name.*"moon".*lan=vmbr0/,
    ],
    [
      'a bridge the node lacks',
      { networks: [nic({ bridge: 'vmbr9' })] },
      {},
      /networks_json\[0\]\.Bridge.*vmbr9.*vmbr0, vmbr1/,
    ],
    ['a model PVE lacks', { networks: [nic({ model: 'tulip' })] }, {}, /networks_json\[0\]\.Model.*tulip.*virtio/],
    ['a machine PVE lacks', { size: { ...size, machine: 'z80' } }, {}, /class_json\.Machine.*z80/],
    [
      'user data where no storage takes ISOs',
      { userData: text('#!/bin/sh') },
      { isoStorage: undefined },
      /PVE_ISO_STORAGE/,
    ],
    ['user data under PVE_CLOUDINIT=native', { userData: text('#!/bin/sh') }, { cloudInit: 'native' }, /user_data/],
    ['user data that is no YAML', { userData: text('#cloud-config\n\tx: [') }, {}, /user_data/],
  ])('refuses %s', (_what, change, place, message) => {
    expect(() => plan(change, template, place)).toThrow(Fault);
    expect(() => plan(change, template, place)).toThrow(message);
  });
});
