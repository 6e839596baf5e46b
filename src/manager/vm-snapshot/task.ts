// What the provider had not finished when it answered.
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { statusOf, titleOf } from './status.ts';
import { callOf, clientOf, requireVm } from './vm.ts';

const POLL_SECONDS = 2;

/** A task that failed is forgotten: what it was to do is asked for again, a way back only by a person. */
export async function awaitTask(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  const { taskRef } = status;
  if (taskRef === undefined) return DONE;
  const vm = requireVm(visit);
  const { done, error } = await clientOf(visit, vm).taskStatus({ task: { id: taskRef } }, callOf(visit, vm));
  if (!done && error === '') return wait(POLL_SECONDS, 'Working', `${titleOf(visit)}: the provider is at work on it.`);
  status.taskRef = undefined;
  if (status.revert?.begun !== undefined) return reverted(visit, error);
  if (error === '') return DONE;
  status.snapshotID = undefined;
  status.phase = 'Failed';
  return stuck('TaskFailed', `${titleOf(visit)}: ${error}`);
}

/** What came of the way back that was begun. */
export function reverted(visit: Visit, error: string): Outcome {
  const status = statusOf(visit);
  const { begun = '' } = status.revert ?? {};
  const { name } = requireVm(visit).object.metadata;
  const message = error === '' ? `VM ${name} is back at it.` : error;
  const at = new Date(visit.world.clock.realNow()).toISOString();
  status.revert = { handled: begun, message, ...(error === '' ? { at } : {}) };
  visit.tell(error === '' ? 'Normal' : 'Warning', error === '' ? 'Reverted' : 'FailedRevert', message);
  return DONE;
}
