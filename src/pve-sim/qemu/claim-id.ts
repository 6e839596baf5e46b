// How a VMID is taken (pve-behaviour 9.4, 13.5, 26): the file is made under the guest's flock on one node, and pmxcfs
// refuses a second file of that id anywhere in the cluster.
import { withConfigLock } from '../locks/config-lock.ts';
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { addGuest } from '../world/guests.ts';
import type { Guest } from '../world/world.ts';
import { checkWritable } from './config-file.ts';

/** From the look whether an id is free until the new file has reached the other nodes, ms: who comes between loses there. */
const SPREAD_MS = 30;

/** `VM 100 already exists on node 'pve1'`, for guests and containers. */
function takenText(guest: Guest): string {
  return `${guest.type === 'qemu' ? 'VM' : 'CT'} ${guest.vmid} already exists on node '${guest.node}'`;
}

function fileExistsText(node: string, vmid: number): string {
  return `close (rename) atomic file '/etc/pve/nodes/${node}/qemu-server/${vmid}.conf' failed: File exists`;
}

/** The create's claim: `{lock: create}`, synchronous. @throws 500 `unable to create VM N - ...` */
export async function claimForCreate(sim: Sim, process: Process, node: string, vmid: number): Promise<Guest> {
  const lock = { node, vmid, waitMs: sim.durations.createLockWaitMs };
  try {
    return await withConfigLock(sim, process, lock, async () => {
      const before = sim.world.guests[vmid];
      if (before !== undefined) throw failure(takenText(before));
      await process.work(SPREAD_MS);
      if (sim.world.guests[vmid] !== undefined) throw failure(fileExistsText(node, vmid));
      checkWritable(sim, node, vmid);
      return addGuest(sim.world, { vmid, node, config: { lock: 'create' } });
    });
  } catch (error) {
    throw failure(`unable to create VM ${vmid} - ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The clone's claim, in its worker and under the new id's flock. @throws the texts of a task error */
export function claimForClone(sim: Sim, node: string, source: Guest, newid: number): Guest {
  const before = sim.world.guests[newid];
  if (before !== undefined && before.node === node && before.type === 'qemu') {
    throw failure(`unable to create VM ${newid}: config file already exists`);
  }
  if (before !== undefined) throw failure(fileExistsText(node, newid));
  checkWritable(sim, node, newid);
  const config = { lock: 'clone', description: ' qmclone temporary file' };
  return addGuest(sim.world, { vmid: newid, node, config, behaviour: { ...source.behaviour } });
}
