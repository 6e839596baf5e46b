import type { Upid, Vmid } from '#pve/ids';
import { type Deadline, deadlineIn } from '#runtime/deadline';

/** What the caller can go on with when a copy takes longer than its call. */
export interface LongCopy {
  readonly vmid: Vmid;
  readonly incarnation: string;
  readonly upid: Upid;
}

/** Lets a run outlive the call that started it, once: from then on it has a time limit of its own. */
export interface Handover {
  /** The deadline of the run after the handover; undefined before. */
  readonly call: Deadline | undefined;
  /** Resolves when the run is handed over. */
  readonly happened: Promise<LongCopy>;
  take(copy: LongCopy): Deadline;
  dispose(): void;
}

/** Real ms. A copy that takes longer than a day is looked at by somebody. */
const LONGEST_RUN_MS = 24 * 3_600_000;

export function createHandover(): Handover {
  const { promise, resolve } = Promise.withResolvers<LongCopy>();
  let own: Deadline | undefined;
  return {
    get call() {
      return own;
    },
    happened: promise,
    take: (copy) => {
      own ??= deadlineIn(LONGEST_RUN_MS);
      resolve(copy);
      return own;
    },
    dispose: () => own?.dispose(),
  };
}
