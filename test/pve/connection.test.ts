import { describe, expect, test } from 'vitest';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import type { RequestReport } from '#pve/connection/watch';
import { PveError, pveWords } from '#pve/errors';
import { call, failureOf, withScript } from './scripted-pve.ts';

describe('a request', () => {
  test('carries the token, its parameters in the query for reads and deletes, and in a form for writes', async () => {
    await withScript(
      [
        ['GET /version', { data: { version: '9.1.9' } }],
        ['GET /cluster/resources?type=vm', { data: [] }],
        ['DELETE /nodes/pve1/qemu/100?purge=1', { data: null }],
        ['POST /nodes/pve1/qemu/100/config', { data: null }],
        ['PUT /nodes/pve1/qemu/100/resize', { data: null }],
        ['POST /nodes/pve1/qemu/100/status/start', { data: null }],
      ],
      async (pve, server) => {
        expect(await pve.get('/version', call())).toEqual({ version: '9.1.9' });
        await pve.get('/cluster/resources', call(), { type: 'vm', none: undefined });
        await pve.delete('/nodes/pve1/qemu/100', call(), { purge: true });
        expect(
          await pve.post('/nodes/pve1/qemu/100/config', call(), { boot: 'order=scsi0;net0', numa: false }),
        ).toBeNull();
        await pve.put('/nodes/pve1/qemu/100/resize', call(), { disk: 'scsi0', size: '20G' });
        await pve.post('/nodes/pve1/qemu/100/status/start', call());
        for (const request of server.seen) {
          expect(request.headers.authorization).toBe(
            'PVEAPIToken=virtrigaud@pve!vrtg=00000000-0000-4000-8000-000000000000',
          );
          expect(request.headers['transfer-encoding']).toBeUndefined();
        }
        expect(server.seen.map((request) => request.body)).toEqual([
          '',
          '',
          '',
          'boot=order%3Dscsi0%3Bnet0&numa=0',
          'disk=scsi0&size=20G',
          '',
        ]);
        expect(server.seen[3]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
        expect(server.seen[5]?.headers['content-length']).toBe('0');
      },
    );
  });

  test('that uploads has a length and its parts in the order PVE wants', async () => {
    await withScript([['POST /nodes/pve1/storage/local/upload', { data: 'x' }]], async (pve, server) => {
      await pve.upload('/nodes/pve1/storage/local/upload', call(), {
        fields: { content: 'iso' },
        fileName: 'a.iso',
        bytes: new Uint8Array(100_000).fill(65),
      });
      const [request] = server.seen;
      expect(Number(request?.headers['content-length'])).toBe(request?.body.length);
      expect(request?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
      expect(request?.body.match(/; name="[^"]+"/g)).toEqual(['; name="content"', '; name="filename"']);
    });
  });

  // undici rests a connection for one turn of the event loop, so that requests in a row take turns on two.
  test('uses connections again', async () => {
    const steps = Array.from({ length: 50 }, () => ['GET /version', { data: 1 }] as const);
    await withScript(steps, async (pve, server) => {
      for (const _ of steps) await pve.get('/version', call());
      expect(server.connections()).toBeLessThanOrEqual(2);
    });
  });

  test('tells the time of the server, moved on by our clock', async () => {
    const clock = createClock({ factor: 100 });
    await withScript(
      [['GET /version', { data: 1 }]],
      async (pve) => {
        expect(pve.serverTime()).toBeUndefined();
        await pve.get('/version', call());
        const first = pve.serverTime() ?? 0;
        expect(Math.abs(first - Date.now() / 1000)).toBeLessThan(30);
        await clock.sleep(5_000);
        expect((pve.serverTime() ?? 0) - first).toBeGreaterThanOrEqual(4);
      },
      { clock },
    );
  });

  test('is reported with method, path, status and duration, and no parameter reaches the log', async () => {
    const reports: RequestReport[] = [];
    const lines: string[] = [];
    await withScript(
      [
        ['POST /nodes/pve1/qemu/100/config', { data: null }],
        ['GET /version', { status: 500, reason: 'no' }],
      ],
      async (pve) => {
        await pve.post('/nodes/pve1/qemu/100/config', call(), { cipassword: 'hush' });
        await failureOf(pve.get('/version', call()));
      },
      {
        onRequest: (report) => reports.push(report),
        log: createLogger({ level: 'debug', write: (line) => lines.push(line) }),
      },
    );
    expect(reports).toEqual([
      {
        method: 'POST',
        path: '/nodes/pve1/qemu/100/config',
        status: 200,
        code: undefined,
        durationMs: expect.any(Number) as number,
      },
      { method: 'GET', path: '/version', status: 500, code: undefined, durationMs: expect.any(Number) as number },
    ]);
    expect(lines.filter((line) => !line.includes('Authenticated to PVE')).length).toBe(2);
    expect(lines.join('')).not.toMatch(/hush|PVEAPIToken/);
  });
});

describe('an error of PVE', () => {
  test.each([
    {
      title: 'is read from the reason phrase on hosts that send no text',
      answer: { status: 500, reason: 'VM is locked (clone)' },
      expected: { reason: 'VM is locked (clone)', message: 'VM is locked (clone)', errors: {} },
    },
    {
      title: 'has its first line from the phrase and its whole text from the body',
      answer: { status: 500, reason: 'first', body: '{"data":null,"message":"first\\nsecond\\n"}' },
      expected: { reason: 'first', message: 'first\nsecond', errors: {} },
    },
    {
      title: 'is read from the body where a proxy put the words of HTTP into the phrase',
      answer: { status: 500, reason: 'Internal Server Error', body: '{"message":"VM 1 not running\\n"}' },
      expected: { reason: 'VM 1 not running', message: 'VM 1 not running', errors: {} },
    },
    {
      title: 'names the parameters',
      answer: {
        status: 400,
        reason: 'Parameter verification failed.',
        body: '{"data":null,"message":"Parameter verification failed.\\n","errors":{"vmid":"VM 100 already exists"}}',
      },
      expected: {
        reason: 'Parameter verification failed.',
        message: 'Parameter verification failed.',
        errors: { vmid: 'VM 100 already exists' },
      },
    },
    {
      title: 'may come with no body at all',
      answer: { status: 401, reason: 'No ticket', body: '' },
      expected: { reason: 'No ticket', message: 'No ticket', errors: {} },
    },
    {
      title: 'may come from something that is no PVE',
      answer: { status: 302, reason: 'Found', body: '<html>' },
      expected: { reason: 'Found', message: 'Found', errors: {} },
    },
  ])('$title', async ({ answer, expected }) => {
    const error = await withScript([['POST /x', answer]], async (pve) => await failureOf(pve.post('/x', call())));
    expect(error).toBeInstanceOf(PveError);
    const { status, reason, message, errors, method, path } = error as PveError;
    expect({ status, reason, message, errors, method, path }).toEqual({
      ...expected,
      status: answer.status,
      method: 'POST',
      path: '/x',
    });
  });

  test('is told in one line with its parameters', () => {
    const facts = { status: 400, reason: 'r', message: 'Parameter\nverification failed.', method: 'GET', path: '/x' };
    expect(pveWords(new PveError({ ...facts, errors: { a: 'wrong\n', b: 'bad' } }))).toBe(
      'Parameter verification failed. a: wrong b: bad',
    );
  });
});
