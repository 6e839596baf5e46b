// The flock on a guest's config, per node (pve-behaviour 20).
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { Lease, LockHolder, LockMode } from './locks.ts';
import { underLock } from './under-lock.ts';

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
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  const guard = {
    name: configLockName(lock.node, lock.vmid),
    mode: lock.mode ?? 'exclusive',
    waitMs: lock.waitMs ?? sim.durations.configLockWaitMs,
    holder,
    refusal: (reason: string) => failure(`can't lock file '${configLockFile(lock.vmid)}' - ${reason}`),
    timedOut: 'got timeout',
  };
  return await underLock(sim.locks, guard, work);
}
