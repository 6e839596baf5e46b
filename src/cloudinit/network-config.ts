import { type IpFamily, type IpWithPrefix, formatCidr, ipFamily } from '#domain/ip';
import type { NicSpec } from '#domain/vm-spec';
import { stringify } from 'yaml';

/** A NIC as the VM has it, with its MAC. No addresses means DHCP. */
export interface SeedNic extends Pick<NicSpec, 'addresses' | 'gateways' | 'dns'> {
  readonly mac: string;
}

/**
 * `to: default` is what netplan likes best, but older cloud-init and netplan know only the prefix. Cloud-init before 23.1
 * writes `::/0` down as `::/64` where it does not pass it on to netplan: the two halves of it come out right everywhere
 * (`gateway6` would too, and newer versions call a guest degraded for it).
 */
const EVERYWHERE: Readonly<Record<IpFamily, readonly string[]>> = { 4: ['0.0.0.0/0'], 6: ['::/0', '::/1', '8000::/1'] };

/**
 * A network-config of version 2. NICs are found by MAC and keep the names the guest gives them, so that user data that
 * names `ens18` stays right. Without addresses: IPv4 by DHCP (IPv6 then follows router advertisements by itself).
 */
export function networkConfig(nics: readonly SeedNic[]): string {
  const ethernets = Object.fromEntries(nics.map((nic, index) => [`nic${index}`, ethernet(nic)]));
  return toYaml({ version: 2, ethernets });
}

function ethernet(nic: SeedNic): Record<string, unknown> {
  return {
    match: { macaddress: nic.mac.toLowerCase() },
    ...(nic.addresses.length === 0 ? { dhcp4: true } : { addresses: nic.addresses.map(formatCidr) }),
    ...(nic.gateways.length === 0 ? {} : { routes: nic.gateways.flatMap((gateway) => routes(gateway, nic.addresses)) }),
    ...(nic.dns.length === 0 ? {} : { nameservers: { addresses: [...nic.dns] } }),
  };
}

function routes(gateway: string, addresses: readonly IpWithPrefix[]): Record<string, unknown>[] {
  const family = ipFamily(gateway);
  if (family === undefined) throw new RangeError(`the gateway ${gateway} is no IP address`);
  const onLink = standsAlone(addresses.find((address) => address.family === family)) ? { 'on-link': true } : {};
  return EVERYWHERE[family].map((to) => ({ to, via: gateway, ...onLink }));
}

/** With a /32 or a /128 no gateway lies within the NIC's own network, so the guest has to be told where it is. */
function standsAlone(address: IpWithPrefix | undefined): boolean {
  return address !== undefined && address.prefix === (address.family === 4 ? 32 : 128);
}

/** In quotes, since YAML 1.1 takes a MAC such as 52:54:00:12:34:56 for a number. */
function toYaml(value: unknown): string {
  return stringify(value, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 });
}
