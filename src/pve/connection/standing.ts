// What is known of one endpoint, from whatever it answered and did not.
import type { Clock } from '#runtime/clock';
import { CLUSTER_STATUS, parseClusterStatus } from '../cluster/status.ts';
import { PveError } from '../errors.ts';
import type { Link } from './request.ts';

/**
 * `untried`: nobody has asked it yet. `no-quorum`: it answers, from the part of the cluster that may not write. `useless`:
 * no answer, or not one of ours.
 */
export type StandingWord = 'untried' | 'unknown' | 'quorate' | 'no-quorum' | 'useless';

export interface Standing {
  word(): StandingWord;
  /** Ms of the clock since PVE itself said whether it is quorate; infinite where it has not, or that is not to count any more. */
  toldMsAgo(): number;
  /** For good and for ill it has to be found out again. */
  forget(): void;
  failed(): void;
  /** Notes what the answers tell that pass here. */
  readonly link: Link<unknown>;
}

export function createStanding(clock: Clock): Standing {
  let word: StandingWord = 'untried';
  let toldAt = Number.NEGATIVE_INFINITY;

  function answered(): void {
    if (word === 'useless' || word === 'untried') word = 'unknown';
  }
  return {
    word: () => word,
    toldMsAgo: () => clock.now() - toldAt,
    forget: () => {
      word = 'unknown';
      toldAt = Number.NEGATIVE_INFINITY;
    },
    failed: () => {
      word = 'useless';
    },
    link: (next) => async (request) => {
      try {
        const data = await next(request);
        if (request.path === CLUSTER_STATUS) {
          word = parseClusterStatus(data).quorate ? 'quorate' : 'no-quorum';
          toldAt = clock.now();
        } else answered();
        return data;
      } catch (error) {
        if (error instanceof PveError) answered();
        throw error;
      }
    },
  };
}
