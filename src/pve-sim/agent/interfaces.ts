// `network-get-interfaces`: the loopback, a NIC's addresses as the system configured them at boot, and what else it has made.
import { isNicKey, parseNic } from '../world/net.ts';
import type { Guest, GuestAddress, GuestRun } from '../world/world.ts';

interface GuestInterface {
  readonly name: string;
  readonly 'hardware-address'?: string;
  readonly 'ip-addresses': readonly { 'ip-address': string; 'ip-address-type': string; prefix: number }[];
  readonly statistics: Readonly<Record<string, number>>;
}

/** The figures mean nothing. */
const STATISTICS = Object.fromEntries(
  ['rx', 'tx'].flatMap((way) => ['bytes', 'dropped', 'errs', 'packets'].map((what) => [`${way}-${what}`, 0])),
);

const LOOPBACK: GuestInterface = {
  name: 'lo',
  'hardware-address': '00:00:00:00:00:00',
  'ip-addresses': [
    { 'ip-address': '127.0.0.1', 'ip-address-type': 'ipv4', prefix: 8 },
    { 'ip-address': '::1', 'ip-address-type': 'ipv6', prefix: 128 },
  ],
  statistics: STATISTICS,
};

const DOCKER: GuestInterface = {
  name: 'docker0',
  'hardware-address': '02:42:8d:01:02:03',
  'ip-addresses': [{ 'ip-address': '172.17.0.1', 'ip-address-type': 'ipv4', prefix: 16 }],
  statistics: STATISTICS,
};

export function guestInterfaces(guest: Guest): GuestInterface[] {
  const nics = Object.entries(guest.config)
    .filter(([key]) => isNicKey(key))
    .toSorted(([a], [b]) => Number(a.slice(3)) - Number(b.slice(3)))
    .map(([key, value]) => nicInterface(`eth${key.slice(3)}`, (parseNic(value).mac ?? '').toLowerCase(), guest.run));
  return [LOOPBACK, ...nics, ...(guest.behaviour.docker ? [DOCKER] : [])];
}

function nicInterface(name: string, mac: string, run: GuestRun | undefined): GuestInterface {
  return {
    name,
    'hardware-address': mac,
    'ip-addresses': (run?.addresses[mac] ?? []).map(agentAddress),
    statistics: STATISTICS,
  };
}

function agentAddress(address: GuestAddress): GuestInterface['ip-addresses'][number] {
  return { 'ip-address': address.address, 'ip-address-type': address.type, prefix: address.prefix };
}
