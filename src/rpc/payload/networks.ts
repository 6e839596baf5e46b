import { type Addressing, parseAddressing, type SaidText } from '#domain/addressing';
import { invalidSpec } from '#domain/fault';
import { formatCidr } from '#domain/ip';
import { parseMac } from '#domain/names';
import type { NicSpec } from '#domain/vm-spec';
import { agree, type JsonObject, type ReadValue, readObject } from './json-object.ts';
import { flag, listOf, oneOf, text, textList, wholeNumber } from './values.ts';

// networks_json: the NICs of a VM in order. Besides Go's shape an older one is read:
// {name, bridge, vlan, mac, static_ip: {address, gateway, dns: []}, config: {bridge, model}}.

const vlan = wholeNumber(1, 4094);
const ipPolicy = oneOf({ dhcp: 'dhcp', static: 'static' } as const);
const readNics = listOf(readObject(readNic));

/** undefined where nobody said anything; throws `invalid-spec` naming the key. */
export function decodeNetworks(value: unknown, path: string): readonly NicSpec[] | undefined {
  if (value === undefined || value === null) return undefined;
  const nics = readNics(value, path);
  const twice = nics.findIndex(
    (nic, index) => nic.mac !== undefined && nics.findIndex((one) => one.mac === nic.mac) < index,
  );
  if (twice !== -1) {
    throw invalidSpec(
      `${path}[${twice}].MacAddress`,
      `${nics[twice]?.mac} is on another NIC of this VM already`,
      'Use it once',
    );
  }
  return nics;
}

function readNic(object: JsonObject): NicSpec {
  object.ignore('Portgroup', 'NetworkName', 'PCISlotNumber');
  const config = object.get('Config', readObject(readConfig));
  const bridge = agree(object.at('Bridge'), object.get('Bridge', bridgeName), config?.bridge);
  const name = object.get('Name', text) ?? bridge;
  if (name === undefined) {
    throw invalidSpec(
      `${object.path}.Name`,
      'the NIC has neither a name nor a bridge',
      'Name the network or the bridge',
    );
  }
  return {
    name,
    bridge,
    vlan: object.get('VLAN', vlan),
    model: agree(object.at('Model'), object.get('Model', text), config?.model),
    mac: object.get('MacAddress', mac, { mac, MAC: mac }),
    ...readAddressing(object),
    ...readOptions(object),
  };
}

/** What a VMNetworkAttachment says beside bridge, VLAN and model; absent where it says nothing. */
function readOptions(object: JsonObject): Pick<NicSpec, 'mtu' | 'firewall' | 'rateLimit'> {
  const mtu = object.get('MTU', wholeNumber(1, 65_520));
  const rateLimit = object.get('RateLimitMBps', wholeNumber(1));
  return {
    ...(mtu === undefined ? {} : { mtu }),
    ...(object.get('Firewall', flag) === true ? { firewall: true } : {}),
    ...(rateLimit === undefined ? {} : { rateLimit }),
  };
}

function readAddressing(object: JsonObject): Addressing {
  const older = ['ipAddress', 'static_ip'] as const;
  const said = object.get('StaticIP', textOrOlder, { ipAddress: textOrOlder, static_ip: textOrOlder });
  const path = object.at('StaticIP', ...older);
  const nested = typeof said === 'object' ? said : {};
  const prefix = object.get('Prefix', wholeNumber(1, 128));
  const addressing = parseAddressing({
    staticIp: typeof said === 'string' ? { text: said, path } : saidAt(nested.address, `${path}.address`),
    prefix: prefix === undefined ? undefined : { length: prefix, path: `${object.path}.Prefix` },
    gateway: eitherText(object, 'Gateway', object.get('Gateway', text), nested.gateway, `${path}.gateway`),
    dns: eitherText(object, 'DNS', object.get('DNS', textOrList), nested.dns, `${path}.dns`),
  });
  checkPolicy(object, addressing);
  return addressing;
}

function saidAt(said: string | undefined, path: string): SaidText | undefined {
  return said === undefined ? undefined : { text: said, path };
}

/** The text beside `StaticIP` (Go) or inside it (older shapes). */
function eitherText(
  object: JsonObject,
  key: string,
  flat: string | undefined,
  nested: string | undefined,
  nestedPath: string,
): SaidText | undefined {
  agree(object.at(key), flat, nested);
  return saidAt(flat, object.at(key)) ?? saidAt(nested, nestedPath);
}

function checkPolicy(object: JsonObject, { addresses }: Addressing): void {
  const policy = object.get('IPPolicy', ipPolicy);
  if (policy === 'dhcp' && addresses.length > 0) {
    throw invalidSpec(object.at('IPPolicy'), 'asks for DHCP, but there is a static address', 'Keep one of them');
  }
  if (policy === 'static' && addresses.length === 0) {
    throw invalidSpec(
      object.at('IPPolicy'),
      'asks for a static address, but there is none',
      'Set the address with its prefix',
    );
  }
}

/** Older shapes hold the address, its gateway and name servers in one object. */
interface OlderAddressing {
  readonly address?: string | undefined;
  readonly gateway?: string | undefined;
  readonly dns?: string | undefined;
}

const textOrList: ReadValue<string> = (value, path) =>
  Array.isArray(value) ? textList(value, path).join(',') : text(value, path);

const textOrOlder: ReadValue<string | OlderAddressing> = (value, path) =>
  typeof value === 'string' ? text(value, path) : readObject(readStaticIp)(value, path);

function readStaticIp(object: JsonObject): OlderAddressing {
  return {
    address: object.get('Address', text),
    gateway: object.get('Gateway', text),
    dns: object.get('DNS', textOrList),
  };
}

function readConfig(object: JsonObject): { bridge: string | undefined; model: string | undefined } {
  return { bridge: object.get('Bridge', bridgeName), model: object.get('Model', text) };
}

function bridgeName(value: unknown, path: string): string {
  const bridge = text(value, path);
  if (/^[\w.-]+$/.test(bridge)) return bridge;
  throw invalidSpec(path, `"${bridge}" is not the name of a bridge`, 'Name a bridge or VNet of PVE, like "vmbr0"');
}

function mac(value: unknown, path: string): string {
  const parsed = parseMac(text(value, path));
  if (parsed !== undefined) return parsed;
  throw invalidSpec(path, `"${String(value)}" is not a unicast MAC address`, 'Write it like "02:00:00:aa:bb:cc"');
}

/** `networks_json` in Go's shape; several addresses travel separated by commas. */
export function encodeNetworks(nics: readonly NicSpec[]): Record<string, unknown>[] {
  return nics.map((nic) => ({
    Name: nic.name,
    Portgroup: '',
    NetworkName: '',
    Bridge: nic.bridge ?? '',
    VLAN: nic.vlan ?? 0,
    Model: nic.model ?? '',
    MacAddress: nic.mac ?? '',
    IPPolicy: '',
    ...encodeAddresses(nic),
    Gateway: nic.gateways.join(','),
    DNS: nic.dns.join(','),
    PCISlotNumber: null,
    MTU: nic.mtu,
    Firewall: nic.firewall === true ? true : undefined,
    RateLimitMBps: nic.rateLimit,
  }));
}

/** One address as Go writes it, without its prefix, which other providers expect beside it. */
function encodeAddresses({ addresses }: NicSpec): { StaticIP: string; Prefix: number } {
  const [first] = addresses;
  if (first !== undefined && addresses.length === 1) return { StaticIP: first.address, Prefix: first.prefix };
  return { StaticIP: addresses.map(formatCidr).join(','), Prefix: 0 };
}
