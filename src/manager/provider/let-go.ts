// A Provider that is being deleted runs until nobody needs it: VMs are deleted through it.
import type { Phase } from '../work/controller.ts';
import { DONE, wait } from '../work/outcome.ts';
import type { ProviderRunner } from './runner.ts';
import { usersOf } from './users.ts';
import { refOf } from './wish.ts';

const LOOK_AGAIN_S = 10;
/** More names than that tell nobody anything. */
const MOST_NAMES = 5;

/** @param keepRunning what it takes to have it run, as while nobody deletes it */
export function stayWhileUsed(keepRunning: Phase): Phase {
  return async (visit) => {
    const users = usersOf(refOf(visit.object), visit.world.cache);
    if (users.length === 0) return DONE;
    const state = await keepRunning(visit).catch((error: unknown) => {
      visit.log.warn('a Provider that is still needed does not run', { provider: visit.object.metadata.name, error });
      return DONE;
    });
    const why = state.kind === 'done' ? '' : ` The provider does not run: ${state.why.message}`;
    return wait(LOOK_AGAIN_S, 'InUse', `It is deleted once these are gone: ${listed(users)}.${why}`);
  };
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
