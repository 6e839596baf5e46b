// The snapshot is taken, and its description follows the object's. Whoever asks twice gets the first one: the provider knows
// it by the uid of the object.
import { Fault } from '#domain/fault';
import type { Visit } from '../work/controller.ts';
import { passes } from '../work/fault-outcome.ts';
import { DONE, type Outcome, wait } from '../work/outcome.ts';
import { gone } from './look.ts';
import { isTaken, statusOf, titleOf } from './status.ts';
import { callOf, clientOf, requireVm } from './vm.ts';
import { wishOf } from './wish.ts';

/** A guest with much memory takes longer, which becomes a task and keeps no worker. */
const TAKE_MS = 60_000;

export async function takeSnapshot(visit: Visit): Promise<Outcome> {
  if (isTaken(visit)) return DONE;
  const status = statusOf(visit);
  const { description, includeMemory, nameHint: name } = wishOf(visit);
  const vm = requireVm(visit);
  const wasRefused = status.phase === 'Failed';
  status.phase = 'Creating';
  if (status.vmID !== vm.id || status.asked === undefined || (wasRefused && isOtherWish(visit))) {
    // Written down before anything is asked for, so that a deletion knows that there may be a snapshot.
    status.vmID = vm.id;
    status.asked = { vm: vm.object.metadata.name, name, description, includeMemory };
    return wait(0, 'Creating', `${titleOf(visit)} of VM ${vm.id} is being taken.`);
  }
  try {
    const task = await ask(visit, status.asked.includeMemory ?? includeMemory);
    visit.tell('Normal', 'Created', `${titleOf(visit)} of VM ${vm.id}${memoryWords(status.asked.includeMemory)}.`);
    return task === undefined ? DONE : wait(2, 'Creating', `${titleOf(visit)} of VM ${vm.id} is being taken.`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (!passes(error)) status.phase = 'Failed';
    throw error;
  }
}

/** Such as one without memory, where one with it was refused. */
function isOtherWish(visit: Visit): boolean {
  const { asked } = statusOf(visit);
  const { description, includeMemory, nameHint } = wishOf(visit);
  return (
    asked?.description !== description || asked.includeMemory !== includeMemory || (asked.name ?? nameHint) !== nameHint
  );
}

/** Of one that is there: the text alone, for memory is there or not. */
export async function describeAnew(visit: Visit): Promise<Outcome> {
  const { asked } = statusOf(visit);
  const { description } = wishOf(visit);
  if (asked === undefined || asked.description === description) return DONE;
  // Asking for one that has gone this moment would take another.
  if (!(await isStillThere(visit))) return gone(visit);
  const task = await ask(visit, asked.includeMemory ?? false);
  visit.tell('Normal', 'Described', 'Its description was changed.');
  return task === undefined ? DONE : wait(2, 'Describing', `${titleOf(visit)} gets another description.`);
}

async function isStillThere(visit: Visit): Promise<boolean> {
  const vm = requireVm(visit);
  try {
    await clientOf(visit, vm).getDiskInfo(
      { vmId: vm.id, snapshotId: statusOf(visit).snapshotID ?? '' },
      callOf(visit, vm),
    );
    return true;
  } catch (error) {
    if (error instanceof Fault && error.kind === 'not-found') return false;
    throw error;
  }
}

/** @returns the task that goes on */
async function ask(visit: Visit, includeMemory: boolean): Promise<string | undefined> {
  const status = statusOf(visit);
  const { description, nameHint: wished } = wishOf(visit);
  const vm = requireVm(visit);
  // Under another name it would be another one.
  const nameHint = status.asked?.name ?? wished;
  const request = { vmId: vm.id, nameHint, description, includeMemory };
  const options = { ...callOf(visit, vm), deadlineMs: TAKE_MS };
  const { snapshotId, task } = await clientOf(visit, vm).snapshotCreate(request, options);
  status.snapshotID = snapshotId;
  status.asked = { ...status.asked, description, includeMemory };
  status.taskRef = task?.id;
  return task?.id;
}

function memoryWords(includeMemory: boolean | undefined): string {
  return includeMemory === true ? ', with memory where the guest runs' : '';
}
