// What happens inside when a guest boots: which addresses its NICs get, and when the agent can be asked.
import { freePid } from '../pids.ts';
import { systemOf } from '../agent/systems.ts';
import type { Sim } from '../sim.ts';
import { seedOf } from '../cloudinit/drive.ts';
import { isNicKey, parseNic } from '../world/net.ts';
import type { Guest, GuestAddress, GuestRun, Ipconfig, Seed, World } from '../world/world.ts';
import { hasBootMedium } from './boot-medium.ts';

/** What a system has used up of its process ids when it has booted. */
const FIRST_PID = 640;

export function bootRun(sim: Sim, guest: Guest): GuestRun {
  const now = sim.clock.now();
  const seed = seedOf(sim.world, guest);
  if (seed !== undefined) guest.instanceId = seed.instanceId;
  const pid = freePid(sim.world, sim.random, guest.node, sim.tasks.ofNode(guest.node));
  const run = runningSince(sim.world, guest, pid, now, seed);
  return { ...run, bootedAt: now + sim.durations.guestBootMs };
}

/** The process of a guest that had booted by then, ms of the world's time. */
export function runningSince(world: World, guest: Guest, pid: number, then: number, seed?: Seed): GuestRun {
  const system = systemOf(world, guest.node, guest.config);
  return {
    pid,
    startedAt: then,
    qmpStatus: 'running',
    bootedAt: then,
    hasSystem: hasBootMedium(world, guest.node, guest.config),
    addresses: addressesOf(guest.config, seed, system.address),
    inside: { system, processes: {}, lastPid: FIRST_PID, isFrozen: false },
  };
}

/**
 * With PVE's own cloud-init drive a NIC has what the drive says, and nothing where it says nothing (pve-behaviour 18.3).
 * Otherwise the system configures its NICs itself, mostly by DHCP; what a NoCloud ISO or a network snippet says is not read.
 */
function addressesOf(
  config: Readonly<Record<string, string>>,
  seed: Seed | undefined,
  own: string | undefined,
): Record<string, readonly GuestAddress[]> {
  const nics = Object.keys(config).filter(isNicKey);
  return Object.fromEntries(
    nics.map((key) => {
      const { mac = '', options } = parseNic(config[key] ?? '');
      const wanted =
        seed?.network === undefined
          ? { ip: (key === 'net0' ? own : undefined) ?? 'dhcp' }
          : seed.network[mac.toLowerCase()];
      const up = options['link_down'] !== '1' && wanted !== undefined;
      return [mac.toLowerCase(), up ? [...configured(wanted, mac), linkLocal(mac)] : []];
    }),
  );
}

function configured({ ip, ip6 }: Ipconfig, mac: string): GuestAddress[] {
  return [...(ip === undefined ? [] : v4(ip, mac)), ...(ip6 === undefined ? [] : v6(ip6, mac))];
}

function v4(ip: string, mac: string): GuestAddress[] {
  return ip === 'dhcp' ? [{ address: dhcpAddress(mac), type: 'ipv4', prefix: 8 }] : [staticAddress(ip, 'ipv4')];
}

function v6(ip: string, mac: string): GuestAddress[] {
  if (ip === 'manual') return [];
  if (ip === 'dhcp' || ip === 'auto') return [{ address: `2001:db8::${interfaceId(mac)}`, type: 'ipv6', prefix: 64 }];
  return [staticAddress(ip, 'ipv6')];
}

function staticAddress(cidr: string, type: 'ipv4' | 'ipv6'): GuestAddress {
  const [address = '', prefix = ''] = cidr.split('/');
  return { address, type, prefix: Number(prefix) };
}

/** The lease of a MAC never changes: 10.x.y.z from its last three bytes, never ending in 0 or 255. */
function dhcpAddress(mac: string): string {
  const [x = 0, y = 0, z = 0] = bytesOf(mac).slice(3);
  return `10.${x}.${y}.${1 + (z % 254)}`;
}

function linkLocal(mac: string): GuestAddress {
  return { address: `fe80::${interfaceId(mac)}`, type: 'ipv6', prefix: 64 };
}

function interfaceId(mac: string): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytesOf(mac);
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return groups.map((group) => group.toString(16)).join(':');
}

function bytesOf(mac: string): number[] {
  return mac.split(':').map((byte) => Number.parseInt(byte, 16));
}
