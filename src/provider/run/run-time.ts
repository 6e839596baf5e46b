import { Fault } from '#domain/fault';
import type { Upid, Vmid } from '#pve/ids';
import { type Deadline, DeadlineError, deadlineIn } from '#runtime/deadline';

/** What the caller can go on with when a copy takes longer than its call. */
export interface LongCopy {
  readonly vmid: Vmid;
  readonly incarnation: string;
  /** Undefined where another process has begun it, and nobody has told. */
  readonly upid: Upid | undefined;
}

/** The time one create has: its call's, or a day of its own once a long copy has been handed over. */
export interface RunTime {
  /** To be used for everything the create does. */
  readonly deadline: Deadline;
  readonly isHandedOver: boolean;
  /** Resolves when the run outlives its call. */
  readonly handedOver: Promise<LongCopy>;
  /** Says what can be gone on with: only while there is something can the run outlive its call. */
  copying(copy: LongCopy | undefined): void;
  /** Resolves when there is something that this run finishes. */
  readonly begun: Promise<Vmid>;
  /** Says that there is. */
  hasBegun(vmid: Vmid): void;
  /** Lets the run outlive its call now. */
  handOver(): void;
  /** Frees timers and listeners. */
  readonly dispose: () => void;
}

/** Real ms. A create that takes longer than a day is looked at by somebody. */
const LONGEST_RUN_MS = 24 * 3_600_000;

/**
 * A call that is cancelled, or told to stop, takes its run with it: only one whose time is over hands a copy over.
 * @param stopping ends also what has been handed over.
 * @param isAskedOnce nobody repeats the call, so one that is told to stop hands its copy over too.
 */
export function createRunTime(call: Deadline, stopping: AbortSignal, isAskedOnce = false): RunTime {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<LongCopy>();
  const begun = Promise.withResolvers<Vmid>();
  let running: LongCopy | undefined;
  let own: Deadline | undefined;

  function handOver(): void {
    if (running === undefined || own !== undefined) return;
    const day = deadlineIn(LONGEST_RUN_MS, stopping);
    day.signal.addEventListener('abort', () => controller.abort(day.signal.reason), { once: true });
    own = day;
    resolve(running);
  }

  function onCallOver(): void {
    const { reason } = call.signal as { readonly reason: unknown };
    const isCancelled = reason instanceof Fault && reason.kind === 'cancelled';
    if (reason instanceof DeadlineError || (isAskedOnce && !isCancelled)) handOver();
    if (own === undefined) controller.abort(call.signal.reason);
  }

  call.signal.addEventListener('abort', onCallOver, { once: true });
  if (call.signal.aborted) onCallOver();
  const dispose = (): void => {
    call.signal.removeEventListener('abort', onCallOver);
    own?.dispose();
  };
  return {
    deadline: {
      signal: controller.signal,
      remainingMs: () => (controller.signal.aborted ? 0 : (own ?? call).remainingMs()),
      check: () => {
        // Ends the call, and this with it, where its timer is late.
        if (own === undefined) call.remainingMs();
        controller.signal.throwIfAborted();
      },
      dispose,
    },
    get isHandedOver() {
      return own !== undefined;
    },
    handedOver: promise,
    copying: (copy) => {
      running = copy;
    },
    begun: begun.promise,
    hasBegun: begun.resolve,
    handOver,
    dispose,
  };
}
