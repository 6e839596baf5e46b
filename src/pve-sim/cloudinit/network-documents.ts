// The network documents: version 1 of cloud-init's own format, and the interfaces file of a config drive (pve-behaviour
// 18.4; golden vectors `cloudinit`).
import { type ConfiguredNic, configuredNics, resolverOf, type Source } from './guest-facts.ts';
import type { Ipconfig } from '../world/world.ts';
import { splitIpv4 } from './ipconfig.ts';

export function nocloudNetwork(source: Source): string {
  const { nameservers, search } = resolverOf(source);
  const list = (title: string, values: readonly string[]): string[] =>
    values.length === 0 ? [] : [`      ${title}:`, ...values.map((value) => `      - '${value}'`)];
  return text([
    'version: 1',
    'config:',
    ...configuredNics(source).flatMap(physical),
    '    - type: nameserver',
    ...list('address', nameservers),
    ...list('search', search),
  ]);
}

function physical({ number, mac, addresses }: ConfiguredNic): string[] {
  return [
    '    - type: physical',
    `      name: eth${number}`,
    `      mac_address: '${mac}'`,
    '      subnets:',
    ...[...subnet4(addresses), ...subnet6(addresses)].map((line) => `      ${line}`),
  ];
}

function subnet4({ ip, gw }: Ipconfig): string[] {
  if (ip === undefined) return [];
  if (ip === 'dhcp') return ['- type: dhcp4'];
  const { address, netmask } = splitIpv4(ip);
  return ['- type: static', `  address: '${address}'`, `  netmask: '${netmask}'`, ...gateway(gw)];
}

function subnet6({ ip6, gw6 }: Ipconfig): string[] {
  if (ip6 === undefined) return [];
  if (ip6 === 'auto') return ['- type: ipv6_slaac'];
  if (ip6 === 'dhcp') return ['- type: dhcp6'];
  return ['- type: static6', `  address: '${ip6}'`, ...gateway(gw6)];
}

function gateway(address: string | undefined): string[] {
  return address === undefined ? [] : [`  gateway: '${address}'`];
}

export function configDriveNetwork(source: Source): string {
  const { nameservers, search } = resolverOf(source);
  return text([
    'auto lo',
    'iface lo inet loopback',
    '',
    ...(nameservers.length === 0 ? [] : [`        dns_nameservers ${nameservers.join(' ')}`]),
    ...(search.length === 0 ? [] : [`        dns_search ${search.join(' ')}`]),
    ...configuredNics(source).flatMap(interfaces),
  ]);
}

function interfaces({ number, addresses }: ConfiguredNic): string[] {
  const name = `eth${number}`;
  return [`auto ${name}`, ...interface4(name, addresses), ...interface6(name, addresses)];
}

function interface4(name: string, { ip, gw }: Ipconfig): string[] {
  if (ip === undefined) return [];
  if (ip === 'dhcp') return [`iface ${name} inet dhcp`];
  const { address, netmask } = splitIpv4(ip);
  return [`iface ${name} inet static`, ...settings(address, netmask, gw)];
}

function interface6(name: string, { ip6, gw6 }: Ipconfig): string[] {
  if (ip6 === undefined) return [];
  if (ip6 === 'auto' || ip6 === 'dhcp') return [`iface ${name} inet6 ${ip6}`];
  const [address = '', prefix = ''] = ip6.split('/');
  return [`iface ${name} inet6 static`, ...settings(address, prefix, gw6)];
}

function settings(address: string, netmask: string, router: string | undefined): string[] {
  return [
    `        address ${address}`,
    `        netmask ${netmask}`,
    ...(router === undefined ? [] : [`        gateway ${router}`]),
  ];
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
