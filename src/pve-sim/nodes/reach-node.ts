// How a call gets to the daemon that works on it: from the node that was asked to the one in the path, and there to pvedaemon
// (pve-behaviour 1.5). Texts as in recordings one-node/20, two-node/01, 08 and 10.
import { isIP } from 'node:net';
import { failure, PveError } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { OtherHost, World } from '../world/world.ts';
import type { DaemonName } from './daemons.ts';
import { reaches } from './network.ts';

/** pveproxy of another node. @throws 595 where it cannot be reached, 596 where it hangs, 500 for a name nobody knows */
export async function reachNode(sim: Sim, from: string, to: string): Promise<void> {
  const node = sim.world.nodes[to];
  if (node === undefined) {
    if (hostNamed(sim.world, to).refuses) throw refused();
  } else if (reaches(sim.world, from, to)) {
    if (node.daemons.api === 'stopped') throw refused();
    return await unlessHung(sim, to, 'api');
  }
  await sim.pace.wait(sim.durations.deadNodeMs);
  throw new PveError(595, 'No route to host');
}

/** A host by a name that is no node's, such as a node's own in capitals. @throws 500 where it does not resolve */
export function hostNamed({ cluster, nodes }: World, name: string): OtherHost {
  if (isIP(name) > 0) throw failure(`address lookup for '${name}' did not find any IP address`);
  const node = nodes[name.toLowerCase()];
  const host = node === undefined ? cluster.otherHosts[name] : { ip: node.ip, refuses: true };
  if (host !== undefined) return host;
  throw failure(
    `hostname lookup '${name}' failed - failed to get address info for: ${name}: Name or service not known`,
  );
}

/** pvedaemon of the node itself; pveproxy answers without it what it can read on its own. */
export async function reachDaemon(sim: Sim, node: string): Promise<void> {
  if (sim.world.nodes[node]?.daemons.worker === 'stopped') throw refused();
  await unlessHung(sim, node, 'worker');
}

/** A frozen one takes the connection and is silent; what it was sent is lost when the other side gives up. */
async function unlessHung(sim: Sim, node: string, daemon: DaemonName): Promise<void> {
  const thawed = await sim.daemons.whileFrozen(node, daemon, sim.durations.proxyTimeoutMs);
  if (!thawed) throw new PveError(596, 'Connection timed out');
}

function refused(): PveError {
  return new PveError(595, 'Connection refused');
}
