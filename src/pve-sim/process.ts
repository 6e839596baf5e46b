// A process of a node as its work sees it: an API call or a task's worker. SIGTERM makes the next step of work fail;
// SIGKILL, which is a power cut too, lets it never come back from a step and drops its locks.
import { type Lease, type LockHolder, releaseAll } from './locks/locks.ts';
import type { Pace } from './pace.ts';
import { taskErrorText } from './pve-error.ts';

export interface Process extends LockHolder {
  /** Where it runs. */
  readonly node: string;
  log(line: string): void;
  /** A warning line; a task will end `WARNINGS: n`. */
  warn(line: string): void;
  /** Lets `ms` of work pass. @throws InterruptedError once the task was stopped */
  work(ms: number): Promise<void>;
  /** Lets `ms` of cleaning up pass; a stop does not interrupt it. */
  cleanUp(ms: number): Promise<void>;
  /** Waits `ms` for something that is not work. @throws InterruptedError once the task was stopped */
  wait(ms: number): Promise<void>;
}

export interface ControlledProcess extends Process {
  terminate(): void;
  kill(): void;
}

class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

export function isInterrupt(error: unknown): boolean {
  return error instanceof InterruptedError;
}

/** What a failure reads like in the text of a task that makes disks (pve-behaviour 28.11). */
export function failureText(error: unknown): string {
  return error instanceof InterruptedError ? 'interrupted by signal' : taskErrorText(error);
}

/** A process whose log nobody reads; a task's worker has one. */
export function createProcess(pace: Pace, node: string): ControlledProcess {
  const stop = new AbortController();
  const held = new Set<Lease>();
  let dead = false;
  const unlessDead = async (passing: Promise<void>): Promise<void> => {
    await passing.catch((error: unknown) => {
      if (!dead) throw error;
    });
    if (dead) await new Promise<never>(() => {});
  };
  const process: ControlledProcess = {
    node,
    held,
    signal: stop.signal,
    get dead() {
      return dead;
    },
    log: () => {},
    warn: () => {},
    work: async (ms) => await unlessDead(pace.work(ms, stop.signal)),
    cleanUp: async (ms) => await unlessDead(pace.work(ms)),
    wait: async (ms) => await unlessDead(pace.wait(ms, stop.signal)),
    terminate: () => {
      if (!dead) stop.abort(new InterruptedError('received interrupt'));
    },
    kill: () => {
      dead = true;
      releaseAll(process);
    },
  };
  return process;
}
