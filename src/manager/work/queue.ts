// Keys that wait for a visit. A key is visited by one worker at a time, and once for however many changes came meanwhile.
import type { Clock } from '#runtime/clock';

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
  /** Never rejects. */
  readonly visit: (key: string) => Promise<void>;
}

interface Alarm {
  readonly at: number;
  readonly cancel: () => void;
}

export function createWorkQueue({ clock, workers, longWorkers, takesLong, visit }: WorkQueueOptions): WorkQueue {
  const waiting = new Set<string>();
  /** Whether the visit is a long one. */
  const running = new Map<string, boolean>();
  const alarms = new Map<string, Alarm>();
  let stopped: (() => void) | undefined;

  const longOnes = (): number => [...running.values()].filter(Boolean).length;

  function next(): { key: string; isLong: boolean } | undefined {
    if (running.size >= workers) return undefined;
    const hasLongPlace = longOnes() < longWorkers;
    for (const key of waiting) {
      if (running.has(key)) continue;
      const isLong = takesLong(key);
      if (!isLong || hasLongPlace) return { key, isLong };
    }
    return undefined;
  }

  function work(): void {
    if (stopped !== undefined) return;
    for (let task = next(); task !== undefined; task = next()) {
      const { key, isLong } = task;
      waiting.delete(key);
      running.set(key, isLong);
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
    waiting.add(key);
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
