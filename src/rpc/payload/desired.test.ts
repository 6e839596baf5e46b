import { describe, expect, it } from 'vitest';
import { KEPT_SIZE, NO_PLACEMENT } from '#domain/vm-spec';
import { decodeDesired, type DesiredVm, encodeDesired } from './desired.ts';

const NOTHING: DesiredVm = {
  name: undefined,
  size: undefined,
  networks: undefined,
  disks: undefined,
  tags: [],
  userData: undefined,
  metaData: undefined,
  placement: NO_PLACEMENT,
};

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('encodeDesired', () => {
  it.each<[string, Partial<DesiredVm>]>([
    ['nothing', {}],
    ['a size', { name: 'web', size: { ...KEPT_SIZE, cpus: 2, memoryMib: 4096, firmware: 'uefi', machine: 'q35' } }],
    [
      'networks and disks',
      {
        networks: [
          {
            name: 'lan',
            bridge: 'vmbr0',
            vlan: 7,
            model: undefined,
            mac: undefined,
            addresses: [],
            gateways: [],
            dns: [],
          },
        ],
        disks: [{ name: 'root', sizeGib: 40, type: 'thin', storage: 'ceph' }],
      },
    ],
    ['lists that are empty', { networks: [], disks: [] }],
    [
      'documents as they are',
      { userData: text('\uFEFF#cloud-config\n# ü  \n'), metaData: text('a: 1\n'), tags: ['b'] },
    ],
    ['a storage', { placement: { ...NO_PLACEMENT, storage: 'ceph' } }],
  ])('gives what decodes to the same: %s', (_title, said) => {
    const desired = { ...NOTHING, ...said };
    expect(decodeDesired(encodeDesired(desired))).toEqual(desired);
  });

  it('says nothing of documents that are no text', () => {
    const userData = new Uint8Array([0x1f, 0x8b, 0xff]);
    expect(decodeDesired(encodeDesired({ ...NOTHING, userData })).userData).toBeUndefined();
  });

  it('writes what Go providers read', () => {
    const { Class, UserData } = JSON.parse(
      encodeDesired({ ...NOTHING, size: { ...KEPT_SIZE, cpus: 2, memoryMib: 512 }, userData: text('x') }),
    ) as Record<string, unknown>;
    expect(Class).toMatchObject({ CPU: 2, MemoryMiB: 512 });
    expect(UserData).toEqual({ CloudInitData: 'x', Type: 'cloud-init' });
  });
});
