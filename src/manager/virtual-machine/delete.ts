// The object is on its way out: its VM goes first, and only proof of that, or a person's word, lets go of it.
import { PROVIDERS } from '#crd/resources';
import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { boundProvider, callOf, clientOf, titleOf } from './provider.ts';
import { isClone } from './owner.ts';
import { isMade, statusOf, vmTitle } from './status.ts';

const FORCE = 'virtrigaud.io/force-delete';

export async function deleteVm(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  status.phase = 'Deleting';
  if (!isMade(visit) && status.createRequested !== true && !isClone(visit)) return DONE;
  const provider = boundProvider(visit) ?? specProvider(visit);
  if (visit.object.metadata.annotations?.[FORCE] === 'true') return letGo(visit, provider);
  if (provider === undefined) {
    return stuck('ProviderUnknown', `Nobody knows which Provider has ${vmTitle(visit)}. ${orForce()}`);
  }
  if (visit.world.cache.get(PROVIDERS, provider) === undefined) {
    const message = `${titleOf(provider)}, which has ${vmTitle(visit)}, does not exist. Create it again, or ${orForce()}`;
    return stuck('ProviderNotFound', message);
  }
  return await destroy(visit, provider);
}

function orForce(): string {
  return `set the annotation ${FORCE}: "true" to let go of the VM, which then stays where it is.`;
}

/** A VM whose id was never told is known to the provider by whose it is. */
async function destroy(visit: Visit, provider: ObjectRef): Promise<Outcome> {
  const status = statusOf(visit);
  const client = clientOf(visit, provider);
  try {
    const { task } = await client.delete({ id: status.id ?? '' }, callOf(visit));
    // Asked again until there is nothing left to do.
    if (task !== undefined) return wait(2, 'Deleting', `${vmTitle(visit)} is being deleted.`);
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'not-found') throw error;
  }
  visit.tell('Normal', 'Deleted', `${vmTitle(visit)} is gone from ${titleOf(provider)}.`);
  return DONE;
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
