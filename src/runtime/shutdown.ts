import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

// One ordered end for a program: the first signal runs the steps, the last one added first (what was started last is
// stopped first); a second signal, or the limit, ends the process at once.

export interface ShutdownOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** For all steps together. Kubernetes leaves about 15 s after SIGTERM. */
  readonly limitMs: number;
  readonly exit?: (code: number) => void;
}

export interface Shutdown {
  /** Aborted as soon as the end begins. */
  readonly signal: AbortSignal;
  add(name: string, step: () => Promise<void> | void): void;
  /** Runs the steps and exits: 0, or 1 if a step failed or the limit was reached. Later calls join the first. */
  begin(reason: string): Promise<void>;
  /** Begins on SIGTERM and SIGINT. The result stops listening. */
  listen(): () => void;
}

interface Step {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export function createShutdown(options: ShutdownOptions): Shutdown {
  const { clock, log, limitMs } = options;
  const exit = options.exit ?? ((code: number) => process.exit(code));
  const begun = new AbortController();
  const steps: Step[] = [];
  let end: Promise<void> | undefined;

  const run = async (reason: string): Promise<void> => {
    log.info('shutting down', { reason });
    begun.abort();
    const cancel = clock.after(limitMs, () => {
      log.error('shutdown took too long', { limit: `${limitMs}ms` });
      exit(1);
    });
    const failed = await runSteps(steps.toReversed(), log);
    cancel();
    exit(failed ? 1 : 0);
  };
  const begin = async (reason: string): Promise<void> => {
    end ??= run(reason);
    await end;
  };
  const onSignal = (name: string): void => {
    if (end !== undefined) exit(1);
    else void begin(name);
  };
  return {
    signal: begun.signal,
    add: (name, step) => void steps.push({ name, run: step }),
    begin,
    listen: () => {
      for (const name of SIGNALS) process.on(name, onSignal);
      return () => {
        for (const name of SIGNALS) process.off(name, onSignal);
      };
    },
  };
}

/** Runs them one after another, each whatever became of the one before; true if one failed. */
async function runSteps(steps: readonly Step[], log: Logger): Promise<boolean> {
  let failed = false;
  for (const step of steps) {
    try {
      await step.run();
      log.debug('shutdown step done', { step: step.name });
    } catch (error) {
      failed = true;
      log.error('shutdown step failed', { step: step.name, error });
    }
  }
  return failed;
}
