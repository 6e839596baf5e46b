// The network between the nodes: those of one segment reach each other.
import type { World } from '../world/world.ts';

/** Whether packets of one node get to the other: both have power, and no cut lies between them. */
export function reaches(world: World, from: string, to: string): boolean {
  const [here, there] = [world.nodes[from], world.nodes[to]];
  return here?.online === true && there?.online === true && here.segment === there.segment;
}

/**
 * Cuts the nodes into groups; those named in none form one of their own.
 * @throws for a node that is not there
 */
export function cutInto(world: World, groups: readonly (readonly string[])[]): void {
  const unknown = groups.flat().find((name) => world.nodes[name] === undefined);
  if (unknown !== undefined) throw new Error(`there is no node '${unknown}'`);
  for (const node of Object.values(world.nodes)) {
    node.segment = groups.findIndex((group) => group.includes(node.name)) + 1;
  }
}
