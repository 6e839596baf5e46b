import type { World } from '#pve-sim/world/world';

/** Corosync, and nothing else, loses or finds the other nodes, and every node has noticed. */
export function setQuorum(world: World, quorate: boolean): void {
  const all = Object.keys(world.nodes);
  for (const node of Object.values(world.nodes)) node.members = quorate ? all : [node.name];
}
