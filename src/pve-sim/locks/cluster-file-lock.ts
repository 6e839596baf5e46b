// The cluster-wide lock of a file in pmxcfs: whoever writes it waits for it, and gives up after a while (pve-behaviour 20).
import { isQuorate } from '../nodes/membership.ts';
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { underLock } from './under-lock.ts';

export function clusterFileLockName(file: string): string {
  return `cfs:file-${file}`;
}

/**
 * @param file as in its lock's name: `user_cfg`
 * @throws `cfs-lock 'file-user_cfg' error: ...` when it cannot be had, or without quorum
 */
export async function withClusterFileLock(sim: Sim, process: Process, file: string, work: () => void): Promise<void> {
  const refusal = (why: string): Error => failure(`cfs-lock 'file-${file}' error: ${why}`);
  if (!isQuorate(sim.world, process.node)) {
    await process.wait(sim.durations.noQuorumWaitMs);
    throw refusal('no quorum!');
  }
  const guard = {
    name: clusterFileLockName(file),
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
