// What the provider had not finished when it answered, and what there is afterwards.
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { failed } from './copy.ts';
import { callOf, clientOf } from './provider.ts';
import { boundProvider, isCopied, statusOf } from './status.ts';
import { wishOf } from './wish.ts';

const POLL_SECONDS = 2;

/** A copy that failed is gone: it is asked for again. */
export async function awaitTask(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  const { taskRef, targetVMID } = status;
  if (taskRef === undefined) return DONE;
  const client = clientOf(visit, boundProvider(visit));
  const { done, error } = await client.taskStatus({ task: { id: taskRef } }, callOf(visit));
  if (error === '' && !done) return wait(POLL_SECONDS, 'Cloning', `VM ${targetVMID} is being copied.`);
  status.taskRef = undefined;
  if (error === '') return DONE;
  status.targetVMID = undefined;
  failed(visit, false);
  return stuck('FailedClone', `VM ${targetVMID}: ${error}`);
}

export async function lookAtCopy(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  if (!isCopied(visit)) return DONE;
  const client = clientOf(visit, boundProvider(visit));
  const { exists, providerRawJson } = await client.describe({ id: status.targetVMID ?? '' }, callOf(visit));
  if (!exists) return gone(visit);
  const { warning_codes: codes = '' } = JSON.parse(providerRawJson) as { warning_codes?: string };
  const isLinked = wishOf(visit).linked && !codes.split('; ').includes('full-not-linked');
  if (status.actualCloneType === undefined) tellOfCopy(visit, isLinked);
  status.actualCloneType = isLinked ? 'LinkedClone' : 'FullClone';
  return DONE;
}

function tellOfCopy(visit: Visit, isLinked: boolean): void {
  const { targetVMID } = statusOf(visit);
  visit.tell('Normal', 'Cloned', `VM ${targetVMID} is a ${isLinked ? 'linked' : 'full'} clone.`);
  if (isLinked || !wishOf(visit).linked) return visit.status.removeCondition('LinkedAsWished');
  const message =
    'It was copied in full: Proxmox VE makes linked clones of templates and snapshots only, on storages that can, and beside them.';
  visit.status.setCondition('LinkedAsWished', 'False', 'FullNotLinked', message);
  visit.tell('Warning', 'FullNotLinked', message);
}

/** What may have had a VirtualMachine already was deleted with it: that is not to be made again. */
function gone(visit: Visit): Outcome {
  const status = statusOf(visit);
  const title = `VM ${status.targetVMID}`;
  if (status.phase === 'Customizing') return stuck('CloneGone', `${title} is no longer there. Delete the VMClone.`);
  status.targetVMID = undefined;
  failed(visit, true);
  return wait(1, 'CloneInterrupted', `${title} was not finished, and is made again.`);
}
