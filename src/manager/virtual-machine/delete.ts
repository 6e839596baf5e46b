// The object is on its way out: its VM goes first, and only proof of that, or a person's word, lets go of it.
import { Fault, type FaultKind } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import { isForced, orLeave, whyUndeletable } from '../providers/ask.ts';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { isClone } from './owner.ts';
import { isAtItsPlace, placeNow, whereabouts } from './place.ts';
import { boundProvider, callOf, clientOf, titleOf } from './provider.ts';
import { isMade, statusOf, vmTitle } from './status.ts';
import { findOwnVm } from './take-over.ts';

/** The next call goes on from where one was cut off. */
const DELETE_MS = 60_000;

export async function deleteVm(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  status.phase = 'Deleting';
  if (!isMade(visit) && status.createRequested !== true && !isClone(visit)) return DONE;
  const provider = boundProvider(visit) ?? specProvider(visit);
  if (isForced(visit.object)) return letGo(visit, provider);
  const trouble = whyUndeletable(visit.world, provider, vmTitle(visit));
  if (trouble !== undefined || provider === undefined) return trouble ?? DONE;
  return await destroy(visit, provider);
}

async function destroy(visit: Visit, provider: ObjectRef): Promise<Outcome> {
  const outcome = await removeVm(visit, provider);
  if (outcome.kind === 'done') visit.tell('Normal', 'Deleted', `${vmTitle(visit)} is gone from ${titleOf(provider)}.`);
  return outcome;
}

/** Done once it is proven that there is none. A VM whose id was never told is known to the provider by whose it is. */
export async function removeVm(visit: Visit, provider: ObjectRef): Promise<Outcome> {
  const place = placeNow(visit, provider);
  const isProof = isAtItsPlace(visit, place) || (await isThere(visit, provider));
  try {
    const order = { id: statusOf(visit).id ?? '' };
    const { task } = await clientOf(visit, provider).delete(order, { ...callOf(visit), deadlineMs: DELETE_MS });
    // Asked again until there is nothing left to do.
    if (task !== undefined) return wait(2, 'Deleting', `${vmTitle(visit)} is being deleted.`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (isProof && error.kind === 'precondition') return await refused(visit, provider, error);
    const saysNothing: readonly FaultKind[] = isProof ? ['not-found'] : SAYS_NOTHING;
    if (!saysNothing.includes(error.kind)) throw error;
  }
  return isProof ? DONE : notProven(visit, place);
}

/** At another PVE: its id may be anybody's there. */
const SAYS_NOTHING: readonly FaultKind[] = ['not-found', 'precondition'];

async function isThere(visit: Visit, provider: ObjectRef): Promise<boolean> {
  try {
    return (await clientOf(visit, provider).describe({ id: statusOf(visit).id ?? '' }, callOf(visit))).exists;
  } catch (error) {
    if (error instanceof Fault && SAYS_NOTHING.includes(error.kind)) return false;
    throw error;
  }
}

/** The id may be another VM's by now: the provider knows which is this object's. */
async function refused(visit: Visit, provider: ObjectRef, fault: Fault): Promise<Outcome> {
  const status = statusOf(visit);
  const own = await findOwnVm(visit, provider).catch(() => status.id);
  if (own === status.id) throw fault;
  if (own !== undefined) {
    status.id = own;
    return wait(0, 'Deleting', `${vmTitle(visit)} is its VM, and is being deleted.`);
  }
  return stuck('OfAnother', `${fault.message} Where it is not the VM of this object, ${orLeave(vmTitle(visit))}`);
}

function notProven(visit: Visit, place: string | undefined): Outcome {
  const message = `${whereabouts(visit, place)}, where it is not. Set the Provider's endpoint back, or ${orLeave('the VM')}`;
  return stuck('ProviderReplaced', message);
}

function letGo(visit: Visit, provider: ObjectRef | undefined): Outcome {
  const where = provider === undefined ? '' : ` behind ${titleOf(provider)}`;
  const what = isMade(visit) ? vmTitle(visit) : `a VM that was being made for ${visit.object.metadata.name}`;
  visit.tell('Warning', 'Abandoned', `Let go as asked for: ${what} may still be in Proxmox VE${where}.`);
  return DONE;
}

/** As the manifest names it, also where all else in it is wrong. */
function specProvider({ object }: Visit): ObjectRef | undefined {
  const { providerRef } = (object['spec'] ?? {}) as { providerRef?: { name?: string; namespace?: string } };
  if (providerRef?.name === undefined) return undefined;
  return { name: providerRef.name, namespace: providerRef.namespace ?? object.metadata.namespace ?? '' };
}
