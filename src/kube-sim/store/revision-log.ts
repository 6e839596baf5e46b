// The append-only log of revisions, as etcd has it: one global counter, a row per write, a write is one transaction. An object
// is JSON text that carries its own revision; nothing of it is kept in memory.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { openDatabase } from './database.ts';

/** A version of an object; of a deleted one the last state, under the revision of its deletion. */
export interface Version {
  readonly revision: number;
  /** `machines.example.test`, `secrets` */
  readonly resource: string;
  /** `default/a1`, or `a1` where the resource has no namespaces. */
  readonly key: string;
  /** The revision it replaces; absent: the object is new. */
  readonly previous: number | null;
  readonly deleted: 0 | 1;
  readonly text: string;
}

export interface Write {
  readonly resource: string;
  readonly key: string;
  readonly deleted?: boolean;
  /** Uids of its owners. */
  readonly owners?: readonly string[];
  readonly text: (revision: number) => string;
}

/** As many versions as were asked for, or as fit. */
export interface Chunk {
  readonly versions: readonly Version[];
  /** There is more. */
  readonly isCut: boolean;
}

export interface Place {
  readonly resource: string;
  readonly key: string;
}

/** Keys from `from` on, below `to`. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

export interface RevisionLog {
  /** The last one. */
  readonly revision: number;
  /** Versions up to this one may be forgotten. */
  readonly compacted: number;
  current(resource: string, key: string): Version | undefined;
  at(revision: number): Version | undefined;
  /** What was there at `revision` (now where absent), in the order of the keys. */
  list(resource: string, range: KeyRange, limit: number, revision?: number): Chunk;
  count(resource: string, range: KeyRange, revision?: number): number;
  /** What happened after `revision`. */
  after(revision: number, limit: number): Chunk;
  ownedBy(uid: string): readonly Place[];
  /** Everything that has owners. */
  owned(): readonly Place[];
  write(write: Write): Version;
  onWrite(listener: (version: Version) => void): () => void;
  /** The newest revision that was written at `time` (ms) or before; 0 where there is none. */
  writtenBy(time: number): number;
  compact(revision: number): void;
  close(): void;
}

const COLUMNS = 'revision, resource, key, previous, deleted, text';

export function openRevisionLog(folder: string, now: () => number): RevisionLog {
  const database = openDatabase(folder);
  const ask = preparing(database);
  const counter = (name: string): number =>
    (ask('SELECT value FROM counter WHERE name = ?').get(name) as { value: number }).value;
  let revision = counter('revision');
  let compacted = counter('compacted');
  const listeners = new Set<(version: Version) => void>();

  const current = (resource: string, key: string): Version | undefined =>
    ask(`SELECT ${COLUMNS} FROM revision WHERE resource = ? AND key = ? AND current = 1`).get(resource, key) as
      | Version
      | undefined;

  const append = (write: Write): Version => {
    const { resource, key, deleted = false, owners = [] } = write;
    const previous = current(resource, key)?.revision ?? null;
    const version: Version = {
      revision: revision + 1,
      resource,
      key,
      previous,
      deleted: deleted ? 1 : 0,
      text: write.text(revision + 1),
    };
    if (previous !== null) ask('UPDATE revision SET current = 0 WHERE revision = ?').run(previous);
    ask('INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
      version.revision,
      resource,
      key,
      previous,
      version.deleted,
      deleted ? 0 : 1,
      Math.floor(now()),
      version.text,
    );
    ask('DELETE FROM owned WHERE resource = ? AND key = ?').run(resource, key);
    for (const owner of new Set(deleted ? [] : owners))
      ask('INSERT INTO owned VALUES (?, ?, ?)').run(owner, resource, key);
    ask("UPDATE counter SET value = ? WHERE name = 'revision'").run(version.revision);
    return version;
  };

  return {
    get revision() {
      return revision;
    },
    get compacted() {
      return compacted;
    },
    current,
    at: (number) => ask(`SELECT ${COLUMNS} FROM revision WHERE revision = ?`).get(number) as Version | undefined,
    list: (resource, range, limit, at) => {
      const { text, values } = present(resource, range, at);
      return chunkOf(ask(`SELECT ${COLUMNS} FROM ${text} ORDER BY key`).iterate(...values), limit);
    },
    count: (resource, range, at) => {
      const { text, values } = present(resource, range, at);
      return (ask(`SELECT count(*) AS count FROM ${text}`).get(...values) as { count: number }).count;
    },
    after: (number, limit) =>
      chunkOf(ask(`SELECT ${COLUMNS} FROM revision WHERE revision > ? ORDER BY revision`).iterate(number), limit),
    ownedBy: (uid) => ask('SELECT resource, key FROM owned WHERE owner = ?').all(uid) as unknown as Place[],
    owned: () => ask('SELECT DISTINCT resource, key FROM owned').all() as unknown as Place[],
    write: (write) => {
      const version = inTransaction(database, () => append(write));
      revision = version.revision;
      for (const listener of listeners) listener(version);
      return version;
    },
    onWrite: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    writtenBy: (time) =>
      (
        ask('SELECT coalesce(max(revision), 0) AS newest FROM revision WHERE written_at <= ?').get(
          Math.floor(time),
        ) as { newest: number }
      ).newest,
    compact: (number) => {
      const target = Math.min(number, revision);
      if (target <= compacted) return;
      inTransaction(database, () => {
        ask(FORGET).run({ target });
        ask("UPDATE counter SET value = ? WHERE name = 'compacted'").run(target);
      });
      compacted = target;
    },
    close: () => database.close(),
  };
}

/** Of each object the newest version up to the target stays, unless that is its end. */
const FORGET = `DELETE FROM revision WHERE revision <= :target AND (deleted = 1 OR EXISTS (
  SELECT 1 FROM revision AS newer WHERE newer.resource = revision.resource AND newer.key = revision.key
  AND newer.revision > revision.revision AND newer.revision <= :target))`;

/** However large objects are, a chunk of them is not. */
const CHUNK_CHARACTERS = 4 * 1024 * 1024;

function chunkOf(rows: Iterable<unknown>, limit: number): Chunk {
  const versions: Version[] = [];
  let characters = 0;
  for (const row of rows) {
    if (versions.length >= limit || characters > CHUNK_CHARACTERS) return { versions, isCut: true };
    const version = row as Version;
    versions.push(version);
    characters += version.text.length;
  }
  return { versions, isCut: false };
}

interface Selection {
  readonly text: string;
  readonly values: readonly SQLInputValue[];
}

function present(resource: string, { from, to }: KeyRange, revision: number | undefined): Selection {
  const where = 'revision WHERE resource = ? AND key >= ? AND key < ?';
  if (revision === undefined) return { text: `${where} AND current = 1`, values: [resource, from, to] };
  const newest = `SELECT max(revision) FROM revision AS other
    WHERE other.resource = revision.resource AND other.key = revision.key AND other.revision <= ?`;
  return {
    text: `${where} AND deleted = 0 AND revision = (${newest})`,
    values: [resource, from, to, revision],
  };
}

function preparing(database: DatabaseSync): (text: string) => StatementSync {
  const statements = new Map<string, StatementSync>();
  return (text) => {
    const known = statements.get(text) ?? database.prepare(text);
    statements.set(text, known);
    return known;
  };
}

function inTransaction<T>(database: DatabaseSync, action: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = action();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
