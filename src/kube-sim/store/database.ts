// The file everything is in. SQLite in WAL mode with a full sync at each commit, so that what was acknowledged is there after
// any end of the process, and locked for this process alone, so that two never write one revision.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS revision (
    revision INTEGER PRIMARY KEY,
    resource TEXT NOT NULL,
    key TEXT NOT NULL,
    -- Of the version that this one replaces.
    previous INTEGER,
    deleted INTEGER NOT NULL,
    -- The newest version of an object that is there.
    current INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS by_object ON revision (resource, key, revision);
  CREATE UNIQUE INDEX IF NOT EXISTS current_objects ON revision (resource, key) WHERE current = 1;
  CREATE TABLE IF NOT EXISTS owned (
    owner TEXT NOT NULL, resource TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (owner, resource, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS owned_objects ON owned (resource, key);
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  -- As etcd: the first write is the second revision.
  INSERT OR IGNORE INTO counter VALUES ('revision', 1), ('compacted', 0);
`;

/** Opens (or makes) the store of a data folder; refuses one that another process has open. */
export function openDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'store.db');
  // Secrets are in it.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    database.exec(SCHEMA);
  } catch (error) {
    database.close();
    if (!isLocked(error)) throw new Error(`${file}: ${String(error)}. Is it the store of a manager?`, { cause: error });
    throw new Error(`${folder} is in use by another process: end that one, or choose another folder`, { cause: error });
  }
  return database;
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && /database is locked/.test(error.message);
}
