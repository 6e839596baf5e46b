// The manager's work queue: so many workers, an object with one of them at a time, and looked at again after a while.
import type { Clock } from '#runtime/clock';

export interface WorkQueue {
  /** Now, or as soon as the one who works on it has ended. */
  add(name: string): void;
  /** Nothing is begun any more. */
  stop(): void;
}

/** @param work resolves with when to be called again, ms of the clock; undefined for never. */
export function createWorkQueue(
  clock: Clock,
  workers: number,
  work: (name: string) => Promise<number | undefined>,
): WorkQueue {
  const waiting = new Set<string>();
  const busy = new Set<string>();
  const again = new Set<string>();
  const later = new Map<string, () => void>();
  let isStopped = false;

  function add(name: string): void {
    later.get(name)?.();
    later.delete(name);
    if (busy.has(name)) again.add(name);
    else waiting.add(name);
    begin();
  }

  function begin(): void {
    for (const name of waiting) {
      if (isStopped || busy.size >= workers) return;
      waiting.delete(name);
      busy.add(name);
      void work(name).then((afterMs) => end(name, afterMs));
    }
  }

  function end(name: string, afterMs: number | undefined): void {
    busy.delete(name);
    if (again.delete(name)) waiting.add(name);
    else if (afterMs !== undefined && !isStopped) {
      later.set(
        name,
        clock.after(afterMs, () => add(name)),
      );
    }
    begin();
  }

  return {
    add,
    stop: () => {
      isStopped = true;
      for (const cancel of later.values()) cancel();
      later.clear();
    },
  };
}
