import { describe, expect, it } from 'vitest';
import type { Vmid } from '#pve/ids';
import { macFor } from './mac.ts';

describe('the MAC of a NIC', () => {
  it.each([
    ['BC:24:11', 100, 0, 'BC:24:11:00:06:40'],
    ['BC:24:11', 100, 15, 'BC:24:11:00:06:4F'],
    ['bc:24:11:', 1_048_575, 15, 'BC:24:11:FF:FF:FF'],
    ['02:AB', 171_338, 1, '02:AB:00:29:D4:A1'],
    ['', 100, 0, '00:00:00:00:06:40'],
  ])('with prefix %s of VM %i and NIC %i is %s', (prefix, vmid, index, mac) => {
    expect(macFor(prefix, vmid as Vmid, index)).toBe(mac);
  });

  it('is another one for every NIC of neighbouring VMs', () => {
    const macs = [100, 101, 102].flatMap((vmid) =>
      Array.from({ length: 16 }, (_, index) => macFor('BC:24:11', vmid as Vmid, index)),
    );
    expect(new Set(macs).size).toBe(48);
  });
});
