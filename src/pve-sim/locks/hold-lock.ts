// Another process holds a lock for a while: for tests of what waits for it.
import type { Sim } from '../sim.ts';
import { configLockName } from './config-lock.ts';
import { createHolder } from './locks.ts';
import { storageLockName } from './storage-lock.ts';
import { USER_CONFIG_LOCK } from './user-config-lock.ts';

/**
 * @param lock `vm:<id>`, `storage:<id>` or `user.cfg`
 * @param node whose lock it is, for guests and local storages
 * @returns gives it back early; `undefined` where it is held by somebody else
 */
export async function holdLock(sim: Sim, lock: string, node: string, ms: number): Promise<(() => void) | undefined> {
  const lease = await sim.locks.acquire(
    { name: lockName(sim, lock, node), mode: 'exclusive', waitMs: 0 },
    createHolder(),
  );
  if (lease === undefined) return undefined;
  const cancel = sim.pace.limit(ms, () => lease.release());
  return () => {
    cancel();
    lease.release();
  };
}

function lockName(sim: Sim, lock: string, node: string): string {
  if (lock === 'user.cfg') return USER_CONFIG_LOCK;
  const [kind, id = ''] = lock.split(':');
  if (kind === 'vm') return configLockName(node, Number(id));
  const storage = sim.world.storages[id];
  if (kind === 'storage' && storage !== undefined) return storageLockName(storage, node);
  throw new Error(`there is no lock '${lock}'; known: vm:<id>, storage:<id>, user.cfg`);
}
