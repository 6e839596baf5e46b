import { parseAddressing } from '#domain/addressing';
import { invalidSpec } from '#domain/fault';
import type { Network } from '#domain/network';
import type { NicSpec } from '#domain/vm-spec';
import { type Manifest, manifestTitle } from '../manifests.ts';
import { readSpec } from '../read-spec.ts';
import { NOT_ON_PVE, NOT_YET, refuse } from '../refuse.ts';
import { type VmNetworkAttachmentSpec, vmNetworkAttachmentSpec } from './spec.ts';

/** Throws `invalid-spec` naming object, field and remedy; `unsupported` for what PVE cannot do. */
export function normaliseNetworkAttachment(attachment: Manifest): Network {
  const spec = readSpec(vmNetworkAttachmentSpec, attachment);
  const path = `${manifestTitle(attachment)}: spec`;
  refuseUnsupported(spec, path);
  const { proxmox } = spec.network;
  return {
    bridge: proxmox?.bridge,
    vlan: proxmox?.vlanTag,
    model: proxmox?.model,
    mtu: proxmox?.mtu ?? (spec.network.mtu === USUAL_MTU ? undefined : spec.network.mtu),
    // What an API server fills in says nothing.
    firewall: proxmox?.firewall === true || spec.security?.firewall?.enabled === true ? true : undefined,
    rateLimit: proxmox?.rateLimit,
    ...addressing(spec.ipAllocation, `${path}.ipAllocation`),
  };
}

/** What VirtRigaud's API server fills in, so that it says nothing. */
const USUAL_MTU = 1500;

type Allocation = VmNetworkAttachmentSpec['ipAllocation'];

function addressing(allocation: Allocation, path: string): ReturnType<typeof parseAddressing> {
  const config = allocation?.staticConfig;
  const isStatic = allocation?.type === 'Static';
  if (isStatic && config === undefined) {
    throw invalidSpec(`${path}.staticConfig`, 'there is none, and type says Static', 'Set staticConfig.address');
  }
  if (!isStatic && config !== undefined) {
    const type = allocation?.type ?? 'DHCP';
    throw invalidSpec(
      `${path}.staticConfig`,
      `there is one, but type says ${type}`,
      'Write type: Static, or remove it',
    );
  }
  const said = (text: string | undefined, field: string): { text: string; path: string } | undefined =>
    text === undefined || text === '' ? undefined : { text, path: `${path}.${field}` };
  return parseAddressing({
    staticIp: said(config?.address, 'staticConfig.address'),
    prefix: undefined,
    gateway: said(config?.gateway, 'staticConfig.gateway'),
    dns: said(allocation?.dnsConfig?.servers?.join(','), 'dnsConfig.servers'),
  });
}

/** The NIC completed by what its network says: what it says itself wins, its addresses with their gateways as a whole. */
export function onNetwork(nic: NicSpec, network: Network): NicSpec {
  const addressed = nic.addresses.length > 0 ? nic : network;
  return {
    ...nic,
    bridge: nic.bridge ?? network.bridge,
    vlan: nic.vlan ?? network.vlan,
    model: nic.model ?? network.model,
    mtu: network.mtu,
    firewall: network.firewall,
    rateLimit: network.rateLimit,
    addresses: addressed.addresses,
    gateways: addressed.gateways,
    dns: nic.dns.length > 0 ? nic.dns : network.dns,
  };
}

const IN_PVE = { why: 'it is not supported', remedy: 'Set it in Proxmox VE, and remove it here' };

function refuseUnsupported({ network, ipAllocation, security, qos }: VmNetworkAttachmentSpec, path: string): void {
  const isBridge = network.type === 'bridged' || network.type === 'external';
  refuse(`${path}.network`, { type: isBridge ? undefined : network.type }, BRIDGES_ONLY);
  refuse(`${path}.ipAllocation`, { type: ofAnother(ipAllocation?.type, ['DHCP', 'Static']) }, NOT_YET);
  const { dnsConfig, dhcpConfig, staticConfig, poolConfig } = ipAllocation ?? {};
  const addresses = {
    'staticConfig.routes': staticConfig?.routes,
    'dnsConfig.searchDomains': dnsConfig?.searchDomains,
    'dnsConfig.options': dnsConfig?.options,
    dhcpConfig,
    poolConfig,
  };
  refuse(`${path}.ipAllocation`, addresses, NOT_YET);
  refuse(
    `${path}.security`,
    {
      'firewall.defaultPolicy': ofAnother(security?.firewall?.defaultPolicy, ['ACCEPT']),
      'firewall.rules': security?.firewall?.rules,
      'isolation.mode': ofAnother(security?.isolation?.mode, ['none']),
      'isolation.allowedNetworks': security?.isolation?.allowedNetworks,
      'isolation.deniedNetworks': security?.isolation?.deniedNetworks,
    },
    IN_PVE,
  );
  refuse(`${path}.security`, { 'encryption.enabled': security?.encryption?.enabled }, NOT_ON_PVE);
  refuse(`${path}.qos`, qos ?? {}, { ...IN_PVE, remedy: 'Use network.proxmox.rateLimit' });
}

const BRIDGES_ONLY = { why: 'a network of Proxmox VE is a bridge', remedy: 'Write bridged' };

/** The word, unless it is one of these. */
function ofAnother(word: string | undefined, usual: readonly string[]): string | undefined {
  return word !== undefined && usual.includes(word) ? undefined : word;
}
