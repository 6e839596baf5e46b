// What an SDN configuration becomes on the nodes once it is applied.
import { checkQuorum } from '../qemu/config-file.ts';
import type { Sim } from '../sim.ts';

/** Every node reloads its network; the vnets of its zones are then bridges that guests can use. @returns the UPID */
export function applySdn(sim: Sim, node: string, user: string): string {
  checkQuorum(sim, node);
  const { world } = sim;
  const start = { node, type: 'reloadnetworkall', id: '', user };
  return sim.tasks.fork(start, async (worker) => {
    const { zones, vnets } = world.sdn;
    await worker.work(sim.durations.networkReloadMs);
    world.sdn.running = { zones, vnets };
    for (const state of Object.values(world.nodes)) {
      const isHere = (zone: string | undefined): boolean =>
        zones[zone ?? '']?.['nodes']?.split(',').includes(state.name) ?? zones[zone ?? ''] !== undefined;
      const made = Object.entries(vnets)
        .filter(([, { zone }]) => isHere(zone))
        .map(([iface, { zone = '', vlanaware }]) => ({ iface, zone, vlanAware: vlanaware === '1' }));
      state.bridges = [...state.bridges.filter(({ zone }) => zone === undefined), ...made];
    }
  });
}
