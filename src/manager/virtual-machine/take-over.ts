// A VM that was cloned is there before its object, which finds it by whose it is. It is never made: what is in a clone is
// in no image.
import { Fault } from '#domain/fault';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck } from '../work/outcome.ts';
import { boundTo } from './bound.ts';
import { rawOf } from './raw.ts';
import { isClone } from './owner.ts';
import { awaitProvider, callOf, clientOf, providerOf } from './provider.ts';
import { restartHandled } from './restart-request.ts';
import { isMade, statusOf } from './status.ts';
import { wishOf } from './wish.ts';

export async function takeOver(visit: Visit): Promise<Outcome> {
  if (isMade(visit) || !isClone(visit)) return DONE;
  const outcome = await awaitProvider(visit);
  if (outcome.kind !== 'done') return outcome;
  const status = statusOf(visit);
  const vmid = await findOwnVm(visit);
  if (vmid === undefined) {
    status.phase = 'Failed';
    const message =
      'The VM that was cloned for it is no longer there, and a clone is not made again. Delete the object.';
    return stuck('CloneGone', message);
  }
  status.ownerUID = callOf(visit).owner?.uid;
  status.id = vmid;
  status.phase = 'Provisioning';
  status.bound = boundTo(wishOf(visit).manifest.spec as Record<string, unknown>, providerOf(visit));
  // It starts afresh anyway.
  restartHandled(visit);
  return DONE;
}

/** The id of the VM that the provider has for this very object; undefined where it has none. */
export async function findOwnVm(visit: Visit, provider = providerOf(visit)): Promise<string | undefined> {
  try {
    const answer = await clientOf(visit, provider).describe({ id: '' }, callOf(visit));
    return answer.exists ? rawOf(answer)['vmid'] : undefined;
  } catch (error) {
    if (error instanceof Fault && error.kind === 'not-found') return undefined;
    throw error;
  }
}
