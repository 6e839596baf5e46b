// The only source of time and timers in every program. A program runs at `factor` times real time:
// with factor 10 a sleep of 1 s takes 100 ms and `now` moves ten times as fast.
// Factor 0 is the simulator's alone: work takes no time at all, while `now` follows real time.

export interface Clock {
  readonly factor: number;
  /** This program's time, ms since the epoch. */
  now(): number;
  /** Real time, ms since the epoch. Deadlines that callers set are real time. */
  realNow(): number;
  /** Rejects with the signal's reason as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `action` once after `ms` of this program's time; the result cancels it. The timer keeps no process alive. */
  after(ms: number, action: () => void): () => void;
}

export interface ClockOptions {
  readonly factor?: number;
  /** What `now` says at the start, ms since the epoch; real time where absent. */
  readonly startAt?: number;
}

export function createClock(options: ClockOptions = {}): Clock {
  const factor = options.factor ?? 1;
  if (!(factor >= 0 && factor <= 200)) throw new RangeError(`time factor ${factor} is not within 0 to 200`);
  const started = performance.now();
  const startAt = options.startAt ?? Date.now();
  const pace = factor === 0 ? 1 : factor;
  const toReal = (ms: number): number => (factor === 0 ? 0 : Math.max(0, ms) / factor);
  return {
    factor,
    now: () => startAt + (performance.now() - started) * pace,
    realNow: () => Date.now(),
    sleep: async (ms, signal) => await realSleep(toReal(ms), signal),
    after: (ms, action) => {
      const timer = setTimeout(action, toReal(ms));
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}

async function realSleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
