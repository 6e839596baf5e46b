// Until objects are as asked for, or nothing more comes of them.
import type { KubeObject } from '#kube/object';
import type { Clock } from '#runtime/clock';
import type { Follower } from './follow.ts';
import type { Progress } from './progress.ts';
import { type Standing, standingOf } from './standing.ts';

export interface Patience {
  readonly clock: Clock;
  /** Ms after which nothing is waited for any more. */
  readonly longestMs: number;
  /** Ms after which a guest is taken for one that tells no address. */
  readonly addressMs: number;
}

/** Of an object that the manager has not come to. */
export const NOT_SEEN = 'not looked at yet';

const LOOK_MS = 100;
/** Where nobody works on what is left, and nothing has changed for so long, somebody has to do something. */
const QUIET_MS = 15_000;

/** Gives those that are not ready: none where all is well. */
export async function awaitReady(follower: Follower, progress: Progress, patience: Patience): Promise<Standing[]> {
  const { clock, longestMs, addressMs } = patience;
  const beganAt = clock.now();
  let seen = '';
  let changedAt = beganAt;
  return await progress.step('until all of it is as asked for', async () => {
    for (;;) {
      const objects = follower.objects();
      const now = versions(objects);
      if (now !== seen) [seen, changedAt] = [now, clock.now()];
      const open = objects.map(standingOf).filter(({ isReady }) => !isReady);
      const quietMs = clock.now() - changedAt;
      const left = open.filter(({ isWithoutAddress }) => !isWithoutAddress);
      const isStill = quietMs > QUIET_MS && !left.some(({ isUnderWay }) => isUnderWay);
      const isOver = left.length === 0 ? open.length === 0 || quietMs > addressMs : isStill;
      if (isOver || clock.now() - beganAt > longestMs) return left;
      progress.retitle(waitingWords(objects.length, open));
      await clock.sleep(LOOK_MS);
    }
  });
}

function versions(objects: readonly KubeObject[]): string {
  return objects.map(({ metadata: { uid, resourceVersion } }) => `${uid} ${resourceVersion}`).join();
}

function waitingWords(all: number, open: readonly Standing[]): string {
  const [next] = open;
  const what = next === undefined ? '' : `: ${next.title}: ${next.words ?? NOT_SEEN}`;
  return `${all - open.length} of ${all} ready${what}`;
}
