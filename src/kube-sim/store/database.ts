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
  const file = prepareFolder(folder);
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    refuseNewer(database, file);
    database.exec(SCHEMA);
    database.exec(`PRAGMA user_version = ${FORMAT}`);
  } catch (error) {
    database.close();
    if (error instanceof NewerFormat) throw error;
    if (!isLocked(error)) throw new Error(`${file}: ${String(error)}. Is it the store of a manager?`, { cause: error });
    throw new Error(`${folder} is in use by another process: end that one, or choose another folder`, { cause: error });
  }
  return database;
}

/** The path of the store, in a folder that is there and can be written to. */
function prepareFolder(folder: string): string {
  const file = join(folder, 'store.db');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Secrets are in it.
    closeSync(openSync(file, 'a', 0o600));
    return file;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'it is a file' : message;
    throw new Error(`${folder}: cannot be used as data folder: ${why}. Choose a folder that this user may write to`, {
      cause: error,
    });
  }
}

/** Of the tables; a program reads that of older ones. */
const FORMAT = 1;

class NewerFormat extends Error {}

function refuseNewer(database: DatabaseSync, file: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > FORMAT)
    throw new NewerFormat(
      `${file}: format ${version} is of a newer version of this program, which reads up to ${FORMAT}. Use that version`,
    );
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && /database is locked/.test(error.message);
}
