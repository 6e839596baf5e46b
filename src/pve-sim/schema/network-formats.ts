// Formats of interfaces, zones and firewall rules.
import { isIPv4, isIPv6 } from 'node:net';
import { splitList } from '../world/lists.ts';
import { matching } from './formats.ts';
import type { Format } from './property.ts';

export const ifaceFormat = matching(
  'pve-iface',
  /^[a-zA-Z][a-zA-Z0-9_]{1,20}(?:[:.]\d+)?$/,
  (value) => `invalid network interface name '${value}'`,
);
export const vlanRangeFormat = matching(
  'pve-vlan-id-or-range',
  /^\d{1,4}(?:-\d{1,4})?$/,
  (value) => `invalid VLAN configuration '${value}'`,
);
export const maskFormat = matching(
  'ipv4mask',
  /^(?:\d{1,2}|(?:255|254|252|248|240|224|192|128|0)(?:\.\d{1,3}){3})$/,
  () => 'value does not look like a valid IP netmask',
);
export const cidr4Format: Format = {
  name: 'CIDRv4',
  check: (value) => (hasPrefix(value, isIPv4, 32) ? undefined : 'value does not look like a valid IPv4 network'),
};
export const cidr6Format: Format = {
  name: 'CIDRv6',
  check: (value) => (hasPrefix(value, isIPv6, 128) ? undefined : 'value does not look like a valid IPv6 network'),
};
export const ipFormat: Format = {
  name: 'ip',
  check: (value) => (isIPv4(value) || isIPv6(value) ? undefined : 'value does not look like a valid IP address'),
};
export const fabricFormat = matching(
  'pve-sdn-fabric-id',
  /^[a-zA-Z0-9][a-zA-Z0-9-]{0,6}[a-zA-Z0-9]?$/,
  (value) => `invalid fabric id '${value}'`,
);
export const routeTargetFormat: Format = {
  name: 'pve-sdn-bgp-rt-list',
  list: true,
  check: (value) =>
    splitList(value).every((part) => /^\d+:\d+$/.test(part))
      ? undefined
      : `value '${value}' does not look like a valid BGP route target`,
};

function hasPrefix(value: string, isAddress: (text: string) => boolean, bits: number): boolean {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(value) ?? [];
  return isAddress(address) && Number(prefix) <= bits;
}

const address = (value: string): boolean =>
  isIPv4(value) || isIPv6(value) || hasPrefix(value, isIPv4, 32) || hasPrefix(value, isIPv6, 128);

/** Addresses, ranges, `+ipset` and aliases. */
export const firewallAddressFormat: Format = {
  name: 'pve-fw-addr-spec',
  check: (value) => {
    const bad = splitList(value).find(
      (part) => !/^\+?(?:dc\/|guest\/|sdn\/)?[A-Za-z][\w-]*$/.test(part) && !part.split('-').every(address),
    );
    return bad === undefined ? undefined : `unable to parse network address '${bad}'`;
  },
};
const ports = (name: string): Format => ({
  name,
  check: (value) => {
    const bad = splitList(value).find((part) => !/^(?:\d{1,5}(?::\d{1,5})?|[a-z][\w-]*)$/.test(part));
    return bad === undefined ? undefined : `invalid port '${bad}'`;
  },
});
export const firewallDestinationPortFormat = ports('pve-fw-dport-spec');
export const firewallSourcePortFormat = ports('pve-fw-sport-spec');
export const firewallIcmpFormat: Format = { name: 'pve-fw-icmp-type-spec', check: () => undefined };
export const firewallProtocolFormat = matching(
  'pve-fw-protocol-spec',
  /^(?:\d{1,3}|[a-z][a-z0-9-]*)$/i,
  (value) => `unknown protocol '${value}'`,
);
