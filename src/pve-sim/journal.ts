// What was asked of the simulated cluster, in the order of arrival. An entry exists as soon as its request has arrived;
// status, reason and duration come with the answer.
import type { Clock } from '#runtime/clock';

export interface JournalEntry {
  readonly seq: number;
  /** ms of the world's time */
  readonly at: number;
  /** The node that received the request, not the one in its path. */
  readonly node: string;
  readonly method: string;
  /** Without `/api2/json`, decoded. */
  readonly path: string;
  /** Query and body parameters together, secrets masked. */
  params: Readonly<Record<string, unknown>>;
  /** The user or full token id; undefined until authenticated. */
  user: string | undefined;
  status: number | undefined;
  reason: string | undefined;
  durationMs: number | undefined;
}

export interface Journal {
  readonly entries: readonly JournalEntry[];
  open(node: string, method: string, path: string): JournalEntry;
  close(entry: JournalEntry, status: number, reason: string): void;
  /** Entries with a sequence number above `seq`. */
  after(seq: number): readonly JournalEntry[];
}

const SECRET = /password|secret|ticket|otp/i;

/** @param record gets every entry once it is answered */
export function createJournal(clock: Clock, record: (entry: JournalEntry) => void = () => {}): Journal {
  const entries: JournalEntry[] = [];
  return {
    entries,
    open: (node, method, path) => {
      const entry: JournalEntry = {
        seq: entries.length + 1,
        at: clock.now(),
        node,
        method,
        path,
        params: {},
        user: undefined,
        status: undefined,
        reason: undefined,
        durationMs: undefined,
      };
      entries.push(entry);
      return entry;
    },
    close: (entry, status, reason) => {
      entry.status = status;
      entry.reason = reason;
      entry.durationMs = clock.now() - entry.at;
      record(entry);
    },
    after: (seq) => entries.slice(Math.max(0, seq)),
  };
}

export function maskSecrets(params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, SECRET.test(key) ? '***' : value]));
}
