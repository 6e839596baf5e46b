import { describe, expect, it } from 'vitest';
import { formatImagesTask, formatTaskId, parseImagesTask, parseTaskId, type TaskId } from './task-id.ts';

const upid = 'UPID:pve-2:0003C1A2:0012D687:65B2C3D4:qmclone:9000:first.last@pve!vrtg.token:';
const run: TaskId = { kind: 'create', vmid: 100123, incarnation: 'abcdefghij27', goal: 'ready', upid: undefined };

describe('task ids', () => {
  it.each<[string, TaskId]>([
    ['vrtg1.create.100123.abcdefghij27.ready', run],
    [`vrtg1.create.100123.abcdefghij27.ready.${upid}`, { ...run, upid }],
    [
      'vrtg1.delete.100.-.absent',
      { kind: 'delete', vmid: 100, incarnation: undefined, goal: 'absent', upid: undefined },
    ],
  ])('%s goes there and back', (text, task) => {
    expect(formatTaskId(task)).toBe(text);
    expect(parseTaskId(text)).toEqual(task);
  });

  it.each([
    upid,
    '',
    'vrtg2.create.100123.abcdefghij27.ready',
    'vrtg1.create.99.abcdefghij27.ready',
    'vrtg1.create.0100.abcdefghij27.ready',
    'vrtg1.create.100123.ABCDEFGHIJ27.ready',
    'vrtg1.create.100123.abcdefghij27',
    'vrtg1.create.100123.abcdefghij27.ready.',
    'vrtg1.create.100123.abcdefghij27.ready.nonsense',
    'vrtg1.create.100123.abcdefghij27.ready\n',
  ])('%j is none', (text) => {
    expect(parseTaskId(text)).toBeUndefined();
  });

  it('is never made from parts that would not be read back', () => {
    expect(() => formatTaskId({ ...run, goal: 'a.b' })).toThrow(RangeError);
    expect(() => formatTaskId({ ...run, vmid: 7 })).toThrow(RangeError);
    expect(() => formatTaskId({ ...run, upid: 'x' })).toThrow(RangeError);
  });
});

describe('the task of several templates', () => {
  const one = { vmid: 100123, incarnation: 'abcdefghij27' };
  const other = { vmid: 999, incarnation: 'k3v7q2mzt5ab' };

  it('goes there and back, and is no other', () => {
    const text = formatImagesTask([one, other]);
    expect(text).toBe('vrtg1.images.100123.abcdefghij27.999.k3v7q2mzt5ab.ready');
    expect(parseImagesTask(text)).toEqual([one, other]);
    expect(parseTaskId(text)).toBeUndefined();
    expect(parseImagesTask('vrtg1.image.100123.abcdefghij27.ready')).toBeUndefined();
    expect(parseImagesTask('vrtg1.images.ready')).toBeUndefined();
    expect(() => formatImagesTask([])).toThrow(RangeError);
    expect(() => formatImagesTask([{ ...one, vmid: 7 }])).toThrow(RangeError);
  });
});
