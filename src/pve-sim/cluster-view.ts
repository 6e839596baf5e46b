// How the cluster's list comes to lag (pve-behaviour 7, 26): each node's status daemon broadcasts every 10 s, and each API
// worker of each node keeps its own copy of the broadcasts for 2 s, so that consecutive answers may go back in time.
import { reaches } from './nodes/network.ts';
import { nodeFigures, type NodeFigures } from './node-figures.ts';
import { daemonRow } from './qemu/guest-status.ts';
import type { Sim } from './sim.ts';
import type { GuestStats } from './world/world.ts';

export interface ClusterView {
  /** What this API worker believes of the guest, or undefined where it was never broadcast or is too old. */
  statsOf(node: string, apiWorker: number, vmid: number): GuestStats | undefined;
  /** Whether this API worker has the guest in its list yet. */
  lists(node: string, apiWorker: number, vmid: number): boolean;
  /** What a node last said of itself. */
  figuresOf(node: string): NodeFigures;
  /** Lets a node's status daemon broadcast now. */
  broadcast(node: string): void;
  /** Starts the daemons; the result stops them. */
  start(): () => void;
}

interface Copy {
  readonly takenAt: number;
  readonly stats: Readonly<Record<number, GuestStats>>;
}

interface Roster {
  readonly takenAt: number;
  readonly vmids: ReadonlySet<string>;
}

export function createClusterView(sim: Omit<Sim, 'view'>): ClusterView {
  const copies = new Map<string, Copy>();
  const rosters = new Map<string, Roster>();
  const figures = new Map<string, NodeFigures>();
  /** In a new cluster `memhost` is missing until a first guest has run (recordings one-node/90, two-node/11). */
  let versed = Object.keys(sim.world.guests).length > 0;
  const broadcast = (name: string): void => {
    const node = sim.world.nodes[name];
    if (node?.online !== true) return;
    sim.tasks.broadcast(name);
    figures.set(name, nodeFigures(sim, name));
    const guests = Object.values(sim.world.guests).filter((guest) => guest.node === name);
    versed ||= guests.some(({ run }) => run !== undefined);
    const listeners = Object.entries(sim.world.stats).filter(([listener]) => reaches(sim.world, name, listener));
    for (const guest of guests) {
      const { memhost, ...others } = daemonRow(sim, guest);
      const values = versed && memhost !== undefined ? { ...others, memhost } : others;
      const told: GuestStats = { at: sim.clock.now(), node: name, values };
      for (const [, heard] of listeners) heard[guest.vmid] = told;
    }
  };
  const copyFor = (node: string, apiWorker: number): Copy => {
    const key = `${node}/${apiWorker}`;
    const known = copies.get(key);
    const now = sim.clock.now();
    if (known !== undefined && now - known.takenAt < sim.durations.viewCacheMs) return known;
    const fresh = { takenAt: now, stats: { ...sim.world.stats[node] } };
    copies.set(key, fresh);
    return fresh;
  };
  const rosterFor = (node: string, apiWorker: number): Roster => {
    const key = `${node}/${apiWorker}`;
    const known = rosters.get(key);
    const now = sim.clock.now();
    if (known !== undefined && now - known.takenAt < (sim.durations.listLagMs ?? 0)) return known;
    const fresh = { takenAt: now, vmids: new Set(Object.keys(sim.world.guests)) };
    rosters.set(key, fresh);
    return fresh;
  };
  return {
    broadcast,
    lists: (node, apiWorker, vmid) =>
      sim.durations.listLagMs === undefined || rosterFor(node, apiWorker).vmids.has(String(vmid)),
    figuresOf: (node) => figures.get(node) ?? nodeFigures(sim, node),
    statsOf: (node, apiWorker, vmid) => {
      const stats = copyFor(node, apiWorker).stats[vmid];
      return stats !== undefined && sim.clock.now() - stats.at < sim.durations.statusExpiryMs ? stats : undefined;
    },
    start: () => {
      const { statusTickMs, statusPhaseMs } = sim.durations;
      const stops = Object.keys(sim.world.nodes).map((node) => {
        broadcast(node);
        return sim.pace.every(statusTickMs, statusPhaseMs ?? sim.random.below(statusTickMs), () => broadcast(node));
      });
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
