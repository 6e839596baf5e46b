import { describe, expect, it } from 'vitest';
import type { GuestInterface } from '#pve/qemu/agent';
import { addressesOfNics } from './guest-ips.ts';

const values = {
  net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
  net1: 'virtio=BC:24:11:00:00:02,bridge=vmbr1',
  net10: 'e1000=BC:24:11:00:00:0A,bridge=vmbr0',
  name: 'web',
};
const told = (name: string, mac: string | undefined, ...addresses: string[]): GuestInterface => ({
  name,
  mac,
  addresses: addresses.map((address) => ({ address, prefix: 24 })),
});

describe('the addresses of a guest', () => {
  it('O16: are those of our NICs in their order, whatever order and names the agent has', () => {
    const interfaces = [
      told('lo', '00:00:00:00:00:00', '127.0.0.1', '::1'),
      told('ens19', 'BC:24:11:00:00:0A', '10.0.10.5'),
      told('docker0', '02:42:AC:11:00:01', '172.17.0.1'),
      told('ens18', 'BC:24:11:00:00:02', '10.0.1.5'),
      told('eth0', 'BC:24:11:00:00:01', '10.0.0.5', '2001:db8::5'),
      told('wg0', undefined, '10.99.0.1'),
    ];
    expect(addressesOfNics(values, interfaces)).toEqual(['10.0.0.5', '2001:db8::5', '10.0.1.5', '10.0.10.5']);
  });

  it('O16: leave out link-local ones, and tell an address of a bond or bridge over our NIC once', () => {
    const interfaces = [
      told('eth0', 'BC:24:11:00:00:01', 'fe80::1', '169.254.3.4', '10.0.0.5'),
      told('br0', 'BC:24:11:00:00:01', '10.0.0.5'),
    ];
    expect(addressesOfNics(values, interfaces)).toEqual(['10.0.0.5']);
  });
});
