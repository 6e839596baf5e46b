import { storageKind, volumeCan } from '#pve-sim/storage/storage-types';
import type { StorageState, StorageType, Volume } from '#pve-sim/world/world';
import { describe, expect, it } from 'vitest';

function storage(type: StorageType, volumeChains = false): StorageState {
  return {
    id: 's1',
    type,
    shared: false,
    content: ['images'],
    totalBytes: 1,
    bytesPerSecond: 1,
    defaultFormat: 'raw',
    disabled: false,
    volumeChains,
  };
}

function volume(format: string, name = 'vm-100-disk-0'): Volume {
  return { volid: `s1:${name}`, storage: 's1', node: 'pve', content: 'images', format, ctime: 0, sizeBytes: 1 };
}

describe('what storages can do (pve-behaviour 8.4)', () => {
  const rows: [
    type: StorageType,
    format: string,
    snapshot: boolean,
    linked: boolean,
    copySnapshot: boolean,
    template: boolean,
  ][] = [
    ['dir', 'qcow2', true, true, true, true],
    ['nfs', 'raw', false, true, false, true],
    ['cifs', 'vmdk', false, true, false, true],
    ['lvm', 'raw', false, false, false, false],
    ['lvmthin', 'raw', true, true, true, true],
    ['zfspool', 'raw', true, true, false, true],
    ['rbd', 'raw', true, true, true, true],
    ['btrfs', 'raw', true, true, true, true],
    ['iscsi', 'raw', false, false, false, false],
  ];
  it.each(rows)('%s %s', (type, format, snapshot, linked, copySnapshot, template) => {
    const it = storage(type);
    expect(volumeCan(it, volume(format), 'snapshot')).toBe(snapshot);
    expect(volumeCan(it, volume(format, 'base-100-disk-0'), 'clone')).toBe(linked);
    expect(volumeCan(it, volume(format), 'copy', 'snap')).toBe(copySnapshot);
    expect(volumeCan(it, volume(format), 'template')).toBe(template);
    expect(volumeCan(it, volume(format), 'copy')).toBe(true);
  });

  it('clones the snapshots of thin LVM and RBD linked, those of ZFS not', () => {
    expect(volumeCan(storage('lvmthin'), volume('raw'), 'clone', 'snap')).toBe(true);
    expect(volumeCan(storage('rbd'), volume('raw'), 'clone', 'snap')).toBe(true);
    expect(volumeCan(storage('zfspool'), volume('raw'), 'clone', 'snap')).toBe(false);
    expect(volumeCan(storage('dir'), volume('qcow2'), 'clone', 'snap')).toBe(false);
  });

  it('snapshots thick LVM where volumes are chains, and then only qcow2', () => {
    expect(volumeCan(storage('lvm', true), volume('qcow2'), 'snapshot')).toBe(true);
    expect(volumeCan(storage('lvm', true), volume('raw'), 'snapshot')).toBe(false);
    expect(storageKind(storage('lvm', true)).rollsBackToNewestOnly).toBe(true);
  });
});
