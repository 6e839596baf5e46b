// What the manager of a node does to a guest: ordinary tasks, as root (recording two-node/12).
import { ROOT } from '../access/root.ts';
import { forkMigration } from '../migrate/run-migration.ts';
import { SAME_STORAGES } from '../migrate/storage-map.ts';
import { forkShutdown, forkStop } from '../qemu/power.ts';
import { forkStart } from '../qemu/start.ts';
import type { Sim } from '../sim.ts';

/** @returns the UPID */
export function startByManager(sim: Sim, node: string, vmid: number): string {
  return forkStart(sim, { node, vmid, user: ROOT });
}

/** At once where no time is given to the guest, else by force when its time is over. @returns the UPID */
export function stopByManager(sim: Sim, node: string, vmid: number, timeoutMs: number | undefined): string {
  const request = { node, vmid, user: ROOT, timeoutMs, force: true, overruleShutdown: false, skiplock: false };
  return timeoutMs === 0 ? forkStop(sim, request) : forkShutdown(sim, request);
}

/** @returns the UPID */
export function migrateByManager(
  sim: Sim,
  move: { readonly node: string; readonly vmid: number; readonly target: string },
): string {
  return forkMigration(sim, {
    ...move,
    online: true,
    user: ROOT,
    withLocalDisks: false,
    storages: SAME_STORAGES,
    bytesPerSecond: undefined,
    force: false,
  });
}
