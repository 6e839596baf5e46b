// The two daemons of a node that answer calls: pveproxy (`api`), which the other nodes ask as well, and pvedaemon (`worker`),
// which runs as root and does the writing (pve-behaviour 1.5).
import type { Pace } from '../pace.ts';
import type { DaemonState, World } from '../world/world.ts';

export type DaemonName = 'api' | 'worker';

export interface Daemons {
  set(node: string, daemon: DaemonName, state: DaemonState): void;
  /** Waits while the daemon is frozen, `ms` at most. @returns false where it still was */
  whileFrozen(node: string, daemon: DaemonName, ms?: number): Promise<boolean>;
}

export function createDaemons(sim: { readonly world: World; readonly pace: Pace }): Daemons {
  const waiting = new Set<() => void>();
  const stateOf = (node: string, daemon: DaemonName): DaemonState =>
    sim.world.nodes[node]?.daemons[daemon] ?? 'running';
  return {
    set: (node, daemon, state) => {
      const known = sim.world.nodes[node];
      if (known === undefined) throw new Error(`there is no node '${node}'`);
      known.daemons[daemon] = state;
      for (const check of waiting) check();
    },
    whileFrozen: async (node, daemon, ms) => {
      if (stateOf(node, daemon) !== 'frozen') return true;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const check = (): void => {
        if (stateOf(node, daemon) !== 'frozen') resolve(true);
      };
      waiting.add(check);
      const cancel = ms === undefined ? () => {} : sim.pace.limit(ms, () => resolve(false));
      return await promise.finally(() => {
        waiting.delete(check);
        cancel();
      });
    },
  };
}
