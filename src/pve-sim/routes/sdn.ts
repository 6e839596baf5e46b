// Zones and vnets of the software-defined network (pve-behaviour 19): written at once, in effect once they are applied.
import { isAllowed } from '../access/permissions.ts';
import { everybody, perm, requirePrivilege } from '../access/rules.ts';
import { checkQuorum } from '../qemu/config-file.ts';
import { perProfile, type Profile } from '../profiles/profile.ts';
import { failure } from '../pve-error.ts';
import { fileDigest, deletedOptions } from '../schema/endpoint-params.ts';
import { configIdFormat, dnsNameFormat, macFormat, nodeFormat } from '../schema/formats.ts';
import { fabricFormat, ipFormat, routeTargetFormat } from '../schema/network-formats.ts';
import { choice, flag, integer, listText, optional, type Schema, text } from '../schema/property.ts';
import { applySdn } from '../nodes/sdn.ts';
import type { SdnSection, World } from '../world/world.ts';
import { splitList } from '../world/lists.ts';
import { type Call, type Endpoint, isOn, needText, textParam } from './endpoint.ts';

const id = text({ minLength: 2, maxLength: 8, pattern: /[a-zA-Z][a-zA-Z0-9]*[a-zA-Z0-9]/ });
const plain = optional(text());
const views = { pending: flag(), running: flag() };
const lock = perProfile((profile): Schema => (profile.has('sdnLock') ? { 'lock-token': plain } : {}));
const digest = fileDigest;
const deleted = deletedOptions;
const zoneTypes = ['evpn', 'faucet', 'qinq', 'simple', 'vlan', 'vxlan'];

const zoneOptions = (profile: Profile): Schema => ({
  'advertise-subnets': flag(),
  bridge: plain,
  'bridge-disable-mac-learning': flag(),
  controller: plain,
  dhcp: optional(choice('dnsmasq')),
  'disable-arp-nd-suppression': flag(),
  dns: plain,
  dnszone: optional(text({ format: dnsNameFormat })),
  'dp-id': optional(integer()),
  exitnodes: listText(nodeFormat),
  'exitnodes-local-routing': flag(),
  'exitnodes-primary': optional(text({ format: nodeFormat })),
  ...(profile.has('sdnFabrics') ? { fabric: optional(text({ format: fabricFormat })) } : {}),
  ipam: plain,
  ...lock(profile),
  mac: optional(text({ format: macFormat })),
  mtu: optional(integer()),
  nodes: listText(nodeFormat),
  peers: listText(ipFormat),
  reversedns: plain,
  'rt-import': optional(text({ format: routeTargetFormat })),
  tag: optional(integer({ minimum: 0 })),
  'vlan-protocol': optional(choice('802.1q', '802.1ad')),
  'vrf-vxlan': optional(integer({ minimum: 1, maximum: 16_777_215 })),
  'vxlan-port': optional(integer({ minimum: 1, maximum: 65_536 })),
  zone: id,
});

const vnetOptions = (profile: Profile): Schema => ({
  alias: optional(text({ maxLength: 256, pattern: /[()\-_.\w\s]{0,256}/i })),
  ...(profile.has('isolatePorts') ? { 'isolate-ports': flag() } : {}),
  ...lock(profile),
  tag: optional(integer({ minimum: 1, maximum: 16_777_215 })),
  vlanaware: flag(),
  vnet: id,
});

const allocateZone = perm('/sdn/zones/{zone}', 'SDN.Allocate');

export const SDN: readonly Endpoint[] = [
  {
    method: 'PUT',
    path: '/cluster/sdn',
    params: perProfile((profile) => ({
      ...lock(profile),
      ...(profile.has('sdnLock') ? { 'release-lock': flag() } : {}),
    })),
    allow: perm('/sdn', 'SDN.Allocate'),
    handle: ({ sim, receivedBy, user }) => applySdn(sim, receivedBy, user),
  },
  {
    method: 'GET',
    path: '/cluster/sdn/zones',
    params: { ...views, type: optional(choice(...zoneTypes)) },
    allow: everybody,
    handle: (call) => list(call, 'zones').filter((row) => row['type'] === (call.params['type'] ?? row['type'])),
  },
  {
    method: 'POST',
    path: '/cluster/sdn/zones',
    params: perProfile((profile) => ({
      ...zoneOptions(profile),
      type: { ...choice(...zoneTypes), format: configIdFormat },
    })),
    allow: perm('/sdn/zones', 'SDN.Allocate'),
    handle: (call) => add(call, 'zones'),
  },
  {
    method: 'GET',
    path: '/cluster/sdn/zones/{zone}',
    params: { ...views, zone: id },
    allow: allocateZone,
    handle: (call) => read(call, 'zones'),
  },
  {
    method: 'PUT',
    path: '/cluster/sdn/zones/{zone}',
    params: perProfile((profile) => ({ ...zoneOptions(profile), delete: deleted, digest })),
    allow: allocateZone,
    handle: (call) => change(call, 'zones'),
  },
  {
    method: 'DELETE',
    path: '/cluster/sdn/zones/{zone}',
    params: perProfile((profile) => ({ ...lock(profile), zone: id })),
    allow: allocateZone,
    handle: (call) => {
      const zone = needText(call.params, 'zone');
      const user = Object.entries(call.sim.world.sdn.vnets).find(([, vnet]) => vnet['zone'] === zone)?.[0];
      if (user !== undefined) throw failure(`delete sdn zone object failed: zone ${zone} is used by vnet ${user}`);
      remove(call, 'zones');
    },
  },
  { method: 'GET', path: '/cluster/sdn/vnets', params: views, allow: everybody, handle: (call) => list(call, 'vnets') },
  {
    method: 'POST',
    path: '/cluster/sdn/vnets',
    params: perProfile((profile) => ({ ...vnetOptions(profile), type: optional(choice('vnet')), zone: text() })),
    allow: allocateZone,
    handle: (call) => {
      const zone = needText(call.params, 'zone');
      if (call.sim.world.sdn.zones[zone] === undefined)
        throw failure(`create sdn vnet object failed: zone '${zone}' does not exist`);
      add(call, 'vnets');
    },
  },
  {
    method: 'GET',
    path: '/cluster/sdn/vnets/{vnet}',
    params: { ...views, vnet: id },
    allow: everybody,
    handle: (call) => {
      const row = read(call, 'vnets');
      requirePrivilege(call.sim.world, call.user, pathOf('vnets', row), ['SDN.Allocate']);
      return row;
    },
  },
  {
    method: 'PUT',
    path: '/cluster/sdn/vnets/{vnet}',
    params: perProfile((profile) => ({ ...vnetOptions(profile), delete: deleted, digest, zone: plain })),
    allow: everybody,
    handle: (call) => {
      requirePrivilege(call.sim.world, call.user, pathOf('vnets', read(call, 'vnets')), ['SDN.Allocate']);
      change(call, 'vnets');
    },
  },
  {
    method: 'DELETE',
    path: '/cluster/sdn/vnets/{vnet}',
    params: perProfile((profile) => ({ ...lock(profile), vnet: id })),
    allow: everybody,
    handle: (call) => {
      requirePrivilege(call.sim.world, call.user, pathOf('vnets', read(call, 'vnets')), ['SDN.Allocate']);
      remove(call, 'vnets');
    },
  },
];

type Kind = 'zones' | 'vnets';
const nameOf = (kind: Kind): 'zone' | 'vnet' => (kind === 'zones' ? 'zone' : 'vnet');

function pathOf(kind: Kind, row: Readonly<Record<string, unknown>>): string {
  return kind === 'zones'
    ? `/sdn/zones/${String(row['zone'])}`
    : `/sdn/zones/${String(row['zone'])}/${String(row['vnet'])}`;
}

/** Zones and vnets that the caller may allocate, audit or use. */
function list(call: Call, kind: Kind): Record<string, unknown>[] {
  const { sim, user } = call;
  const sections = isOn(call.params, 'running') ? sim.world.sdn.running[kind] : sim.world.sdn[kind];
  return Object.entries(sections)
    .map(([name, section]) => view(kind, name, section))
    .filter((row) => isAllowed(sim.world, user, pathOf(kind, row), ['SDN.Audit', 'SDN.Use', 'SDN.Allocate'], true));
}

const NUMBERS = new Set([
  'tag',
  'mtu',
  'vlanaware',
  'isolate-ports',
  'advertise-subnets',
  'dp-id',
  'vrf-vxlan',
  'vxlan-port',
]);

function view(kind: Kind, name: string, section: SdnSection): Record<string, unknown> {
  const options = Object.entries(section).map(([key, value]) => [key, NUMBERS.has(key) ? Number(value) : value]);
  const type = kind === 'vnets' ? { type: 'vnet' } : {};
  return { [nameOf(kind)]: name, ...type, ...(Object.fromEntries(options) as object) };
}

function find(world: World, kind: Kind, name: string): SdnSection {
  const section = world.sdn[kind][name];
  if (section === undefined) throw failure(`sdn '${name}' does not exist`);
  return section;
}

function read({ sim, params }: Call, kind: Kind): Record<string, unknown> {
  const name = needText(params, nameOf(kind));
  return view(kind, name, find(sim.world, kind, name));
}

function optionsOf(call: Call, kind: Kind): SdnSection {
  const { delete: _, digest: __, 'lock-token': ___, ...rest } = call.params;
  const own = Object.entries(rest).filter(([key]) => key !== nameOf(kind));
  return Object.fromEntries(own.map(([key, value]) => [key, String(value)]));
}

function add(call: Call, kind: Kind): void {
  const { world } = call.sim;
  checkQuorum(call.sim, call.receivedBy);
  const name = needText(call.params, nameOf(kind));
  if (world.sdn[kind][name] !== undefined)
    throw failure(`create sdn ${nameOf(kind)} object failed: sdn ${nameOf(kind)} object ID '${name}' already defined`);
  world.sdn[kind] = { ...world.sdn[kind], [name]: optionsOf(call, kind) };
}

function change(call: Call, kind: Kind): void {
  const { world } = call.sim;
  checkQuorum(call.sim, call.receivedBy);
  const name = needText(call.params, nameOf(kind));
  const kept = { ...find(world, kind, name), ...optionsOf(call, kind) };
  for (const key of splitList(textParam(call.params, 'delete') ?? '')) delete kept[key];
  world.sdn[kind] = { ...world.sdn[kind], [name]: kept };
}

function remove({ sim, receivedBy, params }: Call, kind: Kind): void {
  checkQuorum(sim, receivedBy);
  const name = needText(params, nameOf(kind));
  find(sim.world, kind, name);
  const { [name]: _, ...rest } = sim.world.sdn[kind];
  sim.world.sdn[kind] = rest;
}
