// The NICs a VM is to have, as PVE and its guest will see them: the request's, or the template's where it names none.
import { invalidSpec } from '#domain/fault';
import type { NicSpec } from '#domain/vm-spec';
import { formatNet, type Net, NET_MODELS, parseNet } from '#pve/codec/net';
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
  const named = wanted.map((spec, index) => plannedNic(spec, index, wish, have));
  return wish.spec.clone === undefined ? named : [...named, ...clonedNics(wish, have).slice(named.length)];
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

/** What a named network decides: where the NIC is. Its other options (firewall, mtu, queues) stay the template's. */
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
    linkDown: undefined,
    rest,
  };
  return { slot, index, net, spec };
}

function checkedModel(spec: NicSpec, index: number): string | undefined {
  if (spec.model === undefined || NET_MODELS.includes(spec.model)) return spec.model;
  throw invalidSpec(
    `networks_json[${index}].Model`,
    `"${spec.model}" is not a model of PVE`,
    `Use one of ${NET_MODELS.join(', ')}`,
  );
}

/** The bridge named, or that of the network's name in the map, or the name itself where it is a bridge's. */
function bridgeOf(spec: NicSpec, index: number, wish: Wish, have: Have): string {
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
  if (site.bridges.includes(bridge)) return bridge;
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
