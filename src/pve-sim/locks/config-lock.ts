// The flock on a guest's config, per node (pve-behaviour 20).
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { LockHolder, LockMode } from './locks.ts';

export interface ConfigLock {
  readonly node: string;
  readonly vmid: number;
  /** Exclusive where absent. */
  readonly mode?: LockMode;
  /** `Durations.configLockWaitMs` where absent. */
  readonly waitMs?: number;
}

function configLockFile(vmid: number): string {
  return `/var/lock/qemu-server/lock-${vmid}.conf`;
}

export function configLockName(node: string, vmid: number): string {
  return `${node}:${configLockFile(vmid)}`;
}

/** Does `work` under the lock. @throws `can't lock file '...' - got timeout` */
export async function withConfigLock<T>(
  sim: Sim,
  holder: LockHolder,
  lock: ConfigLock,
  work: () => Promise<T>,
): Promise<T> {
  const waitMs = lock.waitMs ?? sim.durations.configLockWaitMs;
  const lease = await sim.locks.acquire(configLockName(lock.node, lock.vmid), lock.mode ?? 'exclusive', waitMs, holder);
  if (lease === undefined) throw failure(`can't lock file '${configLockFile(lock.vmid)}' - got timeout`);
  try {
    return await work();
  } finally {
    lease.release();
  }
}
