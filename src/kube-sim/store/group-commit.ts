// Writes that come together reach the disk together: each is a revision of its own, all of them one transaction, which ends with
// the turn of the event loop or as soon as somebody asks for what is there. Nobody is told of a write before it is on disk.
import type { DatabaseSync } from 'node:sqlite';

export interface GroupCommit {
  /** Does the action as a part of what is under way; one that throws leaves nothing behind. */
  run<T>(action: () => T): T;
  /** Brings to disk what is under way, and tells of it. */
  commit(): void;
  /** Resolves when everything that was done so far is on disk; rejects where that has failed. */
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
}

export function createGroupCommit(database: DatabaseSync, options: GroupCommitOptions): GroupCommit {
  let waiting = Promise.withResolvers<void>();
  let isTelling = false;

  const fail = (error: unknown): void => {
    if (database.isTransaction) database.exec('ROLLBACK');
    options.afterRollback();
    const failed = waiting;
    waiting = Promise.withResolvers<void>();
    // Nobody may be waiting.
    failed.promise.catch(() => {});
    failed.reject(error);
  };
  const end = (): void => {
    if (!database.isTransaction) return;
    try {
      options.beforeCommit();
      database.exec('COMMIT');
    } catch (error) {
      fail(error);
      throw error;
    }
    options.afterCommit();
  };
  const commit = (): void => {
    if (isTelling) return end();
    isTelling = true;
    try {
      while (database.isTransaction) {
        end();
        options.tell();
      }
    } finally {
      isTelling = false;
    }
    waiting.resolve();
    waiting = Promise.withResolvers<void>();
  };
  const commitLater = (): void => {
    try {
      commit();
    } catch {
      // Whoever waits for it has been told.
    }
  };

  return {
    run: (action) => {
      if (!database.isTransaction) {
        database.exec('BEGIN IMMEDIATE');
        setImmediate(commitLater);
      }
      database.exec('SAVEPOINT one');
      try {
        const result = action();
        database.exec('RELEASE one');
        return result;
      } catch (error) {
        // SQLite may have given up everything by itself: the disk is full.
        if (database.isTransaction) database.exec('ROLLBACK TO one; RELEASE one');
        else fail(error);
        throw error;
      }
    },
    commit,
    settled: async () => {
      if (database.isTransaction) await waiting.promise;
    },
  };
}
