// From the value of a request to the one that is stored: MACs, canonical NICs, tags, description.
import { profileOfNode } from '../profiles/profile-of-node.ts';
import type { Sim } from '../sim.ts';
import { newMac } from '../world/mac.ts';
import { formatNic, isNicKey, parseNic } from '../world/net.ts';
import { tagStyle } from '../world/datacenter.ts';
import { normaliseTags } from '../world/tags.ts';
import { storedDescription } from './config-file.ts';

/** A NIC without a MAC gets a new one, also where the old value had another (pve-behaviour 21). */
function storedNic(sim: Sim, node: string, value: string): string {
  const nic = parseNic(value);
  return formatNic({ ...nic, mac: nic.mac ?? newMac(sim.world, node, sim.random) });
}

/** @returns undefined where the value means that the option is not set */
export function storedOnUpdate(sim: Sim, node: string, key: string, value: string): string | undefined {
  if (key === 'description') return storedDescription(value);
  return orBlank(canonical(sim, node, key, value));
}

function canonical(sim: Sim, node: string, key: string, value: string): string {
  if (isNicKey(key)) return storedNic(sim, node, value);
  if (key === 'tags') return normaliseTags(value, tagStyle(sim.world));
  return value;
}

/** `cdrom` is ide2 (pve-behaviour 9.2). */
export function withoutAliases(options: Readonly<Record<string, string>>): Record<string, string> {
  const { cdrom, ...rest } = options;
  if (cdrom === undefined) return rest;
  return { ...rest, ide2: cdrom.includes('media=') ? cdrom : `${cdrom},media=cdrom` };
}

/** The host's control groups have a range of their own, and PVE keeps to it (pve-behaviour 21). */
export function withCpuUnitsInRange(
  { world }: Sim,
  node: string,
  options: Readonly<Record<string, string>>,
): Record<string, string> {
  const { cpuunits } = options;
  if (cpuunits === undefined) return { ...options };
  const [least, most] = world.nodes[node]?.cgroupMode === 1 ? [2, 262_144] : [1, 10_000];
  return { ...options, cpuunits: String(Math.min(most, Math.max(least, Number(cpuunits)))) };
}

/** An empty value reads back as a blank: the rest of `key: ` in the config file (pve-behaviour 28.10). */
function orBlank(value: string): string {
  return value === '' ? ' ' : value;
}

/** On create tags stay as given before 9.2 (recording one-node/40), and the machine is printed anew (30, but 31). */
export function storedOnCreate(sim: Sim, node: string, key: string, value: string): string | undefined {
  if (key === 'machine') return value.replace(/^type=/, '');
  const asGiven = key === 'tags' && !profileOfNode(sim.world, node).has('tagsNormalisedOnCreate');
  return asGiven ? orBlank(value) : storedOnUpdate(sim, node, key, value);
}
