import { type Deadline, deadlineIn } from '#runtime/deadline';

// How long a call may take. We end before the caller does, so that our answer, not its own time-out, reaches it.

const MINUTE_MS = 60_000;
const DEFAULT_MS = 2 * MINUTE_MS;
const LONG_MS = 5 * MINUTE_MS;
const LONG_METHODS: ReadonlySet<string> = new Set(['Create', 'Clone', 'ImagePrepare', 'Reconfigure', 'SnapshotCreate']);

const MIN_MARGIN_MS = 1_000;
const MAX_MARGIN_MS = 10_000;
const MARGIN_SHARE = 0.05;

/** Real ms for a call whose caller waits `callerMs` more (Infinity: it set no deadline). */
export function callBudgetMs(method: string, callerMs: number): number {
  if (callerMs === Number.POSITIVE_INFINITY) return LONG_METHODS.has(method) ? LONG_MS : DEFAULT_MS;
  const margin = Math.min(MAX_MARGIN_MS, Math.max(MIN_MARGIN_MS, callerMs * MARGIN_SHARE));
  return Math.max(0, callerMs - margin);
}

/** The deadline of a call; over at once when `cancelled` is aborted. */
export function callDeadline(method: string, callerMs: number, cancelled: AbortSignal): Deadline {
  return deadlineIn(callBudgetMs(method, callerMs), cancelled);
}
