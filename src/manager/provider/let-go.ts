// A Provider that is being deleted runs until nobody needs it: VMs are deleted through it.
import { Fault } from '#domain/fault';
import { KubeApiError } from '#kube/api';
import type { Phase, Visit } from '../work/controller.ts';
import { DONE, wait } from '../work/outcome.ts';
import type { ProviderRunner } from './runner.ts';
import { usersOf } from './users.ts';
import { refOf } from './wish.ts';

const LOOK_AGAIN_S = 10;
/** More names than that tell nobody anything. */
const MOST_NAMES = 5;

/** @param keepRunning what it takes to have it run, as while nobody deletes it */
export function stayWhileUsed(keepRunning: readonly Phase[]): Phase {
  return async (visit) => {
    const users = usersOf(refOf(visit.object), visit.world.cache);
    if (users.length === 0) return DONE;
    const trouble = await troubleOf(keepRunning, visit);
    const why = trouble === undefined ? '' : ` The provider does not run: ${trouble}`;
    return wait(LOOK_AGAIN_S, 'InUse', `It is deleted once these are gone: ${listed(users)}.${why}`);
  };
}

/** What keeps it from running, which is no reason to let it go. */
async function troubleOf(phases: readonly Phase[], visit: Visit): Promise<string | undefined> {
  for (const phase of phases) {
    try {
      const outcome = await phase(visit);
      if (outcome.kind !== 'done') return outcome.why.message;
    } catch (error) {
      // A namespace that is being deleted takes no Deployment any more.
      if (error instanceof Fault || (error instanceof KubeApiError && error.reason === 'Forbidden'))
        return error.message;
      throw error;
    }
  }
  return undefined;
}

export function endIt(runner: ProviderRunner): Phase {
  return async ({ object, world }) => {
    world.providers.set(refOf(object), undefined);
    await runner.remove(refOf(object), world);
    return DONE;
  };
}

function listed(users: readonly string[]): string {
  const more = users.length - MOST_NAMES;
  return `${users.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
