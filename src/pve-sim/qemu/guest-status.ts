// What the status calls and the status daemon know of a guest (pve-behaviour 10; members as in recordings one-node/40 and 90).
import { profileOfNode } from '../profiles/profile-of-node.ts';
import type { Sim } from '../sim.ts';
import { managedResource, sidOf } from '../ha/ha-config.ts';
import { crmState } from '../ha/ha-status.ts';
import { isBusKey, isCdrom, parseDrive } from '../world/drive.ts';
import { isTemplate } from '../world/guests.ts';
import { pick } from '../world/options.ts';
import { normaliseBoolean, parseProperties } from '../world/property-string.ts';
import { MIB, parseSize } from '../world/size.ts';
import type { Guest, GuestRun } from '../world/world.ts';
import { bootOrder } from './boot-order.ts';
import { liveStatus, pressure } from './live-status.ts';

type Values = Record<string, string | number>;

function guestName(guest: Guest): string {
  return guest.config['name'] ?? guest.config['hostname'] ?? `VM ${guest.vmid}`;
}

/** The row of `GET /nodes/{node}/qemu`. */
export function listRow(sim: Sim, guest: Guest): Values {
  const { config, run } = guest;
  return {
    vmid: guest.vmid,
    name: guestName(guest),
    status: run === undefined ? 'stopped' : 'running',
    cpus: Math.min(cpuCount(guest), sim.world.nodes[guest.node]?.cpus ?? 1),
    ...numbers(sim, guest),
    ...(run === undefined ? {} : { pid: run.pid, ...(showsHostUse(sim, guest) ? pressure() : {}) }),
    ...(isTemplate(guest) ? { template: 1 } : {}),
    ...pick(config, 'lock', 'tags'),
    ...(Object.keys(config).some((key) => /^serial\d$/.test(key)) ? { serial: 1 } : {}),
  };
}

/** `GET .../status/current`. */
export function currentStatus(sim: Sim, guest: Guest): Record<string, unknown> {
  const { config, run } = guest;
  return {
    ...listRow(sim, guest),
    qmpstatus: run?.qmpStatus ?? 'stopped',
    ha: haStatus(sim, guest),
    ...(agentEnabled(config) ? { agent: 1 } : {}),
    ...(run === undefined ? {} : { ...diskCounters(run), ...liveStatus(sim, guest) }),
    ...(config['vga'] === undefined ? {} : { clipboard: null }),
    ...(hasSpice(config) ? { spice: 1 } : {}),
    ...balloonStatus(config),
  };
}

function haStatus(sim: Sim, guest: Guest): Record<string, unknown> {
  const resource = managedResource(sim.world, sidOf(guest));
  if (resource === undefined) return { managed: 0 };
  const status = { managed: 1, state: crmState(sim.world, sidOf(guest)) };
  return profileOfNode(sim.world, guest.node).has('haGroups')
    ? { ...status, group: resource.options['group'] ?? null }
    : status;
}

/** Displays that a SPICE client can be used with. */
function hasSpice(config: Readonly<Record<string, string>>): boolean {
  return /^(?:virtio|qxl[234]?)$/.test(parseProperties(config['vga'] ?? '', 'type')['type'] ?? '');
}

/** Shown where there is a minimum to fall to. */
function balloonStatus(config: Readonly<Record<string, string>>): Values {
  const minimum = Number(config['balloon'] ?? 0);
  return minimum === 0 ? {} : { balloon_min: minimum * MIB, shares: Number(config['shares'] ?? 1000) };
}

/** What the status daemon broadcasts for the cluster's list. */
export function daemonRow(sim: Pick<Sim, 'clock' | 'world'>, guest: Guest): Values {
  const { run } = guest;
  const all = numbers(sim, guest);
  return {
    ...all,
    name: guestName(guest),
    status: run?.qmpStatus ?? 'stopped',
    template: isTemplate(guest) ? 1 : 0,
    maxcpu: cpuCount(guest),
    ...diskCounters(run),
  };
}

/** Set but 0 counts as not enabled here, unlike for the agent calls. */
export function agentEnabled(config: Readonly<Record<string, string>>): boolean {
  const value = config['agent'];
  return value !== undefined && normaliseBoolean(parseProperties(value, 'enabled')['enabled'] ?? '0') === '1';
}

export function memoryMib(config: Readonly<Record<string, string>>): number {
  return Number(parseProperties(config['memory'] ?? '512', 'current')['current'] ?? 512);
}

export function maxCpus(config: Readonly<Record<string, string>>): number {
  return Number(config['cores'] ?? 1) * Number(config['sockets'] ?? 1);
}

export function cpuCount(guest: Guest): number {
  return Number(guest.config['vcpus'] ?? maxCpus(guest.config));
}

function diskCounters(run: GuestRun | undefined): Values {
  return run === undefined ? { diskread: 0, diskwrite: 0 } : { diskread: 104_857_600, diskwrite: 20_971_520 };
}

function showsHostUse(sim: Pick<Sim, 'world'>, guest: Guest): boolean {
  return profileOfNode(sim.world, guest.node).has('guestHostUse');
}

function numbers(sim: Pick<Sim, 'clock' | 'world'>, guest: Guest): Values {
  const { run, config } = guest;
  const maxmem = memoryMib(config) * MIB;
  const uptime = run === undefined ? 0 : Math.floor((sim.clock.now() - run.startedAt) / 1000);
  const busy = run !== undefined;
  return {
    cpu: busy ? 0.02 : 0,
    mem: busy ? Math.floor(maxmem * 0.4) : 0,
    ...(showsHostUse(sim, guest) ? { memhost: busy ? Math.floor(maxmem * 0.5) : 0 } : {}),
    maxmem,
    disk: 0,
    maxdisk: bootDiskBytes(config),
    netin: busy ? 1024 * uptime : 0,
    netout: busy ? 512 * uptime : 0,
    uptime,
  };
}

/** The size of the first disk in the boot order; without an order, of the first by PVE's search order. */
function bootDiskBytes(config: Readonly<Record<string, string>>): number {
  const order = bootOrder(config['boot']);
  for (const key of order.length === 0 ? searchOrder(config) : order) {
    const value = config[key];
    if (!isBusKey(key) || value === undefined) continue;
    const drive = parseDrive(value);
    if (!isCdrom(drive)) return parseSize(drive.options['size'] ?? '0') ?? 0;
  }
  return 0;
}

function searchOrder(config: Readonly<Record<string, string>>): string[] {
  const keys = Object.keys(config).sort();
  return ['ide', 'scsi', 'virtio', 'sata'].flatMap((bus) => keys.filter((key) => key.startsWith(bus)));
}
