// The cluster-wide lock of user.cfg: pool membership and the clean-up of every delete (pve-behaviour 20, 28.5).
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { LockHolder } from './locks.ts';

export const USER_CONFIG_LOCK = 'cfs:file-user_cfg';

/** @throws `cfs-lock 'file-user_cfg' error: ...` when it cannot be had, or without quorum */
export async function withUserConfigLock(sim: Sim, holder: LockHolder, work: () => void): Promise<void> {
  const refusal = (why: string): Error => failure(`cfs-lock 'file-user_cfg' error: ${why}`);
  if (!sim.world.cluster.quorate) {
    await sim.pace.wait(sim.durations.noQuorumWaitMs);
    throw refusal('no quorum!');
  }
  const lease = await sim.locks.acquire(USER_CONFIG_LOCK, 'exclusive', sim.durations.userConfigLockWaitMs, holder);
  if (lease === undefined) throw refusal('got lock request timeout');
  try {
    await sim.pace.work(sim.durations.userConfigWriteMs);
    if (!holder.dead) work();
  } finally {
    lease.release();
  }
}
