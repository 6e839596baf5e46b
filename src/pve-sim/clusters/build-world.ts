// From a cluster's data to the world it starts as.
import { runningSince } from '../qemu/boot-guest.ts';
import { emptyManagerStatus } from '../ha/manager-status.ts';
import type { Random } from '../random.ts';
import { fromBridge } from '../nodes/interfaces.ts';
import { addGuest, isTemplate, normalBehaviour } from '../world/guests.ts';
import { newMac } from '../world/mac.ts';
import { formatNic, isNicKey, parseNic } from '../world/net.ts';
import { formatProperties } from '../world/property-string.ts';
import { formatSize } from '../world/size.ts';
import { volumeCan } from '../storage/storage-types.ts';
import { addVolume, becomeBase, volumeKey } from '../world/volumes.ts';
import type { NodeState, StorageState, World } from '../world/world.ts';
import type { ClusterData, DiskData, GuestData, NodeData } from './cluster-data.ts';
import { minimalAccess } from './minimal-access.ts';

const DAY_MS = 86_400_000;
/** Of guests that run from the start: each its own. */
const FIRST_PID = 2000;

/**
 * @param now ms of the world's time
 * @param fingerprints of the nodes' certificates; none without TLS
 */
export function buildWorld(
  data: ClusterData,
  random: Random,
  now: number,
  fingerprints: Readonly<Record<string, string>>,
): World {
  const world: World = {
    cluster: {
      name: data.name,
      otherHosts: data.otherHosts ?? {},
      options: data.macPrefix === undefined ? {} : { mac_prefix: data.macPrefix },
    },
    nodes: Object.fromEntries(
      data.nodes.map((node, index) => [node.name, nodeState(data, node, index, now, fingerprints[node.name] ?? '')]),
    ),
    storages: Object.fromEntries(data.storages.map((storage) => [storage.id, { ...storage, disabled: false }])),
    volumes: {},
    guests: {},
    sdn: { zones: {}, vnets: {}, running: { zones: {}, vnets: {} } },
    pools: Object.fromEntries(data.pools.map((id) => [id, { id, comment: undefined, vms: [], storages: [] }])),
    access: minimalAccess(data, random, now),
    ha: {
      resources: {},
      groups: {},
      rules: {},
      managers: data.nodes.map(({ name }) => name),
      status: emptyManagerStatus(),
    },
    web: {},
    tasks: {},
    stats: Object.fromEntries(data.nodes.map(({ name }) => [name, {}])),
  };
  for (const guest of data.guests) placeGuest(world, guest, random, now);
  for (const container of data.containers) {
    const { vmid, node, hostname } = container;
    addGuest(world, { vmid, node, type: 'lxc', config: { hostname, memory: '512', cores: '1' } });
  }
  for (const iso of data.isos) placeIso(world, data, iso, now);
  return world;
}

const RESOLVER = { nameservers: ['192.0.2.53'], search: ['example.test'] };

function nodeState(data: ClusterData, node: NodeData, index: number, now: number, fingerprint: string): NodeState {
  const nodeId = data.name === undefined ? 0 : index + 1;
  return {
    pve: data.pve,
    resolver: RESOLVER,
    systemd: true,
    cgroupMode: 2,
    ...node,
    interfaces: Object.fromEntries(node.bridges.map((bridge) => [bridge.iface, fromBridge(bridge)])),
    nodeId,
    fingerprint,
    online: true,
    segment: 0,
    members: data.nodes.map(({ name }) => name),
    expectedVotes: undefined,
    daemons: { api: 'running', worker: 'running' },
    bootedAt: now - DAY_MS,
  };
}

function placeGuest(world: World, data: GuestData, random: Random, now: number): void {
  const ctime = Math.floor(now / 1000) - 86_400;
  const config: Record<string, string> = {
    ...data.config,
    meta: `creation-qemu=10.1.2,ctime=${ctime}`,
    smbios1: `uuid=${random.uuid()}`,
    vmgenid: random.uuid(),
    ...(data.template ? { template: '1' } : {}),
  };
  for (const [key, value] of Object.entries(config)) {
    if (!isNicKey(key)) continue;
    const nic = parseNic(value);
    config[key] = formatNic({ ...nic, mac: nic.mac ?? newMac(world, data.node, random) });
  }
  const behaviour = { ...normalBehaviour(), ...data.behaviour };
  const guest = addGuest(world, { vmid: data.vmid, node: data.node, config, behaviour });
  for (const disk of data.disks) config[disk.key] = placeDisk(world, data, disk, ctime, isTemplate(guest));
  if (data.running === true) guest.run = runningSince(world, guest, FIRST_PID + data.vmid, now - DAY_MS);
}

function placeDisk(world: World, guest: GuestData, disk: DiskData, ctime: number, template: boolean): string {
  const storage = storageOf(world, disk.storage);
  const { vmid, node } = guest;
  const peers = guest.disks.filter(({ storage: id, kind }) => id === disk.storage && kind === disk.kind);
  // Counted rather than looked for among all volumes, which would be slow for a large cluster.
  const wish = { vmid, sizeBytes: disk.sizeBytes, kind: disk.kind, number: peers.indexOf(disk) };
  const volume = addVolume(world, node, storage, wish, ctime);
  // Whoever used it has filled it.
  volume.writtenBytes = disk.sizeBytes;
  // What a storage cannot turn into a base image stays as it is (pve-behaviour 8.4).
  const isBase = template && disk.kind === 'disk' && volumeCan(storage, volume, 'template');
  const placed = isBase ? becomeBase(world, volume) : volume;
  const size = formatSize(disk.sizeBytes);
  return formatProperties({ ...disk.options, file: placed.volid, size }, 'file');
}

function placeIso(world: World, data: ClusterData, iso: ClusterData['isos'][number], now: number): void {
  const storage = storageOf(world, iso.storage);
  const volid = `${iso.storage}:iso/${iso.name}`;
  for (const node of storage.shared ? data.nodes.slice(0, 1) : data.nodes) {
    world.volumes[volumeKey(storage, node.name, volid)] = {
      volid,
      storage: iso.storage,
      node: storage.shared ? undefined : node.name,
      content: 'iso',
      format: 'iso',
      ctime: Math.floor(now / 1000) - 86_400,
      sizeBytes: iso.sizeBytes,
      ...(iso.system === undefined ? {} : { system: iso.system }),
    };
  }
}

function storageOf(world: World, id: string): StorageState {
  const storage = world.storages[id];
  if (storage === undefined) throw new Error(`the cluster's data names storage ${id}, which it does not have`);
  return storage;
}
