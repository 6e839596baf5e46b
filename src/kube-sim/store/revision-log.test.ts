import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '#runtime/log';
import { rangeOf } from '../objects/key.ts';
import { openRevisionLog, type RevisionLog } from './revision-log.ts';

const THINGS = 'things.example.test';
const logged: string[] = [];
const logger = createLogger({ write: (line) => logged.push(line) });

describe('the revision log', () => {
  let folder: string;
  let log: RevisionLog;
  let now = 0;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'revision-log-'));
    log = openRevisionLog(folder, () => now, logger);
  });
  afterEach(() => {
    log.close();
    rmSync(folder, { recursive: true });
  });

  const write = (key: string, value: string, more: { deleted?: boolean; owners?: string[] } = {}): number =>
    log.write({ resource: THINGS, key, ...more, text: (revision) => `${value}@${revision}` }).revision;
  const texts = (namespace: string, revision?: number): string[] =>
    log.list(THINGS, rangeOf(namespace), 100, revision).versions.map(({ text }) => text);

  test('counts every write, whatever it is of', () => {
    expect([write('a/x', 'one'), write('a/y', 'two'), write('a/x', 'three')]).toEqual([2, 3, 4]);
    expect(log.revision).toBe(4);
    expect(log.current(THINGS, 'a/x')).toMatchObject({ revision: 4, previous: 2, text: 'three@4' });
  });

  test('tells what was there at any revision, in the order of the keys', () => {
    write('b/x', 'one');
    write('a/x', 'two');
    write('b/x', 'three');
    write('a/x', 'end', { deleted: true });
    expect([2, 3, 4, 5].map((revision) => texts('', revision))).toEqual([
      ['one@2'],
      ['two@3', 'one@2'],
      ['two@3', 'three@4'],
      ['three@4'],
    ]);
    expect(texts('')).toEqual(['three@4']);
    expect(log.count(THINGS, rangeOf(''), 4)).toBe(2);
  });

  test('keeps a namespace apart from those whose names begin alike', () => {
    for (const key of ['a/x', 'a-b/x', 'ab/x', 'a0/x']) write(key, key);
    expect(texts('a')).toEqual(['a/x@2']);
    expect(texts('')).toEqual(['a-b/x@3', 'a/x@2', 'a0/x@5', 'ab/x@4']);
  });

  test('cuts a list at its limit, and at what fits in memory', () => {
    const large = 'x'.repeat(3 * 1024 * 1024);
    for (const key of ['a', 'b', 'c']) write(key, large);
    const { versions, isCut } = log.list(THINGS, rangeOf(''), 100);
    expect([versions.map(({ key }) => key), isCut]).toEqual([['a'], true]);
    expect(log.list(THINGS, rangeOf('', 'b'), 100)).toMatchObject({ versions: [{ key: 'c' }], isCut: false });
    expect(log.list(THINGS, rangeOf(''), 1)).toMatchObject({ versions: [{ key: 'a' }], isCut: true });
  });

  test('forgets what has been replaced, and nothing that is there', () => {
    write('x', 'one');
    write('x', 'two');
    write('y', 'one');
    write('y', 'end', { deleted: true });
    write('x', 'three');
    log.compact(5);
    expect(log.compacted).toBe(5);
    expect(log.after(0, 10).versions.map(({ revision }) => revision)).toEqual([3, 6]);
    expect([texts('', 5), texts('')]).toEqual([['two@3'], ['three@6']]);
  });

  test('knows who owns what', () => {
    write('x', 'one', { owners: ['u1', 'u2'] });
    write('y', 'one', { owners: ['u1'] });
    write('x', 'two', { owners: ['u2'] });
    expect(log.ownedBy('u1').map(({ key }) => key)).toEqual(['y']);
    write('y', 'end', { deleted: true, owners: ['u1'] });
    expect([log.ownedBy('u1'), log.ownedBy('u2').length]).toEqual([[], 1]);
  });

  test('finds the newest revision of a time', () => {
    now = 1000;
    write('x', 'one');
    now = 2000;
    write('x', 'two');
    expect([999, 1000, 1999, 2000].map((time) => log.writtenBy(time))).toEqual([0, 2, 2, 3]);
  });

  test('goes on where it was, after it has been closed', () => {
    write('x', 'one');
    write('x', 'two');
    log.compact(2);
    log.close();
    log = openRevisionLog(folder, () => now, logger);
    expect([log.revision, log.compacted, texts('')]).toEqual([3, 2, ['two@3']]);
    expect(write('x', 'three')).toBe(4);
  });

  test('leaves nothing behind of a write that failed', () => {
    write('x', 'one');
    const failing = () =>
      log.write({
        resource: THINGS,
        key: 'x',
        text: () => {
          throw new Error('too large');
        },
      });
    expect(failing).toThrow('too large');
    expect([log.revision, texts('')]).toEqual([2, ['one@2']]);
    expect(write('x', 'two')).toBe(3);
  });

  test('brings writes that come together to disk together, and tells of each', async () => {
    const told: (number | string)[] = [];
    log.onWrite(({ revision }) => told.push(revision));
    log.onWrites(() => told.push('all'));
    write('x', 'one');
    write('y', 'one');
    expect(told).toEqual([]);
    await log.settled();
    expect(told).toEqual([2, 3, 'all']);
    write('z', 'one');
    expect([log.revision, told]).toEqual([4, [2, 3, 'all', 4, 'all']]);
  });

  test('brings to disk what a listener writes before anybody is answered', async () => {
    log.onWrite(({ key }) => void (key === 'x' && write('y', 'by the listener')));
    const told: string[] = [];
    log.onWrite(({ key }) => told.push(key));
    write('x', 'one');
    await log.settled();
    expect(told).toEqual(['x', 'y']);
  });

  test('tells what a listener has written also where somebody asks for the revision meanwhile', async () => {
    log.onWrite(({ key }) => void (key === 'x' && write('y', 'by the listener')));
    const told: string[] = [];
    log.onWrite(({ key }) => told.push(key));
    log.onWrites(() => void log.revision);
    write('x', 'one');
    await log.settled();
    expect(told).toEqual(['x', 'y']);
  });

  test('keeps telling where a listener fails, and says so', async () => {
    const told: string[] = [];
    log.onWrite(() => {
      throw new Error('no idea');
    });
    log.onWrite(({ key }) => told.push(key));
    write('x', 'one');
    await log.settled();
    expect(told).toEqual(['x']);
    expect(logged.join('')).toContain('no idea');
  });

  test('is refused to a second one', () => {
    expect(() => openRevisionLog(folder, () => now, logger)).toThrow(`${folder} is in use by another process`);
  });
});
