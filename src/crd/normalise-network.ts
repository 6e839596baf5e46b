import { Fault, invalidSpec } from '#domain/fault';
import { type IpFamily, type IpWithPrefix, ipFamily, parseCidr } from '#domain/ip';
import { parseMac } from '#domain/names';
import type { NicSpec } from '#domain/vm-spec';
import { sayOnce } from './say-once.ts';
import type { NetworkManifest } from './virtual-machine.ts';

/** A static address as either shape says it. */
interface StaticTexts {
  readonly address: string;
  readonly addressPath: string;
  readonly prefix: number | undefined;
  readonly gateway: string;
  readonly gatewayPath: string;
}

/** One NIC. Throws `invalid-spec` under `path`, such as `VirtualMachine web: spec.networks[0]`. */
export function normaliseNetwork(network: NetworkManifest, path: string): NicSpec {
  if (network.networkRef !== undefined) {
    throw new Fault('unsupported', {
      subject: `${path}.networkRef`,
      why: 'VMNetworkAttachment is not supported by this version',
      remedy: 'Set bridge and vlan in the network itself',
    });
  }
  const texts = staticTexts(network, path);
  const addresses = readAddresses(texts);
  return {
    name: network.name,
    bridge: network.bridge,
    vlan: network.vlan,
    model: undefined,
    mac: readMac(network, path),
    addresses,
    gateways: readGateways(texts, addresses),
    dns: readDns(network, path),
  };
}

function staticTexts(network: NetworkManifest, path: string): StaticTexts {
  const { staticIP, ipAddress, prefix, gateway } = network;
  if (staticIP === undefined) {
    if (prefix !== undefined && ipAddress === undefined) {
      throw invalidSpec(`${path}.prefix`, 'there is no ipAddress it could belong to', 'Set ipAddress, or remove it');
    }
    return {
      address: ipAddress ?? '',
      addressPath: `${path}.ipAddress`,
      prefix,
      gateway: gateway ?? '',
      gatewayPath: `${path}.gateway`,
    };
  }
  if (ipAddress !== undefined || prefix !== undefined || gateway !== undefined) {
    throw invalidSpec(`${path}.staticIP`, 'the network also has ipAddress, prefix or gateway', 'Keep one of the two');
  }
  return {
    address: staticIP.address,
    addressPath: `${path}.staticIP.address`,
    prefix: undefined,
    gateway: staticIP.gateway ?? '',
    gatewayPath: `${path}.staticIP.gateway`,
  };
}

function readAddresses(texts: StaticTexts): IpWithPrefix[] {
  const addresses = split(texts.address).map((entry) => readAddress(entry, texts));
  demandOnePerFamily(
    addresses.map((address) => address.family),
    texts.addressPath,
  );
  return addresses;
}

function readAddress(entry: string, { prefix, addressPath }: StaticTexts): IpWithPrefix {
  const cidr = entry.includes('/') || prefix === undefined ? entry : `${entry}/${prefix}`;
  const address = parseCidr(cidr);
  if (address !== undefined) return address;
  const why = cidr.includes('/') ? `"${cidr}" is not an address with a prefix` : `"${cidr}" has no prefix length`;
  throw invalidSpec(addressPath, why, 'Write it like "192.168.1.100/24", or leave it out for DHCP');
}

function readGateways(texts: StaticTexts, addresses: readonly IpWithPrefix[]): string[] {
  const gateways = split(texts.gateway);
  const families = gateways.map((gateway) => demandIp(gateway, texts.gatewayPath));
  const lonely = families.find((family) => !addresses.some((address) => address.family === family));
  if (lonely !== undefined) {
    throw invalidSpec(
      texts.gatewayPath,
      `there is no static IPv${lonely} address beside it`,
      'Set an address of its family, or remove the gateway (DHCP brings its own)',
    );
  }
  demandOnePerFamily(families, texts.gatewayPath);
  return gateways;
}

function readDns(network: NetworkManifest, path: string): string[] {
  const servers = network.staticIP?.dns ?? split(network.dns ?? '');
  for (const server of servers)
    demandIp(server, `${path}.${network.staticIP?.dns === undefined ? '' : 'staticIP.'}dns`);
  return servers;
}

function readMac(network: NetworkManifest, path: string): string | undefined {
  const text = sayOnce(path, { mac: network.mac, macAddress: network.macAddress });
  const mac = text === undefined ? undefined : parseMac(text);
  if (text === undefined || mac !== undefined) return mac;
  const field = network.mac === undefined ? 'macAddress' : 'mac';
  throw invalidSpec(`${path}.${field}`, `"${text}" is not a unicast MAC`, 'Write it like "02:00:00:aa:bb:cc"');
}

function demandIp(text: string, path: string): IpFamily {
  const family = ipFamily(text);
  if (family === undefined) throw invalidSpec(path, `"${text}" is not an IP address`, 'Write it like "192.168.1.1"');
  return family;
}

function demandOnePerFamily(families: readonly IpFamily[], path: string): void {
  if (new Set(families).size === families.length) return;
  throw invalidSpec(path, 'it has two of one family', 'Give at most one for IPv4 and one for IPv6');
}

/** Texts may hold one entry of each family, and several name servers, between commas or blanks. */
function split(text: string): string[] {
  return text.split(/[,\s]+/).filter((entry) => entry !== '');
}
