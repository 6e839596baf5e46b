// The append-only log of revisions, as etcd has it: one global counter, a row per write. An object is JSON text that carries its
// own revision; nothing of it is kept in memory.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Logger } from '#runtime/log';
import { openDatabase } from './database.ts';
import { createGroupCommit } from './group-commit.ts';

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
  /** The last one that is on disk: asking for it, or for what is there as a whole, brings all writes to disk. */
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
  /** Acknowledge it to nobody before `settled`. */
  write(write: Write): Version;
  /** All writes so far are on disk, and whoever listens has been told; rejects where they could not be written. */
  settled(): Promise<void>;
  /** Told of writes that are on disk. */
  onWrite(listener: (version: Version) => void): () => void;
  /** After all of `onWrite`, once for writes that have reached the disk together. */
  onWrites(listener: () => void): () => void;
  /** Told where writes could not be brought to disk: those of the server itself have nobody who waits for them. */
  onFailure(listener: () => void): () => void;
  /** The newest revision that was written at `time` (ms) or before; 0 where there is none. */
  writtenBy(time: number): number;
  compact(revision: number): void;
  close(): void;
}

const COLUMNS = 'revision, resource, key, previous, deleted, text';

export function openRevisionLog(folder: string, now: () => number, logger: Logger): RevisionLog {
  const database = openDatabase(folder);
  const ask = preparing(database);
  const counter = (name: string): number =>
    (ask('SELECT value FROM counter WHERE name = ?').get(name) as { value: number }).value;
  let revision = counter('revision');
  let compacted = counter('compacted');
  const listeners = new Set<(version: Version) => void>();
  const listenersOfAll = new Set<() => void>();
  const listenersOfFailures = new Set<() => void>();
  let written: Version[] = [];
  const untold: Version[] = [];
  const group = createGroupCommit(database, {
    beforeCommit: () => ask("UPDATE counter SET value = ? WHERE name = 'revision'").run(revision + written.length),
    afterCommit: () => {
      revision += written.length;
      untold.push(...written.splice(0));
    },
    afterRollback: () => {
      written = [];
    },
    tell: () => {
      // Whoever listens may write, and asking for the revision has that committed.
      do {
        for (let version = untold.shift(); version !== undefined; version = untold.shift())
          for (const listener of listeners) guarded(logger, listener, version);
        for (const listener of listenersOfAll) guarded(logger, listener);
      } while (untold.length > 0);
    },
    onFailure: (error) => {
      logger.error('writes could not be brought to disk', { folder, error });
      for (const listener of listenersOfFailures) listener();
    },
  });

  const current = (resource: string, key: string): Version | undefined =>
    versionOf(
      ask(`SELECT ${COLUMNS} FROM revision WHERE resource = ? AND key = ? AND current = 1`, true).get(resource, key),
    );

  const append = (write: Write): Version => {
    const { resource, key, deleted = false, owners = [] } = write;
    const previous = current(resource, key)?.revision ?? null;
    const next = revision + written.length + 1;
    const version: Version = {
      revision: next,
      resource,
      key,
      previous,
      deleted: deleted ? 1 : 0,
      text: write.text(next),
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
    return version;
  };

  return {
    get revision() {
      group.commit();
      return revision;
    },
    get compacted() {
      return compacted;
    },
    current,
    at: (number) => versionOf(ask(`SELECT ${COLUMNS} FROM revision WHERE revision = ?`, true).get(number)),
    list: (resource, range, limit, at) => {
      group.commit();
      const { text, values } = present(resource, range, at);
      return chunkOf(ask(`SELECT ${COLUMNS} FROM ${text} ORDER BY key`, true).iterate(...values), limit);
    },
    count: (resource, range, at) => {
      group.commit();
      const { text, values } = present(resource, range, at);
      return (ask(`SELECT count(*) AS count FROM ${text}`).get(...values) as { count: number }).count;
    },
    after: (number, limit) => {
      group.commit();
      return chunkOf(
        ask(`SELECT ${COLUMNS} FROM revision WHERE revision > ? ORDER BY revision`, true).iterate(number),
        limit,
      );
    },
    ownedBy: (uid) => ask('SELECT resource, key FROM owned WHERE owner = ?').all(uid) as unknown as Place[],
    owned: () => ask('SELECT DISTINCT resource, key FROM owned').all() as unknown as Place[],
    write: (write) => {
      const version = group.run(() => append(write));
      written.push(version);
      return version;
    },
    settled: async () => await group.settled(),
    onWrite: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onWrites: (listener) => {
      listenersOfAll.add(listener);
      return () => void listenersOfAll.delete(listener);
    },
    onFailure: (listener) => {
      listenersOfFailures.add(listener);
      return () => void listenersOfFailures.delete(listener);
    },
    writtenBy: (time) =>
      (
        ask('SELECT coalesce(max(revision), 0) AS newest FROM revision WHERE written_at <= ?').get(
          Math.floor(time),
        ) as { newest: number }
      ).newest,
    compact: (number) => {
      group.commit();
      const target = Math.min(number, revision);
      if (target <= compacted) return;
      inTransaction(database, () => {
        ask(FORGET).run({ target });
        ask("UPDATE counter SET value = ? WHERE name = 'compacted'").run(target);
      });
      compacted = target;
    },
    close: () => {
      group.commit();
      database.close();
    },
  };
}

/** One that fails keeps nobody else from being told. */
function guarded<T extends unknown[]>(logger: Logger, listener: (...told: T) => void, ...told: T): void {
  try {
    listener(...told);
  } catch (error) {
    logger.error('what follows from a write has failed', { error });
  }
}

/** Of each object the newest version up to the target stays, unless that is its end. */
const FORGET = `DELETE FROM revision WHERE revision <= :target AND (deleted = 1 OR EXISTS (
  SELECT 1 FROM revision AS newer WHERE newer.resource = revision.resource AND newer.key = revision.key
  AND newer.revision > revision.revision AND newer.revision <= :target))`;

/** However large objects are, a chunk of them is not: everybody who reads slowly holds one. */
export const CHUNK_CHARACTERS = 32 * 1024;

function chunkOf(rows: Iterable<unknown>, limit: number): Chunk {
  const versions: Version[] = [];
  let characters = 0;
  for (const row of rows) {
    if (versions.length >= limit || characters > CHUNK_CHARACTERS) return { versions, isCut: true };
    const version = versionOf(row);
    if (version === undefined) continue;
    versions.push(version);
    characters += version.text.length;
  }
  return { versions, isCut: false };
}

/** Of a row of `COLUMNS`. */
function versionOf(row: unknown): Version | undefined {
  if (row === undefined) return undefined;
  const [revision, resource, key, previous, deleted, text] = row as [
    number,
    string,
    string,
    number | null,
    0 | 1,
    string,
  ];
  return { revision, resource, key, previous, deleted, text };
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

/** Rows of versions come as arrays: as objects, a part of each stays in memory until everything is collected. */
function preparing(database: DatabaseSync): (text: string, asArrays?: boolean) => StatementSync {
  const statements = new Map<string, StatementSync>();
  return (text, asArrays = false) => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const statement = database.prepare(text);
    statement.setReturnArrays(asArrays);
    statements.set(text, statement);
    return statement;
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
