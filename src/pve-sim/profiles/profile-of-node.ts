import type { World } from '../world/world.ts';
import type { Profile } from './profile.ts';
import { profileOf } from './profiles.ts';

/** The version a node runs. Nodes of one cluster may differ. */
export function profileOfNode(world: World, node: string): Profile {
  const state = world.nodes[node];
  if (state === undefined) throw new Error(`there is no node '${node}'`);
  return profileOf(state.pve);
}
