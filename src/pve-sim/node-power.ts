// Power of a node: its port, its workers, its guests, and what remains of the quorum.
import type { NodeServer } from './server/node-server.ts';
import type { Sim } from './sim.ts';

/** Off is a power cut: workers and guests are gone at once, locks with them. */
export async function setNodeOnline(
  sim: Sim,
  servers: readonly NodeServer[],
  name: string,
  online: boolean,
): Promise<void> {
  const node = sim.world.nodes[name];
  if (node === undefined)
    throw new Error(`there is no node '${name}'; known: ${Object.keys(sim.world.nodes).join(', ')}`);
  if (node.online !== online) {
    node.online = online;
    if (online) node.bootedAt = sim.clock.now();
    else cutPower(sim, name);
    const all = Object.values(sim.world.nodes);
    sim.world.cluster.quorate = all.filter((each) => each.online).length * 2 > all.length;
  }
  await servers.find((server) => server.name === name)?.setOnline(online);
}

/** SIGKILL to everything that a node works on. */
export function killAll(sim: Sim, name: string): void {
  sim.tasks.killAll(name);
  sim.calls.killAll(name);
}

function cutPower(sim: Sim, name: string): void {
  killAll(sim, name);
  for (const guest of Object.values(sim.world.guests)) if (guest.node === name) guest.run = undefined;
}
