// The NICs a VM is to have, as PVE and its guest will see them: the request's, or the template's where it names none.
import { invalidSpec } from '#domain/fault';
import type { NicSpec } from '#domain/vm-spec';
import { formatNet, type Net, NET_MODELS, parseNet } from '#pve/codec/net';
import type { Properties } from '#pve/codec/property-string';
import { formatSlot, slotCount, slotsOf } from '#pve/codec/slot';
import { macFor } from './mac.ts';
import type { Have, Wish } from './wish.ts';

export interface PlannedNic {
  /** `net0`. */
  readonly slot: string;
  readonly index: number;
  readonly net: Net;
  /** What the request says of it; undefined for a NIC of the template. */
  readonly spec: NicSpec | undefined;
}

/** Throws `invalid-spec` for a NIC that cannot be. */
export function plannedNics(wish: Wish, have: Have): PlannedNic[] {
  const wanted = wish.spec.networks ?? [];
  if (wanted.length === 0) return wish.spec.clone === undefined ? presentNics(have) : clonedNics(wish, have);
  if (wanted.length > slotCount('net')) {
    throw invalidSpec(
      'networks_json',
      `${wanted.length} NICs are more than the ${slotCount('net')} PVE has`,
      'Name fewer',
    );
  }
  if (have.inUse !== undefined) return nicsInUse(wanted, wish, have);
  const named = wanted.map((spec, index) => plannedNic(spec, index, wish, have));
  return wish.spec.clone === undefined ? named : [...named, ...clonedNics(wish, have).slice(named.length)];
}

/**
 * The NICs of a VM in use, others left out. An entry is the NIC with its MAC, or that which its place in the list has
 * given it, else the one at that place; a new one goes there, or to the first place that is free.
 */
function nicsInUse(wanted: readonly NicSpec[], wish: Wish, have: Have): PlannedNic[] {
  const present = presentNics(have);
  // Also those that cannot be read here.
  const taken = new Set(slotsOf(have.values, 'net').map(({ index }) => index));
  const left = new Set(present);
  const take = (found: PlannedNic | undefined): PlannedNic | undefined => {
    if (found !== undefined) left.delete(found);
    return found;
  };
  const find = (is: (mac: string) => boolean): PlannedNic | undefined =>
    [...left].find(({ net }) => net.mac !== undefined && is(net.mac.toUpperCase()));
  const said = wanted.map(({ mac }) => take(find((present) => present === mac?.toUpperCase())));
  const byMac = wanted.map((_, place) => {
    const given = numberIn(macFor(wish.site.macPrefix, have.vmid, place));
    return said[place] ?? take(find((mac) => numberIn(mac) === given));
  });
  return wanted.map((spec, place) => {
    const found = byMac[place] ?? take([...left].find(({ index }) => index === place));
    const index = found?.index ?? freePlace(taken, place);
    taken.add(index);
    const nic = nicInUse(spec, { place, index, present: found?.net }, wish, have);
    if (byMac[place] === undefined && found !== undefined) refuseStranger(nic, place, found.net, have);
    return nic;
  });
}

/** What we have given it stays the same under another prefix of the datacenter. */
function numberIn(mac: string): string {
  return mac.slice(-'00:00:00'.length);
}

/**
 * Throws where a VM that was made here has a NIC at that place that it was not made with, and it is not as it is asked
 * for: it is somebody's own, or the one of the request with a MAC by hand, and to change the wrong one cuts off a guest.
 */
function refuseStranger({ net, slot }: PlannedNic, place: number, present: Net, { inUse }: Have): void {
  if (inUse !== 'made-here' || formatNet({ ...present, mac: undefined }) === formatNet({ ...net, mac: undefined }))
    return;
  throw invalidSpec(
    `networks_json[${place}]`,
    `${slot} of the VM has a MAC that nobody has asked for (${present.mac ?? 'none'}), so that it may be another one`,
    'Give its MAC as MacAddress where it is meant, or move the other NIC to a higher number in PVE',
  );
}

function freePlace(taken: ReadonlySet<number>, wanted: number): number {
  if (!taken.has(wanted)) return wanted;
  const free = Array.from({ length: slotCount('net') }, (_, index) => index).find((index) => !taken.has(index));
  if (free !== undefined) return free;
  throw invalidSpec(`networks_json[${wanted}]`, `the VM has ${slotCount('net')} NICs already`, 'Name fewer');
}

interface NicPlace {
  /** In the request. */
  readonly place: number;
  readonly index: number;
  readonly present: Net | undefined;
}

/** What the request does not name stays: a VLAN, too, unless the NIC goes to another bridge. */
function nicInUse(spec: NicSpec, { place, index, present }: NicPlace, wish: Wish, have: Have): PlannedNic {
  const bridge = bridgeOf(spec, place, wish, have, present?.bridge);
  const { trunks, ...others } = present?.rest ?? {};
  const stays = present?.bridge === bridge;
  const net: Net = {
    ...present,
    model: checkedModel(spec, place) ?? present?.model ?? 'virtio',
    mac: spec.mac ?? present?.mac ?? macFor(wish.site.macPrefix, have.vmid, place),
    bridge,
    tag: spec.vlan ?? (stays ? present?.tag : undefined),
    firewall: spec.firewall ?? present?.firewall,
    rest: { ...(stays && trunks !== undefined ? { ...others, trunks } : others), ...optionsOf(spec) },
  };
  checkMtu(net, spec, place);
  return { slot: formatSlot({ kind: 'net', index }), index, net, spec };
}

/** Whether the NIC is not as planned, however PVE has it written. */
export function isChanged(nic: PlannedNic, have: Have): boolean {
  const present = parseNet(have.values[nic.slot] ?? '');
  return present === undefined || formatNet(present) !== formatNet(nic.net);
}

function presentNics(have: Have): PlannedNic[] {
  return slotsOf(have.values, 'net').flatMap(({ key, index, value }) => {
    const net = parseNet(value);
    return net === undefined ? [] : [{ slot: key, index, net, spec: undefined }];
  });
}

/** PVE draws their MACs by chance; ours are known before the copy, as its ISO has to name them. */
function clonedNics({ site }: Wish, have: Have): PlannedNic[] {
  return presentNics(have).map((nic) => ({
    ...nic,
    net: { ...nic.net, mac: macFor(site.macPrefix, have.vmid, nic.index) },
  }));
}

/** What a named network decides: where the NIC is. What it does not say of its other options (firewall, mtu, queues) stays the template's. */
function plannedNic(spec: NicSpec, index: number, wish: Wish, have: Have): PlannedNic {
  const slot = formatSlot({ kind: 'net', index });
  const present = parseNet(have.values[slot] ?? '');
  const { trunks: _trunks, ...rest } = present?.rest ?? {};
  const bridge = bridgeOf(spec, index, wish, have);
  // A clone whose NIC stays where it is stays in its VLAN too.
  const stays = wish.spec.clone !== undefined && present?.bridge === bridge;
  const net: Net = {
    ...present,
    model: checkedModel(spec, index) ?? present?.model ?? 'virtio',
    mac: spec.mac ?? macFor(wish.site.macPrefix, have.vmid, index),
    bridge,
    tag: spec.vlan ?? (stays ? present?.tag : undefined),
    firewall: spec.firewall ?? present?.firewall,
    linkDown: undefined,
    rest: { ...rest, ...optionsOf(spec) },
  };
  checkMtu(net, spec, index);
  return { slot, index, net, spec };
}

function optionsOf({ mtu, rateLimit }: NicSpec): Properties {
  return {
    ...(mtu === undefined ? {} : { mtu: String(mtu) }),
    ...(rateLimit === undefined ? {} : { rate: String(rateLimit) }),
  };
}

/** Other models have no MTU in PVE (pve-behaviour 21). */
function checkMtu({ model }: Net, { mtu }: NicSpec, index: number): void {
  if (mtu === undefined || model === 'virtio') return;
  throw invalidSpec(
    `networks_json[${index}].MTU`,
    `a NIC of model ${model} has none in PVE`,
    'Use virtio, or remove it',
  );
}

function checkedModel(spec: NicSpec, index: number): string | undefined {
  if (spec.model === undefined || NET_MODELS.includes(spec.model)) return spec.model;
  throw invalidSpec(
    `networks_json[${index}].Model`,
    `"${spec.model}" is not a model of PVE`,
    `Use one of ${NET_MODELS.join(', ')}`,
  );
}

/**
 * The bridge named, or that of the network's name in the map, or the name itself where it is a bridge's.
 * @param present the one that the NIC is on, for which the node is not asked
 */
function bridgeOf(spec: NicSpec, index: number, wish: Wish, have: Have, present?: string): string {
  const { site } = wish;
  const known = site.networkMap[spec.name] ?? (/^vmbr\w+$/.test(spec.name) ? spec.name : undefined);
  const bridge = spec.bridge ?? known ?? ownBridge(spec, index, wish, have);
  if (bridge === undefined) {
    const listed = Object.entries(site.networkMap).map(([name, target]) => `${name}=${target}`);
    throw invalidSpec(
      `networks_json[${index}].Name`,
      `the network "${spec.name}" names no bridge and is not in the map of networks`,
      `Give a bridge, use vmbr<N>, or one of ${listed.join(', ')} (PVE_NETWORK_MAP)`,
    );
  }
  if (bridge === present || site.bridges.includes(bridge)) return bridge;
  throw invalidSpec(
    `networks_json[${index}].${spec.bridge === undefined ? 'Name' : 'Bridge'}`,
    `node ${have.node} has no bridge "${bridge}", or we may not use it (SDN.Use)`,
    `Bridges there: ${site.bridges.join(', ') || 'none'}`,
  );
}

/** A clone may name a NIC of its source by its slot, `net0`: it stays on its bridge. */
function ownBridge(spec: NicSpec, index: number, wish: Wish, have: Have): string | undefined {
  const slot = formatSlot({ kind: 'net', index });
  if (wish.spec.clone === undefined || spec.name !== slot) return undefined;
  return parseNet(have.values[slot] ?? '')?.bridge;
}

export function formatNic(nic: PlannedNic): string {
  return formatNet(nic.net);
}
