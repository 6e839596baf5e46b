import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createClock } from '#runtime/clock';
import { DeadlineError, deadlineIn } from '#runtime/deadline';
import { isNodeDown, isUnknownOutcome, type PveError, PveNoAnswer } from '#pve/errors';
import { call, connectTo, failureOf, startScriptedPve, withScript } from './scripted-pve.ts';

describe('no answer', () => {
  test('is a refused connection, told after having tried again, and certainly not carried out', async () => {
    const server = await startScriptedPve([]);
    await server.finish();
    const pve = connectTo(server.url);
    for (const attempt of [pve.get('/version', call()), pve.post('/x', call())]) {
      const error = (await failureOf(attempt)) as PveNoAnswer;
      expect(error).toBeInstanceOf(PveNoAnswer);
      expect(error).toMatchObject({ code: 'ECONNREFUSED', outcome: 'not-sent', endpoint: pve.endpoint.address });
      expect(isUnknownOutcome(error)).toBe(false);
    }
    await pve.close();
  });

  test('is a name that cannot be resolved, told at once', async () => {
    const pve = connectTo('http://pve.invalid:8006');
    const error = (await failureOf(pve.get('/version', call()))) as PveNoAnswer;
    expect(error.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
    expect(error.outcome).toBe('not-sent');
    await pve.close();
  });

  test('to a read is asked again, up to three times', async () => {
    await withScript(
      [
        ['GET /version', 'cut'],
        ['GET /version', { status: 596, reason: 'Broken pipe' }],
        ['GET /version', { status: 595, reason: 'Connection refused' }],
        ['GET /version', { data: 'at last' }],
      ],
      async (pve) => expect(await pve.get('/version', call())).toBe('at last'),
    );
    const error = await withScript(
      Array.from({ length: 4 }, () => ['GET /version', 'cut'] as const),
      async (pve) => await failureOf(pve.get('/version', call())),
    );
    expect(error).toMatchObject({ code: 'ECONNRESET', outcome: 'unknown' });
  });

  test('to a write that may have been carried out is never asked again', async () => {
    for (const reply of ['cut', { status: 596, reason: 'Connection timed out' }] as const) {
      const error = await withScript([['POST /x', reply]], async (pve) => await failureOf(pve.post('/x', call())));
      expect(isUnknownOutcome(error)).toBe(true);
    }
  });

  test('of a node behind the one that answers lets a write be sent again, since it was not carried out', async () => {
    await withScript(
      [
        ['POST /nodes/pve2/x', { status: 595, reason: 'Connection refused' }],
        ['POST /nodes/pve2/x', { data: 'done' }],
      ],
      async (pve) => expect(await pve.post('/nodes/pve2/x', call())).toBe('done'),
    );
  });

  test('of a node that stays down is an error of PVE', async () => {
    const error = await withScript(
      Array.from({ length: 4 }, () => ['GET /nodes/pve2/x', { status: 595, reason: 'No route to host' }] as const),
      async (pve) => await failureOf(pve.get('/nodes/pve2/x', call())),
    );
    expect(isNodeDown(error)).toBe(true);
    expect((error as PveError).reason).toBe('No route to host');
  });

  test('is also a success that PVE would not put so', async () => {
    for (const body of ['<html>hello</html>', '', '"text"']) {
      const error = await withScript(
        [['GET /version', { status: 200, reason: 'OK', body }]],
        async (pve) => await failureOf(pve.get('/version', call())),
      );
      expect(error).toMatchObject({ code: 'not-pve' });
    }
  });

  test('comes in time where the server stays silent, and a silent read is not asked again', async () => {
    const clock = createClock({ factor: 10 });
    const error = await withScript(
      [['GET /version', 'silence']],
      async (pve) => await failureOf(pve.get('/version', call())),
      { clock, requestTimeoutMs: 20_000 },
    );
    expect(error).toMatchObject({ code: 'timeout', outcome: 'unknown' });
  });

  test('comes at the deadline of the call, whose reason is kept', async () => {
    const error = (await withScript(
      [['POST /x', 'silence']],
      async (pve) => await failureOf(pve.post('/x', deadlineIn(100))),
    )) as PveNoAnswer;
    expect(error).toMatchObject({ code: 'deadline', outcome: 'unknown' });
    expect(error.cause).toMatchObject({ name: 'DeadlineError' });
  });

  test('to a read ends with what was heard where the deadline comes between two tries', async () => {
    const over = new AbortController();
    const error = await withScript(
      [['GET /version', { status: 595, reason: 'No route to host' }]],
      async (pve) => await failureOf(pve.get('/version', deadlineIn(20_000, over.signal))),
      { clock: createClock(), onRequest: () => over.abort(new DeadlineError('the deadline of the call is over')) },
    );
    expect(isNodeDown(error)).toBe(true);
  });

  test('nothing is sent after the deadline', async () => {
    const over = deadlineIn(0);
    await expect.poll(() => over.signal.aborted).toBe(true);
    await withScript([], async (pve) => {
      expect(await failureOf(pve.post('/x', over))).toMatchObject({ name: 'DeadlineError' });
    });
  });

  test('nothing is sent where the deadline comes before the connection', async () => {
    const mute = createTcpServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const pve = connectTo(`https://127.0.0.1:${(mute.address() as AddressInfo).port}`);
    expect(await failureOf(pve.post('/x', deadlineIn(50)))).toMatchObject({ name: 'DeadlineError' });
    mute.close();
  });
});
