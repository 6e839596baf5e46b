// What is prepared so that a running guest can be given more: virtual CPUs by default where the guest is a Linux, memory
// where the class asks for it (ADR 16).
import { Fault, invalidSpec } from '#domain/fault';
import { slotsOf } from '#pve/codec/slot';
import type { Have, Wish } from './wish.ts';

const FIELD = 'class_json.PerformanceProfile.CPUHotAddEnabled';

/** So many times the CPUs asked for can be plugged in the end, and so many at least. */
const HEADROOM_FACTOR = 4;
const HEADROOM_LEAST = 8;
/** PVE's own limit for a VM of ours. */
const MOST_CPUS = 128;

const DEFAULT_FEATURES = ['network', 'disk', 'usb'];

/** What the guest may be given while it runs. `1` and an absent option are PVE's default. */
export function hotplugFeatures(values: Have['values']): string[] {
  const value = values['hotplug'] ?? '1';
  if (value === '0') return [];
  return value === '1' ? DEFAULT_FEATURES : value.split(/[,;\s]+/).filter((feature) => feature !== '');
}

export interface CpuLayout {
  /** As many as there can ever be without a restart. */
  readonly cores: number;
  /** Those that are plugged; undefined where all are. */
  readonly plugged: number | undefined;
}

/** Throws for more than the node has, and where the class asks for hot-add, and it cannot be prepared. */
export function cpuLayout(wish: Wish, have: Have): CpuLayout {
  const asked = wish.spec.size.cpus;
  refuseMoreThanNode(wish, have, asked);
  if (have.inUse !== undefined && asked <= coresOf(have.values) && hasRoom(wish, have)) {
    const cores = coresOf(have.values);
    return { cores, plugged: asked === cores ? undefined : asked };
  }
  const most = isCpuHotAdd(wish, have) ? mostCpus(wish, asked) : asked;
  if (most <= asked) return { cores: asked, plugged: undefined };
  return { cores: keptCores(have, asked, wish) ?? most, plugged: asked };
}

/** PVE would take it and then not start the VM (pve-behaviour 28.10). */
function refuseMoreThanNode({ site }: Wish, { node }: Have, asked: number): void {
  const most = site.host.nodeCpus ?? 0;
  if (most === 0 || asked <= most) return;
  const why = `node ${node} has ${most} CPUs, and no VM with more starts there`;
  throw invalidSpec('class_json.CPU', why, `Ask for ${most} or fewer, or allow a larger node`);
}

function isCpuHotAdd({ spec, site }: Wish, have: Have): boolean {
  const { values } = have;
  const isAsked = spec.size.performance.cpuHotAdd === true;
  if (isAsked && site.cpuHotplug === 'off') {
    const why = 'the provider is set to prepare no VM for it (PVE_CPU_HOTPLUG=off)';
    throw new Fault('precondition', { subject: FIELD, why, remedy: 'Leave it out, or change the setting' });
  }
  if (isAsked && site.host.leastCpus === undefined) {
    const why = 'PVE does not tell how many CPUs each node has, and a VM with more than its node does not start';
    throw new Fault('precondition', { subject: FIELD, why, remedy: 'Grant us Sys.Audit on /nodes, or leave it out' });
  }
  if (have.inUse !== undefined) return isAsked || hotplugFeatures(values).includes('cpu');
  return isAsked || (site.cpuHotplug === 'auto' && isLinux(spec.size.extra, values) && mayGrow(values));
}

/** Whether a VM in use has what it needs: the cores it was given room with, or just as many as it is to have. */
function hasRoom({ spec }: Wish, { values }: Have): boolean {
  if (hotplugFeatures(values).includes('cpu')) return true;
  return spec.size.performance.cpuHotAdd !== true && spec.size.cpus === pluggedOf(values);
}

/** Of all sockets. */
export function coresOf(values: Have['values']): number {
  return Number(values['cores'] ?? 1) * Number(values['sockets'] ?? 1);
}

function pluggedOf(values: Have['values']): number {
  return Number(values['vcpus'] ?? coresOf(values));
}

function isLinux(extra: Readonly<Record<string, string>>, values: Have['values']): boolean {
  return (extra['ostype'] ?? values['ostype']) === 'l26';
}

/** Whoever has switched hotplug off in the template, or laid out its CPUs on the node's by hand, has had a reason. */
function mayGrow(values: Have['values']): boolean {
  return values['hotplug'] !== '0' && slotsOf(values, 'numa').length === 0;
}

/** A VM whose CPUs outnumber those of its node does not start, plugged or not (pve-behaviour 28.10). */
function mostCpus({ site }: Wish, asked: number): number {
  const least = site.host.leastCpus;
  return least === undefined ? asked : Math.min(least, MOST_CPUS, Math.max(HEADROOM_LEAST, HEADROOM_FACTOR * asked));
}

/** What has been prepared stays as it is as long as it leaves room: nodes come and go. */
function keptCores({ values }: Have, asked: number, { site }: Wish): number | undefined {
  const cores = coresOf(values);
  const isPrepared = values['vcpus'] !== undefined && hotplugFeatures(values).includes('cpu');
  return isPrepared && cores > asked && cores <= (site.host.leastCpus ?? 0) ? cores : undefined;
}

export function isMemoryHotAdd({ spec }: Wish): boolean {
  return spec.size.performance.memoryHotAdd === true;
}
