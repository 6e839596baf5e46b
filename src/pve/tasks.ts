// Tasks of PVE: waiting for one, and what it came to.
import type { Deadline } from '#runtime/deadline';
import { requiredUpid } from './answer.ts';
import type { Pve } from './connection/pve.ts';
import { PveError, pveWords } from './errors.ts';
import { parseUpid, type Upid } from './ids.ts';
import { readTaskLog, readTaskStatus, type TaskStatus } from './nodes/tasks.ts';
import { pollPauses } from './task-times.ts';

export interface TaskResult {
  readonly outcome: 'ok' | 'warnings' | 'failed';
  /** Undefined for a call that PVE carried out at once, without a task. */
  readonly upid: Upid | undefined;
  /** `OK`, `WARNINGS: n`, or the error. `unexpected status` means that the worker was killed: read back what is there. */
  readonly exitStatus: string;
  /** The lines of the log that warn, where the outcome is `warnings`. */
  readonly warnings: readonly string[];
  /** The last lines of the log, where the outcome is `failed`. */
  readonly logTail: readonly string[];
}

/** The task has not ended in the time there was. It goes on. `cause` is the deadline's reason where the caller's time was over. */
export class TaskStillRunning extends Error {
  override readonly name = 'TaskStillRunning';
  readonly upid: Upid;

  constructor(upid: Upid, cause?: unknown) {
    super(`task ${upid} is still running`, { cause });
    this.upid = upid;
  }
}

/** PVE knows no such task (any more): what became of it can only be read from what it worked on. */
export class TaskUnknown extends Error {
  override readonly name = 'TaskUnknown';
  readonly upid: Upid;

  constructor(upid: Upid, cause: PveError) {
    super(`task ${upid} is not known: ${pveWords(cause)}`, { cause });
    this.upid = upid;
  }
}

/** The task ended with an error. */
export class TaskFailed extends Error {
  override readonly name = 'TaskFailed';
  readonly upid: Upid | undefined;
  readonly exitStatus: string;
  readonly logTail: readonly string[];

  constructor(result: TaskResult) {
    super(result.exitStatus);
    this.upid = result.upid;
    this.exitStatus = result.exitStatus;
    this.logTail = result.logTail;
  }
}

export interface WaitOptions {
  /** Longest wait, ms of the clock; the connection's `taskTimeoutMs` where absent. */
  readonly timeoutMs?: number;
}

/**
 * Waits until a task has ended. A look that fails is not a failed task: it is looked again.
 * Throws `TaskStillRunning` at the time limit or the call's deadline, `TaskUnknown` where PVE does not know the task,
 * and `PveError` 401 or 403 where we may not look.
 */
export async function waitForTask(
  pve: Pve,
  upid: Upid,
  call: Deadline,
  options: WaitOptions = {},
): Promise<TaskResult> {
  const { pollIntervalMs, taskTimeoutMs, times } = pve.tasks;
  const type = parseUpid(upid)?.type ?? '';
  const pauses = pollPauses(times.usualMs(type), pollIntervalMs);
  const limitMs = options.timeoutMs ?? taskTimeoutMs;
  const startedAt = pve.clock.now();
  while (pve.clock.now() - startedAt < limitMs) {
    await pause(pve, upid, call, pauses.next().value);
    const status = await look(pve, upid, call);
    if (status?.running === false) {
      times.learn(type, pve.clock.now() - startedAt);
      return await taskResult(pve, upid, status.exitStatus ?? '', call);
    }
  }
  throw new TaskStillRunning(upid);
}

async function pause(pve: Pve, upid: Upid, call: Deadline, pauseMs: number): Promise<void> {
  try {
    await pve.clock.sleep(pauseMs, call.signal);
  } catch (error) {
    throw new TaskStillRunning(upid, error);
  }
}

/** Undefined where this look failed in a way that says nothing about the task. */
async function look(pve: Pve, upid: Upid, call: Deadline): Promise<TaskStatus | undefined> {
  try {
    return await readTaskStatus(pve, upid, call);
  } catch (error) {
    if (call.signal.aborted) throw new TaskStillRunning(upid, error);
    if (error instanceof PveError && error.status === 400) throw new TaskUnknown(upid, error);
    if (error instanceof PveError && (error.status === 401 || error.status === 403)) throw error;
    pve.log.debug('a look at a task failed', { upid, error });
    return undefined;
  }
}

const LOG_TAIL_LINES = 10;

/** What an exit status means (pve-behaviour 6.2), with the lines of the log that explain it. */
async function taskResult(pve: Pve, upid: Upid, exitStatus: string, call: Deadline): Promise<TaskResult> {
  if (exitStatus === 'OK') return { outcome: 'ok', upid, exitStatus, warnings: [], logTail: [] };
  const lines = await readLogIfPossible(pve, upid, call);
  if (/^WARNINGS: \d+$/.test(exitStatus)) {
    const warnings = lines.filter((line) => line.startsWith('WARN'));
    for (const warning of warnings) pve.log.warn('PVE warns', { upid, warning });
    return { outcome: 'warnings', upid, exitStatus, warnings, logTail: [] };
  }
  return { outcome: 'failed', upid, exitStatus, warnings: [], logTail: lines.slice(-LOG_TAIL_LINES) };
}

async function readLogIfPossible(pve: Pve, upid: Upid, call: Deadline): Promise<readonly string[]> {
  try {
    return await readTaskLog(pve, upid, call);
  } catch (error) {
    pve.log.warn('the log of a task cannot be read', { upid, error });
    return [];
  }
}

/**
 * Waits for the end of a call that answers with a task id on some versions and with nothing on others
 * (pve-behaviour 6.7, 25): `answer` is what the call gave.
 */
export async function settle(
  pve: Pve,
  answer: unknown,
  call: Deadline,
  options: WaitOptions = {},
): Promise<TaskResult> {
  if (answer === null || answer === undefined) {
    return { outcome: 'ok', upid: undefined, exitStatus: 'OK', warnings: [], logTail: [] };
  }
  return await waitForTask(pve, requiredUpid(answer, 'the answer to a write'), call, options);
}

/** The warnings of a task that succeeded; throws `TaskFailed` for one that did not. */
export function requireSuccess(result: TaskResult): readonly string[] {
  if (result.outcome === 'failed') throw new TaskFailed(result);
  return result.warnings;
}
