// What the provider had not finished when it answered.
import { Fault, type FaultKind } from '#domain/fault';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { callOf, clientOf } from './provider.ts';
import { isMade, statusOf, vmTitle } from './status.ts';

const POLL_SECONDS = 2;
/** What is said of an id that nobody has given, or that another version of the provider has given. */
const UNKNOWN: readonly FaultKind[] = ['not-found', 'invalid-spec'];

/** A task that failed is forgotten: what there is now is looked at, and asked for again. */
export async function awaitTask(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  for (const field of ['lastTaskRef', 'reconfigureTaskRef'] as const) {
    const id = status[field];
    if (id === undefined || !isMade(visit)) continue;
    const { done, error } = await askFor(visit, id);
    if (error !== '') {
      status[field] = undefined;
      if (field === 'reconfigureTaskRef') status.appliedDigest = undefined;
      return stuck('TaskFailed', `${vmTitle(visit)}: ${error}`);
    }
    if (!done) return wait(POLL_SECONDS, ...words(visit, field));
    status[field] = undefined;
  }
  return DONE;
}

/** A task that the provider knows nothing of has ended: what there is now tells how. */
async function askFor(visit: Visit, id: string): Promise<{ readonly done: boolean; readonly error: string }> {
  try {
    return await clientOf(visit).taskStatus({ task: { id } }, callOf(visit));
  } catch (error) {
    if (error instanceof Fault && UNKNOWN.includes(error.kind)) return { done: true, error: '' };
    throw error;
  }
}

function words(visit: Visit, field: 'lastTaskRef' | 'reconfigureTaskRef'): [reason: string, message: string] {
  if (field === 'reconfigureTaskRef') return ['Reconfiguring', `${vmTitle(visit)} is being changed.`];
  const isNew = statusOf(visit).phase === 'Provisioning';
  return isNew
    ? ['Creating', `${vmTitle(visit)} is being made.`]
    : ['Working', `${vmTitle(visit)}: the provider is at work on it.`];
}
