// Pool membership of a new guest, the last step of create and clone (pve-behaviour 28.5).
import { withUserConfigLock } from '../locks/user-config-lock.ts';
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';

/** A pool that is gone by now is no error: the guest simply ends up in none. */
export async function joinPool(sim: Sim, process: Process, vmid: number, pool: string): Promise<void> {
  try {
    await withUserConfigLock(sim, process, () => {
      const members = sim.world.pools[pool]?.vms;
      if (members !== undefined && !members.includes(vmid)) members.push(vmid);
    });
  } catch (error) {
    throw failure(`can't add VM ${vmid} to pool '${pool}': ${error instanceof Error ? error.message : String(error)}`);
  }
}
