// The cluster-wide locks in pmxcfs: whoever writes a shared file waits for its lock, and gives up after a while
// (pve-behaviour 20).
import { isQuorate } from '../nodes/membership.ts';
import type { Process } from '../process.ts';
import { failure, taskErrorText } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { underLock } from './under-lock.ts';

export function clusterLockName(lock: string): string {
  return `cfs:${lock}`;
}

/**
 * @param lock such as `file-user_cfg` or `domain-ha`
 * @throws `cfs-lock 'file-user_cfg' error: ...` when it cannot be had, or without quorum
 */
export async function withClusterLock(sim: Sim, process: Process, lock: string, work: () => void): Promise<void> {
  const refusal = (why: string): Error => failure(`cfs-lock '${lock}' error: ${why}`);
  if (!isQuorate(sim.world, process.node)) {
    await process.wait(sim.durations.noQuorumWaitMs);
    throw refusal('no quorum!');
  }
  const guard = {
    name: clusterLockName(lock),
    mode: 'exclusive',
    waitMs: sim.durations.clusterLockWaitMs,
    pollMs: sim.durations.clusterLockPollMs,
    holder: process,
    refusal,
    timedOut: 'got lock request timeout',
  } as const;
  await underLock(sim.locks, guard, async () => {
    await process.cleanUp(sim.durations.userConfigWriteMs);
    work();
  });
}

/** @param what is put before the text of whatever fails, as `create storage` is */
export async function changeUnderClusterLock(
  sim: Sim,
  process: Process,
  lock: string,
  what: string,
  work: () => void,
): Promise<void> {
  try {
    await withClusterLock(sim, process, lock, work);
  } catch (error) {
    throw failure(`${what} failed: ${taskErrorText(error)}`);
  }
}
