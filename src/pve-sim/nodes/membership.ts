// Who is in the cluster as each node's corosync believes, and whether that is enough to write (pve-behaviour 1.5). What a
// node believes lags behind power and network: a loss is noticed when the token has timed out, a return by a new join.
import type { Pace } from '../pace.ts';
import type { World } from '../world/world.ts';
import { reaches } from './network.ts';

export interface Membership {
  /** Power or network has changed: the nodes will notice a loss after `lossMs`, a return after `joinMs`. */
  changed(lossMs: number, joinMs: number): void;
  /** Settles once every node believes what is the case; until then nothing can be replicated. */
  settled(): Promise<void>;
}

export function createMembership(sim: { readonly world: World; readonly pace: Pace }): Membership {
  let cancel = (): void => {};
  let settling: PromiseWithResolvers<void> | undefined;
  const notice = (): void => {
    for (const name of Object.keys(sim.world.nodes)) noticeAt(sim.world, name);
    settling?.resolve();
    settling = undefined;
  };
  return {
    changed: (lossMs, joinMs) => {
      cancel();
      settling ??= Promise.withResolvers();
      cancel = sim.pace.limit(hasLosses(sim.world) ? lossMs : joinMs, notice);
    },
    settled: async () => await settling?.promise,
  };
}

function noticeAt(world: World, name: string): void {
  const node = world.nodes[name];
  if (node === undefined) return;
  const members = Object.keys(world.nodes).filter((other) => reaches(world, name, other));
  // Expected votes grow again with whoever joins.
  if (members.some((member) => !node.members.includes(member))) node.expectedVotes = undefined;
  node.members = members;
}

function hasLosses(world: World): boolean {
  return Object.values(world.nodes).some(
    ({ name, members, online }) => online && members.some((member) => !reaches(world, name, member)),
  );
}

/** Whether `name` counts `other` as a member. */
export function sees(world: World, name: string, other: string): boolean {
  return world.nodes[name]?.members.includes(other) === true;
}

/** Whether the node may write to the cluster's files. */
export function isQuorate(world: World, name: string): boolean {
  const node = world.nodes[name];
  return node !== undefined && hasMajority(node.members, node.expectedVotes ?? Object.keys(world.nodes).length);
}

/** What the last change of members has told: `pvecm expected` is not in it (recording two-node/08). */
export function wasToldQuorate(world: World, name: string): boolean {
  return hasMajority(world.nodes[name]?.members ?? [], Object.keys(world.nodes).length);
}

function hasMajority(members: readonly string[], votes: number): boolean {
  return members.length * 2 > votes;
}
