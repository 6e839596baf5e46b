import { describe, expect, it } from 'vitest';
import { canCopy, isBaseImage } from './copying.ts';

describe('what storages can copy', () => {
  it.each([
    ['nfs', 's:9000/base-9000-disk-0.qcow2', 'yes', 'no', 'yes'],
    ['nfs', 's:9000/base-9000-disk-0.raw', 'yes', 'no', 'no'],
    ['dir', 's:9000/base-9000-disk-0.vmdk', 'yes', 'no', 'no'],
    ['lvm', 's:vm-9000-disk-0', 'no', 'no', 'no'],
    ['lvm', 's:vm-9000-disk-0.qcow2', 'no', 'no', 'yes'],
    ['lvmthin', 's:base-9000-disk-0', 'yes', 'yes', 'yes'],
    ['zfspool', 's:base-9000-disk-0', 'yes', 'no', 'no'],
    ['rbd', 's:base-9000-disk-0', 'yes', 'yes', 'yes'],
    ['iscsi', 's:0.0.1.scsi-x', 'no', 'no', 'no'],
    ['a type of tomorrow', 's:x', 'yes', 'yes', 'yes'],
  ])('%s with %s: linked %s, linked of a snapshot %s, full of a snapshot %s', (type, volume, base, linked, full) => {
    const said = (can: boolean): string => (can ? 'yes' : 'no');
    expect(said(canCopy(type, volume, 'linked', 'base'))).toBe(base);
    expect(said(canCopy(type, volume, 'linked', 'snapshot'))).toBe(linked);
    expect(said(canCopy(type, volume, 'full', 'snapshot'))).toBe(full);
    expect(canCopy(type, volume, 'full', 'current')).toBe(true);
  });

  it.each([
    ['s:9000/base-9000-disk-0.qcow2', true],
    ['s:base-9000-disk-0', true],
    ['s:base-9000-disk-0/vm-101-disk-0', false],
    ['s:vm-9000-disk-0', false],
  ])('%s is a base image: %s', (volume, isBase) => {
    expect(isBaseImage(volume)).toBe(isBase);
  });
});
