// The cluster-wide lock of user.cfg: pool membership and the clean-up of every delete (pve-behaviour 20, 28.5).
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { underLock } from './under-lock.ts';

export const USER_CONFIG_LOCK = 'cfs:file-user_cfg';

/** @throws `cfs-lock 'file-user_cfg' error: ...` when it cannot be had, or without quorum */
export async function withUserConfigLock(sim: Sim, process: Process, work: () => void): Promise<void> {
  const refusal = (why: string): Error => failure(`cfs-lock 'file-user_cfg' error: ${why}`);
  if (!sim.world.cluster.quorate) {
    await process.wait(sim.durations.noQuorumWaitMs);
    throw refusal('no quorum!');
  }
  const guard = {
    name: USER_CONFIG_LOCK,
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
