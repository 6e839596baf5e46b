// Pausing a guest, and writing its RAM to disk (pve-behaviour 12): `lock: suspending` while that goes on, `suspended` from
// then on until it is started again.
import { isManaged } from '../ha/requests.ts';
import { requirePrivilege } from '../access/rules.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { Worker } from '../tasks/worker.ts';
import { checkNoLock, requireQemu } from '../world/guests.ts';
import type { Guest } from '../world/world.ts';
import { checkWritable } from './config-file.ts';
import { type PowerRequest, requireRunning } from './power.ts';
import { endRun } from './run-end.ts';
import { allocateVmstate, checkStateSavable, freeVmstate, vmstateStorage, withoutVmstate } from './vmstate.ts';

export interface SuspendRequest extends PowerRequest {
  readonly toDisk: boolean;
  readonly stateStorage: string | undefined;
}

export function suspendGuest(sim: Sim, request: SuspendRequest): string {
  const { node, vmid, user } = request;
  const guest = requireRunning(sim, node, vmid);
  if (!request.toDisk) {
    return sim.tasks.fork({ node, type: 'qmpause', id: String(vmid), user }, async (worker) => {
      await withConfigLock(sim, worker, { node, vmid }, async () => {
        const { run } = await Promise.resolve(requireLockable(sim, request));
        if (run === undefined) throw failure(`VM ${vmid} not running`);
        run.qmpStatus = 'paused';
      });
    });
  }
  if (isManaged(sim, vmid)) throw failure('Cannot suspend HA managed VM to disk');
  const storage = checkHibernation(sim, request, guest);
  return sim.tasks.fork({ node, type: 'qmsuspend', id: String(vmid), user }, async (worker) => {
    const vmstate = await begin(sim, worker, request, storage);
    await saveAndQuit(sim, worker, request, vmstate);
  });
}

function checkHibernation(sim: Sim, { vmid, user, stateStorage }: SuspendRequest, guest: Guest): string {
  requirePrivilege(sim.world, user, `/vms/${vmid}`, ['VM.Config.Disk']);
  if (Object.keys(guest.config).some((key) => /^hostpci\d+$/.test(key))) {
    const why = 'which lack the possibility to save/restore their internal state';
    throw failure(`cannot suspend VM to disk due to passed-through PCI device(s), ${why}`);
  }
  const storage = stateStorage ?? vmstateStorage(sim, guest);
  requirePrivilege(sim.world, user, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  return storage;
}

/** A backup does not keep a guest from being paused, only from going to disk. */
function requireLockable(sim: Sim, { node, vmid, skiplock, toDisk }: SuspendRequest): Guest {
  const guest = requireQemu(sim.world, node, vmid);
  if (!skiplock) checkNoLock(guest, 'backup');
  if (toDisk && guest.config['lock'] === 'backup') throw failure('cannot suspend to disk during backup');
  return guest;
}

/** @returns the volume the RAM goes to */
async function begin(sim: Sim, worker: Worker, request: SuspendRequest, storage: string): Promise<string> {
  const { node, vmid } = request;
  return await withConfigLock(sim, worker, { node, vmid }, async () => {
    const guest = requireLockable(sim, request);
    checkStateSavable(guest);
    const date = new Date(sim.clock.now()).toISOString().slice(0, 10);
    const state = await allocateVmstate(sim, worker, guest, storage, `suspend-${date}`);
    checkWritable(sim, node, vmid);
    guest.config = { ...guest.config, ...state, lock: 'suspending' };
    return state['vmstate'] ?? '';
  });
}

/** What goes wrong leaves the lock, to show that something did. */
async function saveAndQuit(sim: Sim, worker: Worker, request: SuspendRequest, vmstate: string): Promise<void> {
  const { node, vmid } = request;
  const guest = requireQemu(sim.world, node, vmid);
  const { run } = guest;
  try {
    await worker.work(sim.durations.saveStateMs);
    if (run === undefined || guest.run !== run) throw failure(`VM ${vmid} not running`);
    worker.log('State saved, quitting');
  } catch (error) {
    await withConfigLock(sim, worker, { node, vmid }, async () => {
      await freeVmstate(sim, worker, guest, vmstate);
      guest.config = withoutVmstate(guest.config);
    });
    throw error;
  }
  await withConfigLock(sim, worker, { node, vmid }, async () => {
    if (guest.config['lock'] !== 'suspending') throw failure('lock changed unexpectedly');
    endRun(guest);
    guest.config['lock'] = 'suspended';
    await Promise.resolve();
  });
}
