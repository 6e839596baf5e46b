import { type AddressingTexts, parseAddressing, type SaidText } from '#domain/addressing';
import { invalidSpec } from '#domain/fault';
import { parseMac } from '#domain/names';
import type { NicSpec } from '#domain/vm-spec';
import { sayOnce } from '../say-once.ts';
import type { NetworkManifest } from './network.ts';

/** One NIC, as it says itself. Throws `invalid-spec` under `path`, such as `VirtualMachine web: spec.networks[0]`. */
export function normaliseNetwork(network: NetworkManifest, path: string): NicSpec {
  return {
    name: network.name,
    bridge: network.bridge,
    vlan: network.vlan,
    model: undefined,
    mac: readMac(network, path),
    ...parseAddressing(network.staticIP === undefined ? upstreamTexts(network, path) : staticTexts(network, path)),
  };
}

/** `ipAddress`, `prefix`, `gateway` and `dns` side by side. */
function upstreamTexts({ ipAddress, prefix, gateway, dns }: NetworkManifest, path: string): AddressingTexts {
  return {
    staticIp: said(ipAddress, `${path}.ipAddress`),
    prefix: prefix === undefined ? undefined : { length: prefix, path: `${path}.prefix` },
    gateway: said(gateway, `${path}.gateway`),
    dns: said(dns, `${path}.dns`),
  };
}

/** `staticIP` with an address that carries its prefix. */
function staticTexts({ staticIP, ipAddress, prefix, gateway, dns }: NetworkManifest, path: string): AddressingTexts {
  if ([ipAddress, prefix, gateway, dns].some((other) => other !== undefined)) {
    throw invalidSpec(
      `${path}.staticIP`,
      'the network also has ipAddress, prefix, gateway or dns',
      'Keep one of the two',
    );
  }
  return {
    staticIp: said(staticIP?.address, `${path}.staticIP.address`),
    prefix: undefined,
    gateway: said(staticIP?.gateway, `${path}.staticIP.gateway`),
    dns: said(staticIP?.dns?.join(','), `${path}.staticIP.dns`),
  };
}

function said(text: string | undefined, path: string): SaidText | undefined {
  return text === undefined || text.trim() === '' ? undefined : { text, path };
}

function readMac(network: NetworkManifest, path: string): string | undefined {
  return sayOnce(path, {
    mac: macOf(network.mac, `${path}.mac`),
    macAddress: macOf(network.macAddress, `${path}.macAddress`),
  });
}

function macOf(text: string | undefined, path: string): string | undefined {
  if (text === undefined || text === '') return undefined;
  const mac = parseMac(text);
  if (mac !== undefined) return mac;
  throw invalidSpec(path, `"${text}" is not a unicast MAC`, 'Write it like "02:00:00:aa:bb:cc"');
}
