// A task's worker as its work sees it. SIGTERM makes the next step of work fail, SIGKILL lets it never come back and
// drops its locks, like the process it stands for.
import { type Lease, type LockHolder, releaseAll } from '../locks/locks.ts';
import type { Pace } from '../pace.ts';
import type { TaskRecord } from '../world/world.ts';

export interface Worker extends LockHolder {
  readonly upid: string;
  readonly user: string;
  log(line: string): void;
  /** A warning line; the task will end `WARNINGS: n`. */
  warn(line: string): void;
  /** Lets `ms` of work pass. @throws InterruptedError once the task was stopped */
  work(ms: number): Promise<void>;
  /** Lets `ms` of cleaning up pass; a stop does not interrupt it. */
  cleanUp(ms: number): Promise<void>;
}

export interface ControlledWorker extends Worker {
  terminate(): void;
  kill(): void;
}

export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

export function createWorker(record: TaskRecord, pace: Pace): ControlledWorker {
  const stop = new AbortController();
  const held = new Set<Lease>();
  let dead = false;
  const unlessDead = async (work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      if (!dead) throw error;
    });
    if (dead) await new Promise<never>(() => {});
  };
  const worker: ControlledWorker = {
    upid: record.upid,
    user: record.user,
    held,
    get dead() {
      return dead;
    },
    log: (line) => void record.log.push(line),
    warn: (line) => {
      record.log.push(`WARN: ${line}`);
      record.warnings += 1;
    },
    work: async (ms) => await unlessDead(pace.work(ms, stop.signal)),
    cleanUp: async (ms) => await unlessDead(pace.work(ms)),
    terminate: () => stop.abort(new InterruptedError('received interrupt')),
    kill: () => {
      dead = true;
      releaseAll(worker);
    },
  };
  return worker;
}
