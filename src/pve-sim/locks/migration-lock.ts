// The lock of migration and replication, which a rollback and the removal of a snapshot take, too (pve-behaviour 20).
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { LockHolder } from './locks.ts';
import { underLock } from './under-lock.ts';

export async function withMigrationLock<T>(
  sim: Sim,
  holder: LockHolder,
  { node, vmid }: { readonly node: string; readonly vmid: number },
  work: () => Promise<T>,
): Promise<T> {
  const guard = {
    name: `${node}:/var/lock/pve-manager/pve-migrate-${vmid}`,
    mode: 'exclusive',
    waitMs: sim.durations.configLockWaitMs,
    holder,
    refusal: () => failure('Failed to obtain guest migration lock - replication running?'),
    timedOut: 'got timeout',
  } as const;
  return await underLock(sim.locks, guard, work);
}
