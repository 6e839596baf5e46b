import type { World } from '../world/world.ts';
import type { Profile } from './profile.ts';
import { profileOf } from './profiles.ts';

/** The version a node runs. Nodes of one cluster may differ. */
export function profileOfNode(world: World, node: string): Profile {
  const state = world.nodes[node];
  if (state === undefined) throw new Error(`there is no node '${node}'`);
  return profileOf(state.pve);
}

/** The version of QEMU that a node has: its profile's, unless its host has another. */
export function qemuOfNode(world: World, node: string): string {
  return world.nodes[node]?.qemu ?? profileOfNode(world, node).qemu;
}
