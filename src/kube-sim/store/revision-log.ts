// The append-only log of revisions, as etcd has it: one global counter, a row per write. An object is JSON text that carries its
// own revision; nothing of it is kept in memory.
import type { SQLInputValue } from 'node:sqlite';
import type { Logger } from '#runtime/log';
import { openDatabase } from './database.ts';
import { createGroupCommit } from './group-commit.ts';
import { createListeners } from './listeners.ts';
import { inTransaction, preparing } from './statements.ts';
import { type Chunk, chunkOf, COLUMNS, type Version, versionOf } from './version.ts';

export interface Write {
  readonly resource: string;
  readonly key: string;
  readonly deleted?: boolean;
  /** Uids of its owners. */
  readonly owners?: readonly string[];
  readonly text: (revision: number) => string;
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

export function openRevisionLog(folder: string, now: () => number, logger: Logger): RevisionLog {
  const database = openDatabase(folder);
  const ask = preparing(database);
  const counter = (name: string): number =>
    (ask('SELECT value FROM counter WHERE name = ?').get(name) as { value: number }).value;
  let revision = counter('revision');
  let compacted = counter('compacted');
  const onWrite = createListeners<[Version]>(logger, 'a write');
  const onWrites = createListeners(logger, 'writes');
  const onFailure = createListeners(logger, 'a failure');
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
        for (let version = untold.shift(); version !== undefined; version = untold.shift()) onWrite.tell(version);
        onWrites.tell();
      } while (untold.length > 0);
    },
    onFailure: (error) => {
      logger.error('writes could not be brought to disk', { folder, error });
      onFailure.tell();
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
    onWrite: onWrite.add,
    onWrites: onWrites.add,
    onFailure: onFailure.add,
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

/** Of each object the newest version up to the target stays, unless that is its end. */
const FORGET = `DELETE FROM revision WHERE revision <= :target AND (deleted = 1 OR EXISTS (
  SELECT 1 FROM revision AS newer WHERE newer.resource = revision.resource AND newer.key = revision.key
  AND newer.revision > revision.revision AND newer.revision <= :target))`;

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
