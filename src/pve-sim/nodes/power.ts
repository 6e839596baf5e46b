// Power of a node, the network between nodes and the daemons that answer on them: what happens to a cluster beside its API.
import { endRun } from '../qemu/run-end.ts';
import type { NodeServer } from '../server/node-server.ts';
import type { Sim } from '../sim.ts';
import type { DaemonState, NodeState } from '../world/world.ts';
import { startOnBoot } from './boot.ts';
import type { DaemonName } from './daemons.ts';
import { cutInto } from './network.ts';

/** Off is a power cut: workers and guests are gone at once, locks with them. The others notice it later. */
export async function setNodeOnline(
  sim: Sim,
  servers: readonly NodeServer[],
  name: string,
  online: boolean,
): Promise<void> {
  const node = nodeNamed(sim, name);
  if (node.online !== online) {
    node.online = online;
    if (online) switchOn(sim, node);
    else cutPower(sim, name);
    sim.membership.changed(sim.durations.nodeLossMs, sim.durations.nodeJoinMs);
  }
  await servers.find((server) => server.name === name)?.setListening(online);
}

/** All daemons run again, and until it has joined the node is alone. */
function switchOn(sim: Sim, node: NodeState): void {
  node.bootedAt = sim.clock.now();
  node.members = [node.name];
  node.expectedVotes = undefined;
  sim.daemons.set(node.name, 'api', 'running');
  sim.daemons.set(node.name, 'worker', 'running');
  sim.world.stats[node.name] = {};
  delete sim.world.ha.status.lrms[node.name];
  startOnBoot(sim, node.name);
}

function cutPower(sim: Sim, name: string): void {
  killAll(sim, name);
  for (const guest of Object.values(sim.world.guests)) if (guest.node === name) endRun(guest);
}

/** SIGKILL to everything that a node works on. */
export function killAll(sim: Sim, name: string): void {
  sim.tasks.killAll(name);
  sim.calls.killAll(name);
}

/** Groups of nodes that no longer reach each other; a single group (or none) heals the network. */
export function cutNetwork(sim: Sim, groups: readonly (readonly string[])[]): void {
  cutInto(sim.world, groups);
  sim.membership.changed(sim.durations.cutLossMs, sim.durations.nodeJoinMs);
}

/** A daemon of a node that is up stops, starts, hangs (SIGSTOP) or goes on. */
export async function setDaemon(
  sim: Sim,
  servers: readonly NodeServer[],
  name: string,
  daemon: DaemonName,
  state: DaemonState,
): Promise<void> {
  const node = nodeNamed(sim, name);
  sim.daemons.set(name, daemon, state);
  if (daemon === 'api')
    await servers.find((server) => server.name === name)?.setListening(node.online && state !== 'stopped');
}

/** `pvecm expected N` on that node. */
export function expectVotes(sim: Sim, name: string, votes: number): void {
  nodeNamed(sim, name).expectedVotes = votes;
}

function nodeNamed(sim: Sim, name: string): NodeState {
  const node = sim.world.nodes[name];
  if (node !== undefined) return node;
  throw new Error(`there is no node '${name}'; known: ${Object.keys(sim.world.nodes).join(', ')}`);
}
