// The lock of user.cfg: pool membership and the clean-up of every delete (pve-behaviour 20, 28.5).
import type { Process } from '../process.ts';
import type { Sim } from '../sim.ts';
import { clusterLockName, withClusterLock } from './cluster-lock.ts';

export const USER_CONFIG_FILE = 'file-user_cfg';
export const USER_CONFIG_LOCK = clusterLockName(USER_CONFIG_FILE);

/** @throws `cfs-lock 'file-user_cfg' error: ...` when it cannot be had, or without quorum */
export async function withUserConfigLock(sim: Sim, process: Process, work: () => void): Promise<void> {
  await withClusterLock(sim, process, USER_CONFIG_FILE, work);
}
