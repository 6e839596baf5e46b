// How long one call may go on. Whoever works for a caller carries one of these and sends no write after its end.

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

export interface Deadline {
  /** Aborted at the end, or when the caller gives up. */
  readonly signal: AbortSignal;
  /** Real ms until the end; 0 when it is over. */
  remainingMs(): number;
  /** Throws the reason once it is over. To be called right before every write. */
  check(): void;
  /** Frees the timer; the deadline is not to be used afterwards. */
  dispose(): void;
}

/**
 * A deadline `ms` of real time from now.
 * @param cancelled the caller's own wish to stop; its reason becomes the deadline's.
 */
export function deadlineIn(ms: number, cancelled?: AbortSignal): Deadline {
  const controller = new AbortController();
  const endsAt = performance.now() + ms;
  const end = (reason: unknown): void => controller.abort(reason);
  const runOut = (): void => end(new DeadlineError('the deadline of the call is over'));
  const timer = Number.isFinite(ms) ? setTimeout(runOut, Math.max(0, ms)) : undefined;
  timer?.unref();
  const onCancelled = (): void => end(cancelled?.reason);
  if (cancelled?.aborted === true) onCancelled();
  cancelled?.addEventListener('abort', onCancelled, { once: true });
  const remainingMs = (): number => {
    const leftMs = endsAt - performance.now();
    // A busy process may be late with its timers, and a write may not be late.
    if (leftMs <= 0) runOut();
    return controller.signal.aborted ? 0 : leftMs;
  };
  return {
    signal: controller.signal,
    remainingMs,
    check: () => {
      remainingMs();
      controller.signal.throwIfAborted();
    },
    dispose: () => {
      clearTimeout(timer);
      cancelled?.removeEventListener('abort', onCancelled);
    },
  };
}

/** Waits for something that others wait for too, but not longer than `call`: rejects with its reason then. */
export async function within<T>(call: Deadline, shared: Promise<T>): Promise<T> {
  call.signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    stop = () => reject(call.signal.reason as Error);
    call.signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([shared, over]);
  } finally {
    if (stop !== undefined) call.signal.removeEventListener('abort', stop);
  }
}
