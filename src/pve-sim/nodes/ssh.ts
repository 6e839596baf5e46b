// Nodes that do something on each other do it by ssh: migrations, and uploads that are for another node (texts as in
// recordings two-node/02, 08 and 13).
import type { Sim } from '../sim.ts';
import type { World } from '../world/world.ts';
import { reaches } from './network.ts';
import { hostNamed } from './reach-node.ts';

/** Waits as long as ssh does for a host that is not there. @returns whether it is there */
export async function canSsh(sim: Sim, from: string, to: string): Promise<boolean> {
  if (reaches(sim.world, from, to)) return true;
  await sim.pace.wait(sim.durations.deadNodeMs);
  return false;
}

/** Keys of nodes are kept in the cluster's files. */
export function sshOptions(world: World, name: string): string[] {
  const options = ['BatchMode=yes', `HostKeyAlias=${name}`];
  if (world.nodes[name] === undefined) return options;
  const keys = `UserKnownHostsFile=/etc/pve/nodes/${name}/ssh_known_hosts`;
  return [...options, keys, 'GlobalKnownHostsFile=none'];
}

export function quotedSshOptions(world: World, name: string): string {
  return sshOptions(world, name)
    .map((option) => `-o '${option}'`)
    .join(' ');
}

/** @throws 500 where the name does not resolve */
export function addressOf(world: World, name: string): string {
  return world.nodes[name]?.ip ?? hostNamed(world, name).ip;
}
