// Writes that come together reach the disk together: each is a revision of its own, all of them one transaction, which ends with
// the turn of the event loop or as soon as somebody asks for what is there. Nobody is told of a write before it is on disk.
import type { DatabaseSync } from 'node:sqlite';

export interface GroupCommit {
  /** Does the action as a part of what is under way; one that throws leaves nothing behind. */
  run<T>(action: () => T): T;
  /** Brings to disk what is under way, and tells of it. Where that fails, nothing of it is there, and `settled` says so. */
  commit(): void;
  /** Resolves when everything that was done so far is on disk; rejects where that has failed. To be asked right after writing. */
  settled(): Promise<void>;
}

export interface GroupCommitOptions {
  /** The last action before everything is on disk. */
  readonly beforeCommit: () => void;
  readonly afterCommit: () => void;
  /** Nothing of what was under way is there. */
  readonly afterRollback: () => void;
  /** Tells of what is on disk, which may lead to more writes; those are brought to disk too before anybody is answered. */
  readonly tell: () => void;
  /** Something could not be written. Nobody may be waiting for it. */
  readonly onFailure: (error: unknown) => void;
}

export function createGroupCommit(database: DatabaseSync, options: GroupCommitOptions): GroupCommit {
  let waiting = Promise.withResolvers<void>();
  let isTelling = false;
  let failure: { readonly error: unknown } | undefined;

  /** For who has written, has had it committed by asking for what is there, and asks only then. Nobody else comes in between. */
  const remember = (error: unknown): void => {
    failure = { error };
    queueMicrotask(() => {
      failure = undefined;
    });
  };
  const fail = (error: unknown): void => {
    if (database.isTransaction) database.exec('ROLLBACK');
    options.afterRollback();
    remember(error);
    const failed = waiting;
    waiting = Promise.withResolvers<void>();
    // Nobody may be waiting.
    failed.promise.catch(() => {});
    failed.reject(error);
    options.onFailure(error);
  };
  /** False: there was nothing, or it has failed. */
  const end = (): boolean => {
    if (!database.isOpen || !database.isTransaction) return false;
    try {
      options.beforeCommit();
      database.exec('COMMIT');
    } catch (error) {
      fail(error);
      return false;
    }
    options.afterCommit();
    return true;
  };
  const commit = (): void => {
    if (isTelling) return void end();
    isTelling = true;
    try {
      while (end()) options.tell();
    } finally {
      isTelling = false;
    }
    waiting.resolve();
    waiting = Promise.withResolvers<void>();
  };

  return {
    run: (action) => {
      if (!database.isTransaction) {
        database.exec('BEGIN IMMEDIATE');
        setImmediate(commit);
      }
      database.exec('SAVEPOINT one');
      try {
        const result = action();
        database.exec('RELEASE one');
        return result;
      } catch (error) {
        // SQLite may have given up everything by itself: the disk is full.
        if (!database.isTransaction) fail(error);
        else {
          database.exec('ROLLBACK TO one; RELEASE one');
          if (isOfDatabase(error)) options.onFailure(error);
        }
        throw error;
      }
    },
    commit,
    settled: async () => {
      if (failure !== undefined) throw failure.error;
      if (database.isTransaction) await waiting.promise;
    },
  };
}

/** The disk is full, or worse; not a write that was refused. */
function isOfDatabase(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
}
