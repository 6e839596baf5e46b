// Interfaces of a node (pve-behaviour 19): changes wait in a file of their own until they are applied.
import { isAllowed } from '../access/permissions.ts';
import { everybody, perm } from '../access/rules.ts';
import {
  applyInterfaces,
  interfaceView,
  pendingChanges,
  plannedInterfaces,
  planInterface,
} from '../nodes/interfaces.ts';
import { perProfile, type Profile } from '../profiles/profile.ts';
import { parameterError } from '../pve-error.ts';
import { nodeParams } from '../schema/endpoint-params.ts';
import { configIdFormat, ipv4Format, ipv6Format } from '../schema/formats.ts';
import { cidr4Format, cidr6Format, ifaceFormat, maskFormat, vlanRangeFormat } from '../schema/network-formats.ts';
import { choice, flag, integer, listText, optional, type Schema, text } from '../schema/property.ts';
import { splitList } from '../world/lists.ts';
import { words } from '../world/words.ts';
import type { NetInterface, NodeState } from '../world/world.ts';
import { type Call, Changed, type Endpoint, needText, textParam } from './endpoint.ts';

/** Recording one-node/20. */
const kinds = perProfile((profile): readonly string[] =>
  words(
    'bridge bond eth alias vlan',
    ...(profile.has('sdnFabrics') ? ['fabric'] : []),
    'OVSBridge OVSBond OVSPort OVSIntPort vnet',
  ),
);
const wantedKinds = (profile: Profile): readonly string[] => [
  ...kinds(profile),
  'any_bridge',
  ...(profile.has('anyLocalBridge') ? ['any_local_bridge'] : []),
  ...(profile.has('sdnFabrics') ? ['include_sdn'] : []),
];

const ifaceProperty = text({ format: ifaceFormat, minLength: 2, maxLength: 20 });
const ifaceParams = { ...nodeParams, iface: ifaceProperty };
const one = optional(text({ format: ifaceFormat }));
const many = listText(ifaceFormat);
const plain = optional(text());
const BOND_MODES = words(
  'balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb balance-slb lacp-balance-slb',
  'lacp-balance-tcp',
);

const interfaceParams = perProfile(
  (profile): Schema => ({
    ...ifaceParams,
    address: optional(text({ format: ipv4Format, requires: 'netmask' })),
    address6: optional(text({ format: ipv6Format, requires: 'netmask6' })),
    autostart: flag(),
    'bond-primary': one,
    bond_mode: optional(choice(...BOND_MODES)),
    bond_xmit_hash_policy: optional(choice('layer2', 'layer2+3', 'layer3+4')),
    bridge_ports: many,
    ...(profile.has('bridgeVids') ? { bridge_vids: listText(vlanRangeFormat) } : {}),
    bridge_vlan_aware: flag(),
    cidr: optional(text({ format: cidr4Format })),
    cidr6: optional(text({ format: cidr6Format })),
    comments: plain,
    comments6: plain,
    gateway: optional(text({ format: ipv4Format })),
    gateway6: optional(text({ format: ipv6Format })),
    mtu: optional(integer({ minimum: 1280, maximum: 65_520 })),
    netmask: optional(text({ format: maskFormat, requires: 'address' })),
    netmask6: optional(integer({ minimum: 0, maximum: 128, requires: 'address6' })),
    ovs_bonds: many,
    ovs_bridge: one,
    ovs_options: optional(text({ maxLength: 1024 })),
    ovs_ports: many,
    ovs_tag: optional(integer({ minimum: 1, maximum: 4094 })),
    slaves: many,
    type: choice(...kinds(profile), 'unknown'),
    'vlan-id': optional(integer({ minimum: 1, maximum: 4094 })),
    'vlan-raw-device': one,
  }),
);

const modify = perm('/nodes/{node}', 'Sys.Modify');

export const NODE_NETWORK: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/network',
    params: perProfile((profile) => ({ ...nodeParams, type: optional(choice(...wantedKinds(profile))) })),
    allow: everybody,
    handle: listInterfaces,
  },
  {
    method: 'POST',
    path: '/nodes/{node}/network',
    params: interfaceParams,
    allow: modify,
    handle: (call) => planInterface(nodeOf(call), needText(call.params, 'iface'), asked(call), true),
  },
  {
    method: 'PUT',
    path: '/nodes/{node}/network',
    params: perProfile((profile) => ({
      ...nodeParams,
      ...(profile.has('regenerateFrr') ? { 'regenerate-frr': flag() } : {}),
    })),
    allow: modify,
    handle: reload,
  },
  {
    method: 'DELETE',
    path: '/nodes/{node}/network',
    params: nodeParams,
    allow: modify,
    handle: (call) => {
      nodeOf(call).newInterfaces = undefined;
    },
  },
  {
    method: 'GET',
    path: '/nodes/{node}/network/{iface}',
    params: ifaceParams,
    allow: perm('/nodes/{node}', 'Sys.Audit'),
    handle: (call) => {
      const [node, iface] = [nodeOf(call), needText(call.params, 'iface')];
      if (plannedInterfaces(node)[iface] === undefined) throw parameterError({ iface: 'interface does not exist' });
      return interfaceView(node, iface);
    },
  },
  {
    method: 'PUT',
    path: '/nodes/{node}/network/{iface}',
    params: perProfile((profile) => ({ ...interfaceParams(profile), delete: listText(configIdFormat) })),
    allow: modify,
    handle: change,
  },
  {
    method: 'DELETE',
    path: '/nodes/{node}/network/{iface}',
    params: ifaceParams,
    allow: modify,
    handle: (call) => planInterface(nodeOf(call), needText(call.params, 'iface'), 'delete', false),
  },
];

function nodeOf({ sim, params }: Call): NodeState {
  const node = sim.world.nodes[needText(params, 'node')];
  if (node === undefined) throw new Error('a call has come to a node that is not there');
  return node;
}

/** Address and mask, which are the older way to write a CIDR, become one. */
function asked({ params }: Call): NetInterface {
  const { node: _, iface: __, type, delete: ___, address, netmask, address6, netmask6, ...rest } = params;
  const options = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)]));
  if (address !== undefined) options['cidr'] ??= `${String(address)}/${prefixOf(String(netmask))}`;
  if (address6 !== undefined) options['cidr6'] ??= `${String(address6)}/${String(netmask6)}`;
  return { type: String(type), options };
}

function prefixOf(mask: string): number {
  if (!mask.includes('.')) return Number(mask);
  const bits = mask.split('.').map((byte) => Number(byte).toString(2));
  return bits.join('').replaceAll('0', '').length;
}

function change(call: Call): void {
  const [node, iface] = [nodeOf(call), needText(call.params, 'iface')];
  const { type, options } = asked(call);
  const kept = { ...plannedInterfaces(node)[iface]?.options, ...options };
  for (const key of splitList(textParam(call.params, 'delete') ?? '')) delete kept[key];
  planInterface(node, iface, { type, options: kept }, false);
}

/** @returns the UPID */
function reload(call: Call): string {
  const { sim, user } = call;
  const node = nodeOf(call);
  return sim.tasks.fork({ node: node.name, type: 'srvreload', id: 'networking', user }, async (worker) => {
    await worker.work(sim.durations.networkReloadMs);
    applyInterfaces(node);
  });
}

/** Bridges are seen by those who may use or audit them, where a version knows rights on bridges. */
function listInterfaces(call: Call): Changed {
  const { sim, user, params, profile } = call;
  const node = nodeOf(call);
  const maySee = (iface: string): boolean =>
    !profile.has('bridgesNeedSdnUse') ||
    isAllowed(sim.world, user, `/sdn/zones/localnetwork/${iface}`, ['SDN.Use', 'SDN.Audit'], true);
  const rows = Object.entries(plannedInterfaces(node))
    .filter(([, { type }]) => isOfKind(type, textParam(params, 'type')))
    .filter(([iface]) => maySee(iface))
    .map(([iface]) => ({ iface, ...interfaceView(node, iface) }));
  return new Changed(rows, pendingChanges(node));
}

function isOfKind(type: string, wanted: string | undefined): boolean {
  const isBridge = type === 'bridge' || type === 'OVSBridge';
  if (wanted === undefined || wanted === 'include_sdn') return true;
  return wanted.startsWith('any_') ? isBridge : wanted === type;
}
