// How single values are read and written again.
import { describe, expect, test } from 'vitest';
import { formatDrive, isCdrom, isCloudInit, ownsVolume, parseDrive } from './drive.ts';
import { formatNic, parseNic } from './net.ts';
import { formatSize, parseSize } from './size.ts';
import { normaliseTags } from './tags.ts';

test.each([
  ['1536M', 1_610_612_736, '1536M'],
  ['10.5G', 11_274_289_152, '10752M'],
  ['528K', 540_672, '528K'],
  ['34359738368', 34_359_738_368, '32G'],
  ['8GiB', 8_589_934_592, '8G'],
  ['1.5T', 1_649_267_441_664, '1536G'],
  ['100', 100, '100'],
  ['0', 0, '0T'],
  ['5g', undefined, undefined],
])('the size %s is %s bytes and printed as %s', (text, bytes, printed) => {
  expect(parseSize(text)).toBe(bytes);
  if (bytes !== undefined) expect(formatSize(bytes)).toBe(printed);
});

test.each([
  ['virtio=BC:24:11:00:00:01,bridge=vmbr0', 'virtio=BC:24:11:00:00:01,bridge=vmbr0'],
  [
    'model=virtio,macaddr=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=100',
    'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=100',
  ],
  ['virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=yes', 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1'],
  ['bridge=vmbr0,e1000', 'e1000,bridge=vmbr0'],
])('the NIC %s is stored as %s', (given, stored) => {
  expect(formatNic(parseNic(given))).toBe(stored);
});

test.each([
  [
    'local-lvm:vm-100-disk-0,iothread=on,discard=on,ssd=1,size=34359738368',
    'local-lvm:vm-100-disk-0,discard=on,iothread=1,size=32G,ssd=1',
  ],
  ['media=cdrom,file=none', 'none,media=cdrom'],
  ['volume=local-lvm:vm-100-disk-0', 'local-lvm:vm-100-disk-0'],
])('the drive %s is stored as %s', (given, stored) => {
  expect(formatDrive(parseDrive(given))).toBe(stored);
});

describe('what a drive is', () => {
  test.each([
    ['local-lvm:vm-100-disk-0,size=1G', { cd: false, cloudInit: false, owned: true }],
    ['local:iso/x.iso,media=cdrom', { cd: true, cloudInit: false, owned: false }],
    ['none,media=cdrom', { cd: true, cloudInit: false, owned: false }],
    ['local-lvm:vm-100-cloudinit,media=cdrom', { cd: true, cloudInit: true, owned: true }],
    ['local:100/vm-100-cloudinit.qcow2,media=cdrom', { cd: true, cloudInit: true, owned: true }],
    ['local:cloudinit', { cd: false, cloudInit: true, owned: true }],
  ])('%s', (text, expected) => {
    const drive = parseDrive(text);
    expect({ cd: isCdrom(drive), cloudInit: isCloudInit(drive), owned: ownsVolume(drive) }).toEqual(expected);
  });
});

const DEFAULT_STYLE = { caseSensitive: false, sorted: true };

test.each([
  ['b;a;A', 'a;b', DEFAULT_STYLE],
  ['a,b c', 'a;b;c', DEFAULT_STYLE],
  ['', '', DEFAULT_STYLE],
  ['b;A;a;b', 'A;a;b', { caseSensitive: true, sorted: true }],
  ['b;A;a;B', 'b;a', { caseSensitive: false, sorted: false }],
])('the tags "%s" are stored as "%s"', (given, stored, style) => {
  expect(normaliseTags(given, style)).toBe(stored);
});
