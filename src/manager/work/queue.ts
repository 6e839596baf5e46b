// Keys that wait for a visit. A key is visited by one worker at a time, and once for however many changes came meanwhile.
// Of several groups the one with the fewest visits under way is next, so that one that hangs does not keep the others waiting.
import type { Clock } from '#runtime/clock';
import { waitingByGroup } from './waiting.ts';

export interface WorkQueue {
  /** As soon as a worker is free; an agreed later moment is forgotten. */
  add(key: string): void;
  /** At the latest after `ms`: an earlier moment that was agreed on stays. */
  addAfter(key: string, ms: number): void;
  /** No visit is begun any more; resolves when the last one has ended. */
  stop(): Promise<void>;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** How many visits go on at once. */
  readonly workers: number;
  /** How many of them may be long ones. */
  readonly longWorkers: number;
  readonly takesLong: (key: string) => boolean;
  /** Whose turn it is goes by groups; looked at when the key is added. */
  readonly groupOf: (key: string) => string;
  /** Never rejects. */
  readonly visit: (key: string) => Promise<void>;
}

interface Alarm {
  readonly at: number;
  readonly cancel: () => void;
}

interface Running {
  readonly isLong: boolean;
  readonly group: string;
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, workers, longWorkers, takesLong, groupOf, visit } = options;
  const waiting = waitingByGroup();
  const running = new Map<string, Running>();
  const alarms = new Map<string, Alarm>();
  let stopped: (() => void) | undefined;

  function next(): ({ key: string } & Running) | undefined {
    if (running.size >= workers) return undefined;
    const visits = [...running.values()];
    const hasLongPlace = visits.filter(({ isLong }) => isLong).length < longWorkers;
    const underWay = (group: string): number => visits.filter((one) => one.group === group).length;
    for (const group of waiting.groups().toSorted((one, other) => underWay(one) - underWay(other))) {
      for (const key of waiting.of(group)) {
        if (running.has(key)) continue;
        const isLong = takesLong(key);
        if (!isLong || hasLongPlace) return { key, isLong, group };
      }
    }
    return undefined;
  }

  function work(): void {
    if (stopped !== undefined) return;
    for (let task = next(); task !== undefined; task = next()) {
      const { key, isLong, group } = task;
      waiting.remove(key);
      running.set(key, { isLong, group });
      void visit(key).finally(() => ended(key));
    }
  }

  function ended(key: string): void {
    running.delete(key);
    if (running.size === 0) stopped?.();
    work();
  }

  function forgetAlarm(key: string): void {
    alarms.get(key)?.cancel();
    alarms.delete(key);
  }

  function add(key: string): void {
    forgetAlarm(key);
    if (!waiting.has(key)) waiting.add(key, groupOf(key));
    work();
  }

  return {
    add,
    addAfter: (key, ms) => {
      const at = clock.now() + ms;
      if (waiting.has(key) || (alarms.get(key)?.at ?? Number.POSITIVE_INFINITY) <= at) return;
      forgetAlarm(key);
      alarms.set(key, { at, cancel: clock.after(ms, () => add(key)) });
    },
    stop: async () => {
      const isIdle = running.size === 0;
      await new Promise<void>((resolve) => {
        stopped = resolve;
        for (const key of alarms.keys()) forgetAlarm(key);
        waiting.clear();
        if (isIdle) resolve();
      });
    },
  };
}
