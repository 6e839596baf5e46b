import { invalidSpec } from './fault.ts';
import { type IpFamily, type IpWithPrefix, ipFamily, parseCidr } from './ip.ts';

// The addresses of one NIC as texts become values. A text may hold one IPv4 and one IPv6 entry, separated by a comma.

/** One text and the path of the key it came from. */
export interface SaidText {
  readonly text: string;
  readonly path: string;
}

export interface Addressing {
  readonly addresses: readonly IpWithPrefix[];
  readonly gateways: readonly string[];
  readonly dns: readonly string[];
}

export interface AddressingTexts {
  /** `192.168.1.5`, `192.168.1.5/24`, `192.168.1.5/24,2001:db8::5/64`. */
  readonly staticIp: SaidText | undefined;
  /** For the addresses that do not carry one. */
  readonly prefix: { readonly length: number; readonly path: string } | undefined;
  readonly gateway: SaidText | undefined;
  /** Separated by commas or blanks. */
  readonly dns: SaidText | undefined;
}

/** Throws `invalid-spec` for what is no address, an address without a prefix, a gateway without an address of its family. */
export function parseAddressing(texts: AddressingTexts): Addressing {
  const { staticIp, prefix, gateway } = texts;
  const addresses = staticIp === undefined ? [] : parseAddresses(staticIp, prefix?.length);
  if (prefix !== undefined && addresses.length === 0) {
    throw invalidSpec(
      prefix.path,
      'there is no static address it could belong to',
      'Set the address, or remove the prefix',
    );
  }
  const gateways = gateway === undefined ? [] : parseGateways(gateway, addresses);
  return { addresses, gateways, dns: texts.dns === undefined ? [] : parseServers(texts.dns) };
}

function parseAddresses(said: SaidText, prefix: number | undefined): IpWithPrefix[] {
  const addresses = said.text.split(',').map((entry) => parseAddress(entry.trim(), prefix, said.path));
  if (prefix !== undefined && !addresses.some((address) => address.prefix === prefix)) {
    throw invalidSpec(said.path, `"${said.text}" differs from the prefix ${prefix}`, 'Set the prefix once');
  }
  onePerFamily(
    addresses.map((address) => address.family),
    said,
  );
  return addresses;
}

function parseAddress(entry: string, prefix: number | undefined, path: string): IpWithPrefix {
  const slash = entry.indexOf('/');
  const address = slash === -1 ? entry : entry.slice(0, slash);
  const own = slash === -1 ? undefined : entry.slice(slash + 1);
  if (ipFamily(address) === undefined) {
    throw invalidSpec(
      path,
      `"${entry}" is not an IP address`,
      'Write it like "192.168.1.100/24", or leave it out for DHCP',
    );
  }
  if (own === undefined && prefix === undefined) {
    throw invalidSpec(path, `"${entry}" has no prefix length`, 'Write it like "192.168.1.100/24", or set the prefix');
  }
  const parsed = parseCidr(`${address}/${own ?? prefix}`);
  if (parsed !== undefined) return parsed;
  throw invalidSpec(
    path,
    `"${own ?? prefix}" is not a prefix length for ${address}`,
    'Use 8 to 32 for IPv4, 8 to 128 for IPv6',
  );
}

function parseGateways(said: SaidText, addresses: readonly IpWithPrefix[]): string[] {
  const gateways = said.text.split(',').map((entry) => entry.trim());
  const families = gateways.map((gateway) => demandFamily(gateway, said.path));
  for (const [index, family] of families.entries()) {
    if (addresses.some((address) => address.family === family)) continue;
    throw invalidSpec(
      said.path,
      `the gateway ${gateways[index]} has no static IPv${family} address beside it`,
      'Set an address of its family, or remove the gateway (DHCP brings its own)',
    );
  }
  onePerFamily(families, said);
  return gateways;
}

function parseServers(said: SaidText): string[] {
  const servers = said.text.split(/[,\s]+/).filter((entry) => entry !== '');
  for (const server of servers) demandFamily(server, said.path);
  return servers;
}

function demandFamily(address: string, path: string): IpFamily {
  const family = ipFamily(address);
  if (family === undefined) throw invalidSpec(path, `"${address}" is not an IP address`, 'Write it like "192.168.1.1"');
  return family;
}

function onePerFamily(families: readonly IpFamily[], said: SaidText): void {
  const twice = families.find((family, index) => families.indexOf(family) !== index);
  if (twice === undefined) return;
  throw invalidSpec(said.path, `"${said.text}" has more than one IPv${twice} entry`, 'Use one of each family on a NIC');
}
