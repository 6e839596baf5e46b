// The lock a storage is changed under: a flock of the node for local ones, a cluster lock for shared ones (pve-behaviour 20).
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { StorageState } from '../world/world.ts';
import type { LockHolder } from './locks.ts';

export function storageLockName(storage: StorageState, node: string): string {
  return storage.shared ? `cfs:storage-${storage.id}` : `${node}:/var/lock/pve-manager/pve-storage-${storage.id}`;
}

export async function withStorageLock<T>(
  sim: Sim,
  holder: LockHolder,
  node: string,
  storage: StorageState,
  work: () => Promise<T>,
): Promise<T> {
  const lease = await sim.locks.acquire(
    storageLockName(storage, node),
    'exclusive',
    sim.durations.storageLockWaitMs,
    holder,
  );
  if (lease === undefined) {
    const local = `can't lock file '/var/lock/pve-manager/pve-storage-${storage.id}' - got timeout`;
    throw failure(storage.shared ? `cfs-lock 'storage-${storage.id}' error: got lock request timeout` : local);
  }
  try {
    return await work();
  } finally {
    lease.release();
  }
}
