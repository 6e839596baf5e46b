import { connect } from 'node:net';
import { expect, it } from 'vitest';
import type { CallContext } from '#rpc/service';
import { faultOf, type Served, serve } from './support/serve.ts';

const PATIENT = { finishMs: 60_000, stopMs: 60_000 };

/** Creates that end when `release` is called, or with the reason their time is over. */
async function held(): Promise<Served & { running: () => number; release: () => void }> {
  let running = 0;
  const gate = Promise.withResolvers<void>();
  const wait = async ({ deadline }: CallContext): Promise<void> => {
    const over = Promise.withResolvers<never>();
    deadline.signal.addEventListener('abort', () => over.reject(deadline.signal.reason as Error), { once: true });
    await Promise.race([gate.promise, over.promise]);
  };
  const served = await serve({
    create: async ({ name }, call) => {
      running += 1;
      await wait(call).finally(() => {
        running -= 1;
      });
      return { id: name };
    },
  });
  return { ...served, running: () => running, release: () => gate.resolve() };
}

it('running calls finish, and nobody new is let in', async () => {
  const { server, client, running, release } = await held();
  const caller = client();
  const names = Array.from({ length: 20 }, (_, index) => `vm-${index}`);
  const answers = Promise.all(names.map(async (name) => (await caller.create({ name })).id));
  await expect.poll(running).toBe(20);
  const drained = server.drain(PATIENT);
  expect(server.isServing()).toBe(false);
  expect(await refused(server.port)).toBe('ECONNREFUSED');
  release();
  expect(await answers).toEqual(names);
  await drained;
});

it('calls that go on past the limit are told to stop and answer Aborted', async () => {
  const { server, client, running } = await held();
  const fault = faultOf(client().create({ name: 'slow' }));
  await expect.poll(running).toBe(1);
  await server.drain({ finishMs: 1, stopMs: 60_000 });
  expect(await fault).toMatchObject({ kind: 'busy', message: 'provider: it is stopping. Repeat the call.' });
});

it('a call that does not listen is cut at the end, and the drain ends all the same', async () => {
  const started = Promise.withResolvers<void>();
  const { server, client } = await serve({
    create: async () => {
      started.resolve();
      return await new Promise<never>(() => undefined);
    },
  });
  const fault = faultOf(client().create({ name: 'deaf' }));
  await started.promise;
  await server.drain({ finishMs: 1, stopMs: 1 });
  expect((await fault).kind).toMatch(/unavailable|cancelled/);
});

it('an idle client does not hold the drain up', async () => {
  const { server, client } = await serve({ validate: async () => await Promise.resolve({ ok: true }) });
  await client().validate({});
  await server.drain(PATIENT);
  expect(await refused(server.port)).toBe('ECONNREFUSED');
});

it('under load every call got its answer or never reached a handler', async () => {
  const validate = async (): Promise<{ ok: boolean; message: string }> => {
    await new Promise((resolve) => setImmediate(resolve));
    return { ok: true, message: 'done' };
  };
  const first = await serve({ validate });
  const caller = first.client();
  let answered = 0;
  const worker = async (): Promise<string> => {
    for (;;) {
      const outcome = await caller.validate({}, { deadlineMs: 30_000 }).then(
        () => 'ok',
        (error: { kind?: string }) => error.kind ?? 'other',
      );
      if (outcome !== 'ok') return outcome;
      answered += 1;
    }
  };
  const workers = Promise.all(Array.from({ length: 50 }, worker));
  await expect.poll(() => answered).toBeGreaterThan(500);
  await first.server.drain(PATIENT);
  expect(new Set(await workers)).toEqual(new Set(['unavailable']));
  expect(first.finished.filter(({ code }) => code === 'OK')).toHaveLength(answered);
});

async function refused(port: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}
