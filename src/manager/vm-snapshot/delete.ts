// The object is on its way out: its snapshot goes first.
import { VIRTUAL_MACHINES } from '#crd/resources';
import { Fault } from '#domain/fault';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, wait } from '../work/outcome.ts';
import { statusOf, titleOf } from './status.ts';
import { callOf, clientOf, madeVm, type MadeVm, vmNamed } from './vm.ts';

const FORCE = 'virtrigaud.io/force-delete';

/** What goes with its VM, or was never asked for, needs nobody. */
export async function deleteSnapshot(visit: Visit): Promise<Outcome> {
  const { vmID } = statusOf(visit);
  statusOf(visit).phase = 'Deleting';
  if (vmID === undefined || visit.world.cache.get(VIRTUAL_MACHINES, vmNamed(visit)) === undefined) return DONE;
  const vm = madeVm(visit);
  if (vm === undefined) return DONE;
  // Another VM has its name now.
  if (vm.id !== vmID) return DONE;
  if (visit.object.metadata.annotations?.[FORCE] === 'true') return letGo(visit, vm);
  return await destroy(visit, vm);
}

async function destroy(visit: Visit, vm: MadeVm): Promise<Outcome> {
  const { snapshotID } = statusOf(visit);
  const request = { vmId: vm.id, snapshotId: snapshotID ?? hintOf(visit) };
  try {
    const { task } = await clientOf(visit, vm).snapshotDelete(request, callOf(visit, vm));
    // Asked again until there is nothing left to do.
    if (task !== undefined) return wait(2, 'Deleting', `${titleOf(visit)} of VM ${vm.id} is being deleted.`);
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'not-found') throw error;
  }
  visit.tell('Normal', 'Deleted', `${titleOf(visit)} of VM ${vm.id} is gone.`);
  return DONE;
}

/** The name under which it may have been asked for; the provider tells others of that name by their uid. */
function hintOf({ object }: Visit): string {
  const { snapshotConfig } = (object['spec'] ?? {}) as { snapshotConfig?: { name?: string } };
  return snapshotConfig?.name ?? object.metadata.name;
}

function letGo(visit: Visit, { id }: MadeVm): Outcome {
  visit.tell('Warning', 'Abandoned', `Let go as asked for: ${titleOf(visit)} may still be there on VM ${id}.`);
  return DONE;
}
