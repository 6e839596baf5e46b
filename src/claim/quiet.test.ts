import { describe, expect, it } from 'vitest';
import type { Vmid } from '#pve/ids';
import { type ActiveTask, isDead, lookAgain, type Quiet, type QuietLook } from './quiet.ts';

const vmid = 100_123 as Vmid;

/** Looks at PVE's second 1000 + `second`, and the same moment of the clock. */
function look(second: number, change: Partial<QuietLook> = {}): QuietLook {
  return { node: 'pve1', digest: 'd1', tasks: [], now: second * 1000, pveNow: 1000 + second, ...change };
}

const clone = (starttime: number): ActiveTask => ({ type: 'qmclone', id: '9000', starttime });
const task = (id: string, type = 'qmcreate'): ActiveTask => ({ type, id, starttime: 1000 });

/** Whether the VM counts as dead right after the last of these looks. */
function isDeadAfter(...looks: readonly QuietLook[]): boolean {
  let known: Quiet | undefined;
  for (const next of looks) known = lookAgain(known, vmid, next);
  return known !== undefined && isDead(known);
}

describe('a VM that is not finished', () => {
  it('is not dead at the first look, however quiet it is', () => {
    expect(isDeadAfter(look(0))).toBe(false);
  });

  const rows: readonly { title: string; looks: readonly QuietLook[]; dead: boolean }[] = [
    { title: 'unchanged and without a task over 30 s', looks: [look(0), look(30)], dead: true },
    { title: 'looked at again a moment too early', looks: [look(0), look(29.999)], dead: false },
    { title: 'looked at many times in 30 s', looks: [look(0), look(10), look(20), look(30)], dead: true },
    { title: 'that has changed in between', looks: [look(0), look(30, { digest: 'd2' })], dead: false },
    {
      title: 'that has changed and then been quiet for 30 s',
      looks: [look(0), look(20, { digest: 'd2' }), look(50, { digest: 'd2' })],
      dead: true,
    },
    { title: 'that has moved', looks: [look(0), look(30, { node: 'pve2' })], dead: false },
    {
      title: 'whose file is being fetched',
      looks: [look(0), look(30, { tasks: [task('vrtg_image_100123_aaaaaaaaaaaa.qcow2', 'download')] })],
      dead: false,
    },
    {
      title: 'while the file of another one is fetched',
      looks: [look(0), look(30, { tasks: [task('vrtg_image_100124_aaaaaaaaaaaa.qcow2', 'download')] })],
      dead: true,
    },
    {
      title: 'with a task of its own at the first look',
      looks: [look(0, { tasks: [task('100123')] }), look(30)],
      dead: false,
    },
    {
      title: 'with a task of its own at the last look',
      looks: [look(0), look(30, { tasks: [task('100123', 'qmconfig')] })],
      dead: false,
    },
    {
      title: 'with a task of its own in between, and quiet for less than 30 s since',
      looks: [look(0), look(20, { tasks: [task('100123')] }), look(40)],
      dead: false,
    },
    {
      title: 'with a task of its own that has been over for 30 s',
      looks: [look(0, { tasks: [task('100123')] }), look(10), look(40)],
      dead: true,
    },
    {
      title: "beside another VM's task",
      looks: [look(0, { tasks: [task('100124')] }), look(30, { tasks: [task('100124')] })],
      dead: true,
    },
    {
      title: 'beside a copy that may be its origin, from whatever template',
      looks: [look(0, { tasks: [clone(990)] }), look(30, { tasks: [clone(990)] })],
      dead: false,
    },
    {
      title: 'beside a copy that began after it by clocks that differ as much as they may',
      looks: [look(0, { tasks: [clone(1120)] }), look(30, { tasks: [clone(1120)] })],
      dead: false,
    },
    {
      title: 'beside a copy that certainly began after it was first seen',
      looks: [look(0, { tasks: [clone(1121)] }), look(30, { tasks: [clone(1121)] })],
      dead: true,
    },
    {
      title: 'beside a copy that certainly began before its claim was written',
      looks: [look(0, { tasks: [clone(500)], begunAt: 621 }), look(30, { tasks: [clone(500)], begunAt: 621 })],
      dead: true,
    },
    {
      title: 'beside a copy that began before its claim by clocks that differ as much as they may',
      looks: [look(0, { tasks: [clone(500)], begunAt: 620 }), look(30, { tasks: [clone(500)], begunAt: 620 })],
      dead: false,
    },
    {
      title: 'that has changed since: a copy that began before the change may be at work on it',
      looks: [
        look(0),
        look(200, { digest: 'd2', tasks: [clone(1121)] }),
        look(230, { digest: 'd2', tasks: [clone(1121)] }),
      ],
      dead: false,
    },
  ];
  it.each(rows)('$title: dead $dead', ({ looks, dead }) => {
    expect(isDeadAfter(...looks)).toBe(dead);
  });

  it('that somebody works on again is no longer dead, however long ago it was quiet', () => {
    expect(isDeadAfter(look(0), look(30), look(600, { tasks: [task('100123')] }))).toBe(false);
    expect(isDeadAfter(look(0), look(30), look(600, { digest: 'd2' }))).toBe(false);
  });
});
