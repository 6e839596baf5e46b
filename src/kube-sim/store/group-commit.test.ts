import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGroupCommit, type GroupCommit } from './group-commit.ts';

describe('writes that come together', () => {
  let database: DatabaseSync;
  let group: GroupCommit;
  let isFull = false;
  let events: string[] = [];

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    database.exec('CREATE TABLE thing (name TEXT PRIMARY KEY)');
    isFull = false;
    events = [];
    group = createGroupCommit(database, {
      beforeCommit: () => {
        if (isFull) throw new Error('database or disk is full');
      },
      afterCommit: () => events.push('commit'),
      afterRollback: () => events.push('rollback'),
      tell: () => events.push('tell'),
      onFailure: (error) => events.push((error as Error).message),
    });
  });
  afterEach(() => database.close());

  const add = (name: string): void =>
    group.run(() => {
      database.prepare('INSERT INTO thing VALUES (?)').run(name);
      if (name === 'bad') throw new Error('refused');
    });
  const names = (): unknown[] =>
    database
      .prepare('SELECT name FROM thing ORDER BY name')
      .all()
      .map((row) => row['name']);

  test('are one transaction', async () => {
    add('a');
    add('b');
    await group.settled();
    expect([names(), events]).toEqual([
      ['a', 'b'],
      ['commit', 'tell'],
    ]);
  });

  test('do not suffer from one of them that fails', async () => {
    add('a');
    expect(() => add('bad')).toThrow('refused');
    add('b');
    await group.settled();
    expect([names(), events]).toEqual([
      ['a', 'b'],
      ['commit', 'tell'],
    ]);
  });

  test('are all refused where they cannot be written, and the next ones are not', async () => {
    isFull = true;
    add('a');
    add('b');
    await expect(Promise.all([group.settled(), group.settled()])).rejects.toThrow('disk is full');
    expect([names(), events]).toEqual([[], ['rollback', 'database or disk is full']]);
    isFull = false;
    add('c');
    await group.settled();
    expect(names()).toEqual(['c']);
  });

  test('are refused also to who has had them committed before asking, and to nobody who comes later', async () => {
    isFull = true;
    add('a');
    group.commit();
    await expect(group.settled()).rejects.toThrow('disk is full');
    isFull = false;
    add('b');
    await group.settled();
    expect(names()).toEqual(['b']);
  });

  test('have nothing to wait for where there are none', async () => {
    await group.settled();
    expect(events).toEqual([]);
  });
});
