// The lock a storage is changed under: a flock of the node for local ones, a cluster lock for shared ones (pve-behaviour 20).
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { StorageState } from '../world/world.ts';
import { clusterLockName } from './cluster-lock.ts';
import type { LockHolder } from './locks.ts';
import { underLock } from './under-lock.ts';

export function storageLockName(storage: StorageState, node: string): string {
  return storage.shared ? clusterLockName(`storage-${storage.id}`) : `${node}:${storageLockFile(storage)}`;
}

function storageLockFile(storage: StorageState): string {
  return `/var/lock/pve-manager/pve-storage-${storage.id}`;
}

export async function withStorageLock<T>(
  sim: Sim,
  holder: LockHolder,
  node: string,
  storage: StorageState,
  work: () => Promise<T>,
): Promise<T> {
  const inCluster = (reason: string): Error => failure(`cfs-lock 'storage-${storage.id}' error: ${reason}`);
  const onNode = (reason: string): Error => failure(`can't lock file '${storageLockFile(storage)}' - ${reason}`);
  const guard = {
    name: storageLockName(storage, node),
    mode: 'exclusive',
    ...(storage.shared
      ? { waitMs: sim.durations.clusterLockWaitMs, pollMs: sim.durations.clusterLockPollMs }
      : { waitMs: sim.durations.storageLockWaitMs }),
    holder,
    refusal: storage.shared ? inCluster : onNode,
    timedOut: storage.shared ? 'got lock request timeout' : 'got timeout',
  } as const;
  return await underLock(sim.locks, guard, work);
}
