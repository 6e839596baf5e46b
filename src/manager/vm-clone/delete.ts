// The object is on its way out. What became a VirtualMachine stays; a copy that never did is nobody's, and goes first.
import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import { isForced, orLeave, whyUndeletable } from '../providers/ask.ts';
import { isSamePlace, placeWords } from '../providers/place.ts';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { callOf, clientOf } from './provider.ts';
import { boundProvider, isBegun, isDone, statusOf } from './status.ts';
import { ownTarget } from './target.ts';

/** The next call goes on from where one was cut off. */
const DELETE_MS = 60_000;

export async function deleteClone(visit: Visit): Promise<Outcome> {
  if (!isBegun(visit) || isDone(visit) || ownTarget(visit) !== undefined) return await Promise.resolve(DONE);
  const { targetVMID } = statusOf(visit);
  const what = targetVMID === undefined ? 'a copy that was being made' : `VM ${targetVMID}`;
  if (isForced(visit.object)) {
    visit.tell('Warning', 'Abandoned', `Let go as asked for: ${what} may still be in Proxmox VE.`);
    return DONE;
  }
  const provider = boundProvider(visit);
  const trouble = whyUndeletable(visit.world, provider, what);
  if (trouble !== undefined || provider === undefined) return trouble ?? DONE;
  return await destroy(visit, provider, what);
}

/** By whose it is: its id may never have been told. */
async function destroy(visit: Visit, provider: ObjectRef, what: string): Promise<Outcome> {
  const { providerEndpoint } = statusOf(visit);
  const place = visit.world.providers.endpointOf(provider);
  const client = clientOf(visit, provider);
  const isProof = isSamePlace(providerEndpoint, place) || (await isThere(visit, provider));
  try {
    const { task } = await client.delete({ id: '' }, { ...callOf(visit), deadlineMs: DELETE_MS });
    // Asked again until there is nothing left to do.
    if (task !== undefined) return wait(2, 'Deleting', `${what} is being deleted.`);
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'not-found') throw error;
  }
  if (!isProof) {
    const message = `${what} ${placeWords(providerEndpoint, place)}, where it is not. Set the Provider's endpoint back, or ${orLeave('it')}`;
    return stuck('ProviderReplaced', message);
  }
  visit.tell('Normal', 'Deleted', `The unfinished copy is gone.`);
  return DONE;
}

async function isThere(visit: Visit, provider: ObjectRef): Promise<boolean> {
  try {
    return (await clientOf(visit, provider).describe({ id: '' }, callOf(visit))).exists;
  } catch (error) {
    if (error instanceof Fault && error.kind === 'not-found') return false;
    throw error;
  }
}
