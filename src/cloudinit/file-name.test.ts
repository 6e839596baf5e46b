import { describe, expect, test } from 'vitest';
import { formatIsoName, parseIsoName, parseIsoVolume } from './file-name.ts';

const iso = new TextEncoder().encode('abc');

describe('the name of an ISO', () => {
  test('carries VMID, incarnation and the hash of its bytes, and is read back', () => {
    const name = formatIsoName(100123, 'abcdefgh2345', iso);
    expect(name).toBe('vrtg-100123-abcdefgh2345-ba7816bf8f01.iso');
    expect(parseIsoName(name)).toEqual({ vmid: 100123, incarnation: 'abcdefgh2345', hash: 'ba7816bf8f01' });
  });

  test('is recognised in a volume of any storage', () => {
    expect(parseIsoVolume('nfs-1:iso/vrtg-100-abcdefgh2345-ba7816bf8f01.iso')).toEqual({
      storage: 'nfs-1',
      vmid: 100,
      incarnation: 'abcdefgh2345',
      hash: 'ba7816bf8f01',
    });
  });

  test.each([
    'local:iso/debian-12.iso',
    'local:iso/vrtg-100-abcdefgh2345-ba7816bf8f01.iso.bak',
    'local:iso/sub/vrtg-100-abcdefgh2345-ba7816bf8f01.iso',
    'local:iso/my-vrtg-100-abcdefgh2345-ba7816bf8f01.iso',
    'local:iso/vrtg-099-abcdefgh2345-ba7816bf8f01.iso',
    'local:iso/vrtg-100-ABCDEFGH2345-ba7816bf8f01.iso',
    'local:vztmpl/vrtg-100-abcdefgh2345-ba7816bf8f01.iso',
    'vrtg-100-abcdefgh2345-ba7816bf8f01.iso',
    'none',
    '',
  ])('is not seen in %s', (volume) => {
    expect(parseIsoVolume(volume)).toBeUndefined();
  });

  test.each([
    [99, 'abcdefgh2345'],
    [100, 'abc'],
    [100, '../../../etc'],
  ])('is refused for VM %i and incarnation %s', (vmid, incarnation) => {
    expect(() => formatIsoName(vmid, incarnation, iso)).toThrow(RangeError);
  });
});
