// What is under HA (pve-behaviour 19, recording one-node/110): the cluster's resources.cfg, groups.cfg and rules.cfg.
import { splitList } from '../world/lists.ts';
import type { Section } from '../world/section-config.ts';
import type { Guest, World } from '../world/world.ts';

export function sidOf({ type, vmid }: Pick<Guest, 'type' | 'vmid'>): string {
  return `${type === 'lxc' ? 'ct' : 'vm'}:${vmid}`;
}

/** A resource that is not ignored. */
export function managedResource(world: World, sid: string): Section | undefined {
  const resource = world.ha.resources[sid];
  return resource?.options['state'] === 'ignored' ? undefined : resource;
}

/** The guest behind a resource, whatever its kind. */
export function guestOfSid(world: World, sid: string): Guest | undefined {
  return world.guests[Number(sid.split(':')[1])];
}

/** Takes a resource out of HA, and out of the rules; a rule without resources goes. */
export function forgetResource(world: World, sid: string): void {
  const { resources, rules } = world.ha;
  delete resources[sid];
  for (const [id, { options }] of Object.entries(rules)) {
    const left = splitList(options['resources'] ?? '').filter((other) => other !== sid);
    if (left.length === 0) delete rules[id];
    else options['resources'] = left.join(',');
  }
}
