import { describe, expect, test } from 'vitest';
import { formatAgent, parseAgent } from './agent.ts';
import { formatBoot, parseBoot } from './boot.ts';
import { formatDrive, isCdrom, isCloudInitDrive, parseDrive, storageOf } from './drive.ts';
import { formatIpConfig, parseIpConfig } from './ipconfig.ts';
import { formatMachine, isQ35, parseMachine } from './machine.ts';
import { formatNet, parseNet } from './net.ts';
import { formatSize, parseSize } from './size.ts';
import { formatSlot, isDiskBus, parseSlot, slotCount, slotsOf } from './slot.ts';
import { formatSmbios, parseSmbios } from './smbios.ts';
import { formatSshKeys, parseSshKeys } from './sshkeys.ts';
import { formatTags, parseTags } from './tags.ts';

/** Reads and writes a value again. */
function again<T>(parse: (text: string) => T | undefined, format: (value: T) => string): (text: string) => string {
  return (text) => {
    const value = parse(text);
    return value === undefined ? 'unreadable' : format(value);
  };
}

describe('an option that nobody here knows survives', () => {
  test.each([
    ['virtio=BC:24:11:00:00:01,bridge=vmbr0,host-tunnel=1', again(parseNet, formatNet)],
    ['1,invented=yes', again(parseAgent, formatAgent)],
    ['q35,invented=1,viommu=intel', again(parseMachine, formatMachine)],
    ['local-lvm:vm-100-disk-0,aio=io_uring,invented=7,size=32G', again(parseDrive, formatDrive)],
    ['invented=1,ip=dhcp', again(parseIpConfig, formatIpConfig)],
  ])('in "%s"', (text, readAndWrite) => expect(readAndWrite(text)).toBe(text));
});

describe('a NIC', () => {
  test.each([
    ['no model', 'bridge=vmbr0'],
    ['an unknown model', 'model=rtl9999,bridge=vmbr0'],
    ['a multicast MAC', 'virtio=BD:24:11:00:00:01'],
    ['a VLAN beyond 4094', 'virtio,tag=4095'],
    ['a flag that is none', 'virtio,firewall=maybe'],
    ['a key that comes twice', 'virtio,bridge=vmbr0,bridge=vmbr1'],
    ['an empty value', 'virtio,bridge='],
  ])('with %s is unreadable', (_what, text) => expect(parseNet(text)).toBeUndefined());

  test('without a MAC names its model alone, so that PVE makes one', () => {
    expect(formatNet({ model: 'virtio', bridge: 'vmbr0', tag: 5, firewall: false })).toBe(
      'virtio,bridge=vmbr0,firewall=0,tag=5',
    );
  });
});

describe('a drive', () => {
  test.each([
    ['local-lvm:vm-100-cloudinit,media=cdrom', true],
    ['local:100/vm-100-cloudinit.qcow2,media=cdrom,size=4M', true],
    ['local-lvm:cloudinit', true],
    ['local:iso/cloudinit-tools.iso,media=cdrom', false],
    ['local-lvm:vm-100-disk-0', false],
    ['none,media=cdrom', false],
  ])('"%s" is a cloud-init drive: %s', (text, expected) => {
    const drive = parseDrive(text);
    expect(drive !== undefined && isCloudInitDrive(drive)).toBe(expected);
  });

  test.each([
    ['local-lvm:vm-100-disk-0,size=8G', 'local-lvm', false],
    ['none,media=cdrom', undefined, true],
    ['/dev/sdb', undefined, false],
    ['shared:iso/x.iso,media=cdrom', 'shared', true],
  ])('"%s" lies on %s', (text, storage, cdrom) => {
    const drive = parseDrive(text) ?? { file: 'unreadable' };
    expect(storageOf(drive)).toBe(storage);
    expect(isCdrom(drive)).toBe(cdrom);
  });

  test('with a size that is none is unreadable', () => expect(parseDrive('local:1,size=huge')).toBeUndefined());
});

describe('the boot order', () => {
  test('of a VM without devices is a blank for PVE and empty for us', () => {
    expect(parseBoot(' ')).toEqual({ order: [] });
    expect(formatBoot({ order: [] })).toBe('');
  });
});

describe('a gateway', () => {
  test.each([
    ['ip=10.0.0.5/24,gw=10.0.0.1', true],
    ['ip6=2001:db8::5/64,gw6=2001:db8::1', true],
    ['ip=dhcp,gw=10.0.0.1', false],
    ['ip6=auto,gw6=2001:db8::1', false],
    ['gw6=2001:db8::1', false],
    ['ip=10.0.0.5/24,gw6=2001:db8::1', false],
  ])('in "%s" has an address to belong to: %s', (text, expected) => {
    expect(parseIpConfig(text) !== undefined).toBe(expected);
  });
});

describe('a machine', () => {
  test.each([
    ['q35', true],
    ['pc-q35-9.0+pve1', true],
    ['pc', false],
    ['pc-i440fx-9.0', false],
  ])('"%s" has PCIe: %s', (text, expected) => {
    const machine = parseMachine(text);
    expect(machine !== undefined && isQ35(machine)).toBe(expected);
  });

  test.each(['q36', 'pc-i440fx', '', 'viommu=intel'])('"%s" is none', (text) => {
    expect(parseMachine(text)).toBeUndefined();
  });
});

describe('sizes', () => {
  test.each(['', '5g', '-1G', '1GB', 'G', '1 G'])('"%s" is none', (text) => expect(parseSize(text)).toBeUndefined());

  test.each([1, 1024, 540_672, 11_274_289_152, 34_359_738_368, 1_099_511_627_776])('%d bytes survive', (bytes) => {
    expect(parseSize(formatSize(bytes))).toBe(bytes);
  });
});

describe('numbered options', () => {
  test.each([
    ['scsi30', { kind: 'scsi', index: 30 }],
    ['scsi31', undefined],
    ['ide4', undefined],
    ['efidisk0', { kind: 'efidisk', index: 0 }],
    ['net01', undefined],
    ['scsihw', undefined],
    ['toString0', undefined],
  ] as const)('%s', (key, slot) => expect(parseSlot(key)).toEqual(slot));

  test('those of a kind come in the order of their numbers', () => {
    const values = { scsi10: 'c', scsi2: 'b', scsihw: 'x', scsi0: 'a', virtio1: 'd' };
    expect(slotsOf(values, 'scsi').map((slot) => slot.value)).toEqual(['a', 'b', 'c']);
  });

  test('are written as they are read', () => {
    expect(formatSlot({ kind: 'scsi', index: 3 })).toBe('scsi3');
    expect(slotCount('sata')).toBe(6);
    expect(isDiskBus('sata')).toBe(true);
    expect(isDiskBus('efidisk')).toBe(false);
  });
});

describe('SMBIOS texts', () => {
  test('outside the alphabet go out in base64, together with all others', () => {
    const smbios = {
      uuid: '8f3c2d1e-1111-2222-3333-444455556666',
      texts: { serial: 'ds=nocloud;s=http://x/', sku: 'ü' },
    };
    const text = formatSmbios(smbios);
    expect(text).toMatch(/^base64=1,serial=[A-Za-z0-9+/=]+,sku=[A-Za-z0-9+/=]+,uuid=8f3c2d1e/);
    expect(parseSmbios(text)).toEqual(smbios);
  });

  test('inside the alphabet stay in clear', () => {
    expect(formatSmbios({ texts: { serial: 'abc123' } })).toBe('serial=abc123');
  });

  test('that are no base64 although they should be are unreadable', () => {
    expect(parseSmbios('base64=1,serial=%%%')).toBeUndefined();
  });
});

describe('SSH keys', () => {
  test('are percent-encoded with a line feed between them', () => {
    const keys = ['ssh-ed25519 AAAA+/= a@b', 'ssh-rsa BBBB'];
    expect(formatSshKeys(keys)).toBe('ssh-ed25519%20AAAA%2B%2F%3D%20a%40b%0Assh-rsa%20BBBB');
    expect(parseSshKeys(formatSshKeys(keys))).toEqual(keys);
  });

  test('that are not percent-encoded are unreadable', () => expect(parseSshKeys('100%')).toBeUndefined());
});

describe('tags', () => {
  test('of a value that holds a blank only are none', () => expect(parseTags(' ')).toEqual([]));
  test('are stored in lower case, sorted, each once', () => expect(formatTags(['Web', 'db', 'web'])).toBe('db;web'));
});
