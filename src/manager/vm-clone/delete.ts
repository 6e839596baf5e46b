// The object is on its way out. What became a VirtualMachine stays; a copy that never did is nobody's, and goes first.
import { PROVIDERS } from '#crd/resources';
import { Fault } from '#domain/fault';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { callOf, clientOf } from './provider.ts';
import { boundProvider, isBegun, isDone, statusOf } from './status.ts';
import { ownTarget } from './target.ts';

const FORCE = 'virtrigaud.io/force-delete';

export async function deleteClone(visit: Visit): Promise<Outcome> {
  if (!isBegun(visit) || isDone(visit) || ownTarget(visit) !== undefined) return await Promise.resolve(DONE);
  const { targetVMID } = statusOf(visit);
  const what = targetVMID === undefined ? 'a copy that was being made' : `VM ${targetVMID}`;
  if (visit.object.metadata.annotations?.[FORCE] === 'true') {
    visit.tell('Warning', 'Abandoned', `Let go as asked for: ${what} may still be in Proxmox VE.`);
    return DONE;
  }
  const provider = boundProvider(visit);
  if (provider === undefined || visit.world.cache.get(PROVIDERS, provider) === undefined) {
    const message = `Provider ${provider?.namespace}/${provider?.name}, which has ${what}, does not exist. Create it again, or set the annotation ${FORCE}: "true" to leave the copy where it is.`;
    return stuck('ProviderNotFound', message);
  }
  return await destroy(visit, what);
}

/** By whose it is: its id may never have been told. */
async function destroy(visit: Visit, what: string): Promise<Outcome> {
  try {
    const { task } = await clientOf(visit, boundProvider(visit)).delete({ id: '' }, callOf(visit));
    // Asked again until there is nothing left to do.
    if (task !== undefined) return wait(2, 'Deleting', `${what} is being deleted.`);
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'not-found') throw error;
  }
  visit.tell('Normal', 'Deleted', `The unfinished copy is gone.`);
  return DONE;
}
