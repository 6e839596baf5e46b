import { describe, expect, test } from 'vitest';
import { createClock } from '#runtime/clock';
import { deadlineIn } from '#runtime/deadline';
import { PveError } from '#pve/errors';
import type { NodeName, Upid } from '#pve/ids';
import { activeTasks, listTasks } from '#pve/nodes/tasks';
import { requireSuccess, settle, TaskFailed, TaskStillRunning, TaskUnknown, waitForTask } from '#pve/tasks';
import { call, failureOf, type Step, withScript } from './scripted-pve.ts';

const upid = 'UPID:pve2:000004D2:0056A735:6553F100:qmclone:9000:virtrigaud@pve!vrtg:' as Upid;
const at = `/nodes/pve2/tasks/${encodeURIComponent(upid)}`;
const running: Step = [`GET ${at}/status`, { data: { status: 'running', upid } }];
const ended = (exitstatus: string): Step => [`GET ${at}/status`, { data: { status: 'stopped', exitstatus, upid } }];
const log = (...lines: string[]): Step => [
  `GET ${at}/log?limit=0`,
  { data: lines.map((t, index) => ({ n: index + 1, t })) },
];

describe('waiting for a task', () => {
  test('ends with its success, asked of the node it runs on', async () => {
    const result = await withScript(
      [running, running, ended('OK')],
      async (pve) => await waitForTask(pve, upid, call()),
    );
    expect(result).toEqual({ outcome: 'ok', upid, exitStatus: 'OK', warnings: [], logTail: [] });
    expect(requireSuccess(result)).toEqual([]);
  });

  test('O8: tells the warnings of a success from its log', async () => {
    const result = await withScript(
      [
        ended('WARNINGS: 1'),
        log('starting', 'WARN: no efidisk configured! Using temporary efivars disk.', 'TASK WARNINGS: 1'),
      ],
      async (pve) => await waitForTask(pve, upid, call()),
    );
    expect(result.outcome).toBe('warnings');
    expect(requireSuccess(result)).toEqual(['WARN: no efidisk configured! Using temporary efivars disk.']);
  });

  test('ends with its error and the end of its log', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
    const result = await withScript(
      [ended('start failed: QEMU exited with code 1'), log(...lines)],
      async (pve) => await waitForTask(pve, upid, call()),
    );
    expect(result).toMatchObject({ outcome: 'failed', exitStatus: 'start failed: QEMU exited with code 1' });
    expect(result.logTail).toEqual(lines.slice(-10));
    expect(() => requireSuccess(result)).toThrow(TaskFailed);
  });

  test('ends with its error also where the log cannot be read', async () => {
    const result = await withScript(
      [ended('VM is locked (clone)'), [`GET ${at}/log?limit=0`, { status: 500, reason: 'no' }]],
      async (pve) => await waitForTask(pve, upid, call()),
    );
    expect(result).toMatchObject({ outcome: 'failed', exitStatus: 'VM is locked (clone)', logTail: [] });
  });

  test('goes on where looks fail, since that says nothing about the task', async () => {
    const lost: Step = [`GET ${at}/status`, { status: 596, reason: 'Connection timed out' }];
    const down: Step = [`GET ${at}/status`, { status: 595, reason: 'No route to host' }];
    const cut: Step = [`GET ${at}/status`, 'cut'];
    const broken: Step = [`GET ${at}/status`, { status: 500, reason: 'proxy error' }];
    const steps = [lost, lost, lost, lost, down, down, down, down, cut, running, broken, ended('OK')];
    const result = await withScript(steps, async (pve) => await waitForTask(pve, upid, call()));
    expect(result.outcome).toBe('ok');
  });

  test.each(['no such task', 'unable to parse worker upid'])('ends as unknown where PVE says "%s"', async (text) => {
    const body = JSON.stringify({ data: null, message: 'Parameter verification failed.\n', errors: { upid: text } });
    const error = await withScript(
      [[`GET ${at}/status`, { status: 400, reason: 'Parameter verification failed.', body }]],
      async (pve) => await failureOf(waitForTask(pve, upid, call())),
    );
    expect(error).toBeInstanceOf(TaskUnknown);
    expect((error as TaskUnknown).message).toContain(text);
  });

  test('ends where we may not look', async () => {
    const error = await withScript(
      [[`GET ${at}/status`, { status: 403, reason: 'Permission check failed (/nodes/pve2, Sys.Audit)' }]],
      async (pve) => await failureOf(waitForTask(pve, upid, call())),
    );
    expect(error).toBeInstanceOf(PveError);
  });

  test('ends as still running after the time limit', async () => {
    const error = await withScript(
      [running, running, running],
      async (pve) => await failureOf(waitForTask(pve, upid, call())),
      { taskTimeoutMs: 600, clock: createClock({ factor: 5 }) },
    );
    expect(error).toBeInstanceOf(TaskStillRunning);
    expect(error).toMatchObject({ upid });
  });

  test('ends as still running at the deadline of the call, whose reason is kept', async () => {
    const error = await withScript(
      [running, running],
      async (pve) => await failureOf(waitForTask(pve, upid, deadlineIn(500))),
      { clock: createClock() },
    );
    expect(error).toBeInstanceOf(TaskStillRunning);
    expect((error as TaskStillRunning).cause).toMatchObject({ name: 'DeadlineError' });
  });

  test('learns how long tasks of a type take, and then looks when they usually end', async () => {
    await withScript([running, running, ended('OK'), ended('OK')], async (pve) => {
      await waitForTask(pve, upid, call());
      expect(pve.tasks.times.usualMs('qmclone')).toBeGreaterThanOrEqual(700);
      await waitForTask(pve, upid, call());
    });
  });
});

describe('a call that gives a task or nothing', () => {
  test('is over at once where it gives nothing', async () => {
    const result = await withScript([], async (pve) => await settle(pve, null, call()));
    expect(result).toMatchObject({ outcome: 'ok', upid: undefined });
  });

  test('is waited for where it gives a task', async () => {
    const result = await withScript([ended('OK')], async (pve) => await settle(pve, upid, call()));
    expect(result).toMatchObject({ outcome: 'ok', upid });
  });

  test('is refused where it gives something else', async () => {
    await withScript([], async (pve) => {
      expect(await failureOf(settle(pve, { task: 1 }, call()))).toMatchObject({ name: 'UnexpectedAnswer' });
    });
  });
});

describe('the tasks of a node', () => {
  // As recorded in one-node/85.
  const active = {
    id: '9000',
    node: 'pve2',
    saved: '0',
    status: 'RUNNING',
    type: 'qmclone',
    upid,
    user: 'virtrigaud@pve!vrtg',
  };
  const finished = { ...active, endtime: 1_700_000_100, status: 'OK', user: 'virtrigaud@pve', tokenid: 'vrtg' };

  test('that run now come with what their ids tell', async () => {
    const tasks = await withScript(
      [['GET /nodes/pve2/tasks?source=active&limit=500', { data: [active, finished, { upid: 'garbage' }] }]],
      async (pve) => await activeTasks(pve, 'pve2' as NodeName, call()),
    );
    expect(tasks).toEqual([
      {
        upid,
        node: 'pve2',
        type: 'qmclone',
        id: '9000',
        user: 'virtrigaud@pve!vrtg',
        starttime: 1_700_000_000,
        running: true,
        exitStatus: undefined,
      },
    ]);
  });

  test('can be asked for by kind', async () => {
    const tasks = await withScript(
      [['GET /nodes/pve2/tasks?source=all&vmid=9000&typefilter=qmclone', { data: [finished] }]],
      async (pve) => await listTasks(pve, 'pve2' as NodeName, call(), { source: 'all', vmid: 9000, type: 'qmclone' }),
    );
    expect(tasks).toMatchObject([{ running: false, exitStatus: 'OK' }]);
  });
});
