// Which other endpoint would be better than the one in use is found out beside the requests, none of which waits for it.
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { QuorumLost } from '../errors.ts';
import type { Route } from './failover.ts';
import { createTrial } from './trial.ts';

export interface SeekerOptions {
  readonly routes: readonly Route[];
  /** Index of the one in use. */
  readonly active: () => number;
  /** @param why undefined for going back to one that is preferred */
  readonly use: (index: number, why: unknown) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Seeker {
  /** To be called when there may be something to seek. */
  wake(): void;
  /** The endpoint in use may have no quorum, or hang: it is asked. */
  doubt(): void;
  /** It has just been given up. */
  left(index: number): void;
  /** A request goes out: without any for a minute nobody is asked. */
  used(): void;
  stop(): void;
}

/** Ms of the clock between two looks, doubled up to the second while they find nothing good. */
const LOOK_EVERY_MS = 5_000;
const LOOK_LEAST_OFTEN_MS = 60_000;
/** Ms of the clock. */
const IDLE_AFTER_MS = 60_000;

/**
 * Asks nobody while the first of the list is in use, and has quorum. Otherwise it asks those before the one in use, and
 * goes back to the first that has been good for long enough; all others where the one in use has no quorum or does not
 * answer, and goes to the first that has. Never to one that is no better. The timer keeps no process alive.
 */
export function seekBetter({ routes, active, use, clock, log }: SeekerOptions): Seeker {
  const trials = routes.map(() => createTrial(clock));
  let everyMs = LOOK_EVERY_MS;
  let isDoubted = false;
  let isLooking = false;
  let isStopped = false;
  let lastLookAt = Number.NEGATIVE_INFINITY;
  let usedAt = clock.now();
  let planned: { readonly at: number; readonly cancel: () => void } | undefined;

  function wake(): void {
    if (isStopped || isLooking || !isToSeek()) return;
    const isUrgent = isDoubted || isBad(active());
    plan(lastLookAt + (isUrgent ? LOOK_EVERY_MS : everyMs));
  }

  function isToSeek(): boolean {
    return isDoubted || active() > 0 || isBad(active());
  }

  function isBad(index: number): boolean {
    const word = routes[index]?.standing.word();
    return word === 'no-quorum' || word === 'useless';
  }

  /** The earlier one of two plans holds. */
  function plan(at: number): void {
    if (planned !== undefined && planned.at <= at) return;
    planned?.cancel();
    planned = { at, cancel: clock.after(at - clock.now(), () => void look()) };
  }

  async function look(): Promise<void> {
    planned = undefined;
    isLooking = true;
    lastLookAt = clock.now();
    if (clock.now() - usedAt < IDLE_AFTER_MS) await lookAround();
    else for (const trial of trials) trial.bad();
    isLooking = false;
    wake();
  }

  async function lookAround(): Promise<void> {
    const inUse = active();
    if (isDoubted || isBad(inUse)) await ask(inUse);
    isDoubted = false;
    const isGood = !isBad(inUse);
    const asked = [...routes.keys()].filter((index) => (isGood ? index < inUse : index !== inUse));
    await Promise.all(asked.map(ask));
    const good = asked.filter((index) => routes[index]?.standing.word() === 'quorate');
    everyMs = good.length > 0 ? LOOK_EVERY_MS : Math.min(everyMs * 2, LOOK_LEAST_OFTEN_MS);
    // Meanwhile a request may have led elsewhere.
    if (active() !== inUse || isStopped) return;
    const reliable = good.find((index) => trials[index]?.isOver() === true);
    if (isGood) {
      if (reliable !== undefined) goBack(reliable);
    } else if (good[0] !== undefined) use(good[0], whatIsWrong(inUse));
  }

  async function ask(index: number): Promise<void> {
    const [route, trial] = [routes[index], trials[index]];
    if (route === undefined || trial === undefined) return;
    try {
      await route.visit(new AbortController().signal);
    } catch (error) {
      route.standing.failed();
      log.debug('A PVE endpoint is of no use now', { endpoint: route.endpoint.address, error });
    }
    if (route.standing.word() === 'quorate') trial.good();
    else trial.bad();
  }

  function goBack(index: number): void {
    trials[index]?.begin();
    use(index, undefined);
  }

  function whatIsWrong(index: number): Error {
    const address = routes[index]?.endpoint.address ?? '';
    const hasNoQuorum = routes[index]?.standing.word() === 'no-quorum';
    return hasNoQuorum ? new QuorumLost(address) : new Error(`no answer from ${address}`);
  }

  return {
    wake,
    doubt: () => {
      isDoubted = true;
      wake();
    },
    left: (index) => {
      trials[index]?.end();
      everyMs = LOOK_EVERY_MS;
      lastLookAt = clock.now();
    },
    used: () => {
      usedAt = clock.now();
    },
    stop: () => {
      isStopped = true;
      planned?.cancel();
    },
  };
}
