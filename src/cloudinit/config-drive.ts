// What Windows guests read: cloudbase-init looks for a config drive of OpenStack's form, the `ConfigDriveService` it has by
// default.
import { Fault, invalidSpec } from '#domain/fault';
import { type IpFamily, ipFamily, type IpWithPrefix } from '#domain/ip';
import type { NoCloudInput } from './documents.ts';
import type { IsoFile } from './iso.ts';
import type { SeedNic } from './network-config.ts';
import { readYamlMapping } from './read-yaml.ts';

/** The volume label by which it is found. */
export const CONFIG_DRIVE_LABEL = 'config-2';

/**
 * The files of a config drive: user data byte for byte (left out where there is none), meta data as JSON with the owner's
 * keys under the names a config drive has for them, and the addresses of the NICs.
 * Throws `invalid-spec` naming `meta_data` where that cannot be read, or says what a config drive has no place for.
 */
export function configDriveFiles(input: NoCloudInput): IsoFile[] {
  const { userData, nics } = input;
  const file = (name: string, value: unknown): IsoFile => ({
    name: `openstack/latest/${name}`,
    bytes: new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`),
  });
  return [
    file('meta_data.json', metaData(input)),
    ...(userData === undefined ? [] : [{ name: 'openstack/latest/user_data', bytes: userData }]),
    ...(nics.length === 0 ? [] : [file('network_data.json', networkData(nics))]),
  ];
}

/** NoCloud's names for what a config drive has too. */
const RENAMED: Readonly<Record<string, string>> = {
  'instance-id': 'uuid',
  'local-hostname': 'hostname',
  'public-keys': 'public_keys',
};

function metaData({ metaData: own, instanceId, hostname }: NoCloudInput): Record<string, unknown> {
  const said = Object.entries(asData(own ?? new Uint8Array())).map(([key, value]): [string, unknown] => {
    if (key === 'network-config' || key === 'network') throw noNetworkConfig(key);
    return [RENAMED[key] ?? key, key === 'public-keys' ? namedKeys(value) : value];
  });
  return { uuid: instanceId, hostname, name: hostname, ...Object.fromEntries(said) };
}

function asData(yaml: Uint8Array): Record<string, unknown> {
  const { document } = readYamlMapping(yaml, 'meta_data', { uniqueKeys: true });
  try {
    return document.toJS() as Record<string, unknown>;
  } catch (cause) {
    throw new Fault('invalid-spec', { subject: 'meta_data', why: ALIAS, remedy: 'Write the values out' }, { cause });
  }
}

const ALIAS = 'an alias leads to nothing, or there are too many';

function noNetworkConfig(key: string): Fault {
  return invalidSpec(
    'meta_data',
    `a Windows guest cannot read its "${key}"`,
    'Give the addresses in the networks of the VirtualMachine',
  );
}

/** A config drive has keys by name; a text or a list is numbered. */
function namedKeys(value: unknown): unknown {
  const lines = typeof value === 'string' ? value.split('\n') : value;
  if (!Array.isArray(lines)) return value;
  const keys = lines.map((line) => String(line).trim()).filter((line) => line !== '');
  return Object.fromEntries(keys.map((key, index) => [`key-${index}`, key]));
}

function networkData(nics: readonly SeedNic[]): Record<string, unknown> {
  const links = nics.map(({ mac }, index) => ({
    id: `nic${index}`,
    type: 'phy',
    ethernet_mac_address: mac.toLowerCase(),
  }));
  const loose = nics.filter(({ addresses }) => addresses.length === 0).flatMap(({ dns }) => dns);
  return { links, networks: nics.flatMap(networksOf), services: nameServers([...new Set(loose)]) };
}

/** Those of a NIC stand with its first address; without a static address they are the whole guest's. */
function nameServers(addresses: readonly string[]): Record<string, string>[] {
  return addresses.map((address) => ({ type: 'dns', address }));
}

/** A network for each address; without one IPv4 by DHCP, which Windows does by itself. */
function networksOf(nic: SeedNic, index: number): Record<string, unknown>[] {
  const link = `nic${index}`;
  if (nic.addresses.length === 0) return [{ id: `${link}-dhcp`, type: 'ipv4_dhcp', link }];
  return nic.addresses.map((ip, position) => ({
    id: `${link}-ipv${ip.family}`,
    type: `ipv${ip.family}`,
    link,
    ip_address: ip.address,
    netmask: netmask(ip),
    routes: nic.gateways
      .filter((gateway) => ipFamily(gateway) === ip.family)
      .map((gateway) => ({ ...ANYWHERE[ip.family], gateway })),
    services: position === 0 ? nameServers(nic.dns) : [],
  }));
}

const ANYWHERE: Readonly<Record<IpFamily, { network: string; netmask: string }>> = {
  4: { network: '0.0.0.0', netmask: '0.0.0.0' },
  6: { network: '::', netmask: '::' },
};

/** `255.255.255.0`, `ffff:ffff:ffff:ffff::`. */
function netmask({ family, prefix }: IpWithPrefix): string {
  const groups = family === 4 ? 4 : 8;
  const bits = family === 4 ? 8 : 16;
  const values = Array.from({ length: groups }, (_, index) => {
    const set = Math.min(bits, Math.max(0, prefix - index * bits));
    return 2 ** bits - 2 ** (bits - set);
  });
  if (family === 4) return values.join('.');
  const said = values.filter((value) => value !== 0).map((value) => value.toString(16));
  return said.length === groups ? said.join(':') : `${said.join(':')}::`;
}
