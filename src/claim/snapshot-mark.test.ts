import { describe, expect, it } from 'vitest';
import { describeWithMark, isSameRequest, readSnapshotMark, snapshotMark } from './snapshot-mark.ts';

const wish = { hint: 'web.before', description: 'Before <the> upgrade\nby hand', memory: true };
const mark = snapshotMark(wish, 'default/prod');

describe('the mark of a snapshot', () => {
  it('is frozen', () => {
    expect(describeWithMark(wish.description, mark)).toBe(
      'Before <the> upgrade\nby hand\n<!-- virtrigaud-snapshot 1 {"d":"16198f2ca07af1e31","h":"web.before","i":"default/prod","m":1} -->',
    );
    expect(describeWithMark('', snapshotMark({ ...wish, memory: false, description: '' }, '<x>'))).toBe(
      '<!-- virtrigaud-snapshot 1 {"d":"1d867ac3b7bb53649","h":"web.before","i":"\\u003cx\\u003e"} -->',
    );
  });

  it('is read back with the text that was there without it', () => {
    const description = describeWithMark(wish.description, mark) ?? '';
    expect(readSnapshotMark(description)).toEqual({ mark, text: wish.description });
    expect(readSnapshotMark(`${description}\nadded by hand`).text).toBe(`${wish.description}\nadded by hand`);
  });

  it.each([
    '',
    'by hand',
    '<!-- virtrigaud-snapshot 2 {"d":"1","h":"x","i":"y"} -->',
    '<!-- virtrigaud-snapshot 1 {"d":1} -->',
  ])('is none in %j', (description) => {
    expect(readSnapshotMark(description).mark).toBeUndefined();
  });

  it('tells the same request from another one', () => {
    const same = (change: Partial<typeof wish>, instance = 'default/prod'): boolean =>
      isSameRequest(mark, snapshotMark({ ...wish, ...change }, instance));
    expect([same({}), same({ description: `${wish.description} \n` })]).toEqual([true, true]);
    const others = [same({ memory: false }), same({ description: 'x' }), same({ hint: 'x' }), same({}, 'other')];
    expect(others).toEqual([false, false, false, false]);
    expect(isSameRequest(undefined, mark)).toBe(false);
  });

  it('tells objects apart by their uid, whatever they say, where both have one', () => {
    const by = (uid: string | undefined, description = 'x') =>
      snapshotMark({ ...wish, description, uid }, 'default/prod');
    const read = readSnapshotMark(describeWithMark('x', by('u1')) ?? '').mark;
    expect(read).toEqual(by('u1'));
    expect(isSameRequest(read, by('u1', 'other'))).toBe(true);
    expect(isSameRequest(read, by('u2'))).toBe(false);
    expect([isSameRequest(read, by(undefined)), isSameRequest(by(undefined), by('u1'))]).toEqual([true, true]);
    expect(isSameRequest(read, by(undefined, 'other'))).toBe(false);
  });

  it('is refused a text that leaves no room for it', () => {
    expect(describeWithMark('x'.repeat(8_000), mark)).toBeDefined();
    expect(describeWithMark('x'.repeat(8_192), mark)).toBeUndefined();
  });
});
