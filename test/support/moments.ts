// What happens to a cluster at an exact moment of an operation: when PVE has worked on a call, before its answer leaves.
import type { JournalEntry } from '#pve-sim/journal';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Over the path without `/api2/json`. */
  readonly path: RegExp;
  /** Lets the first so many pass. */
  readonly skip?: number;
}

export interface Moments {
  /** For the simulator: every call as it is answered. */
  readonly record: (entry: JournalEntry) => void;
  /** Acts once, at the answer to the next such call. @returns whether it has, since a test must not pass without */
  at(call: Call, act: (answered: JournalEntry) => void): () => boolean;
  /** Acts once, at the answer to the nth call from now on whatever it is; polls of tasks do not count. */
  atCall(nth: number, act: (answered: JournalEntry) => void): () => boolean;
  /** What has not come is not waited for any more. */
  clear(): void;
}

interface Armed {
  readonly meets: (entry: JournalEntry) => boolean;
  readonly act: (answered: JournalEntry) => void;
  toPass: number;
}

export function createMoments(): Moments {
  const armed = new Set<Armed>();
  const met = new Set<Armed>();
  const arm = (moment: Armed): (() => boolean) => {
    armed.add(moment);
    return () => met.has(moment);
  };
  return {
    record: (entry) => {
      for (const moment of armed) {
        if (!moment.meets(entry)) continue;
        if (moment.toPass > 0) moment.toPass -= 1;
        else {
          armed.delete(moment);
          met.add(moment);
          moment.act(entry);
        }
      }
    },
    at: ({ method, path, skip = 0 }, act) =>
      arm({ meets: (entry) => entry.method === method && path.test(entry.path), act, toPass: skip }),
    atCall: (nth, act) => arm({ meets: ({ path }) => !isTaskPoll(path), act, toPass: nth - 1 }),
    clear: () => armed.clear(),
  };
}

export function isTaskPoll(path: string): boolean {
  return /\/tasks\/UPID:.*\/(status|log)$/.test(path);
}
