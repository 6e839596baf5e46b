import { Client, credentials, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { Fault } from '#domain/fault';
import { PowerOp, Provider } from '#rpc/contract';
import type { CallContext } from '#rpc/service';
import { faultOf, NOW, serve } from './support/serve.ts';

/** Waits for the end of the call's time and throws what ended it, as work that watches its signal does. */
async function untilOver({ deadline }: CallContext): Promise<never> {
  return await new Promise((_, reject) => {
    deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason as Error), { once: true });
  });
}

describe('a call', () => {
  it('reaches its handler with request and owner, and its answer comes back', async () => {
    const seen: unknown[] = [];
    const { client, address } = await serve({
      power: async ({ id, op, gracefulTimeoutSeconds }, { method, owner, peer }) => {
        seen.push({ id, op, gracefulTimeoutSeconds, method, owner, fromLoopback: peer?.startsWith('127.0.0.1:') });
        return await Promise.resolve({ task: { id: 'vrtg1' } });
      },
    });
    const owner = { namespace: 'default', name: 'web', uid: 'u-1' };
    const answer = await client({ address, owner }).power({ id: '100', op: PowerOp.OFF, gracefulTimeoutSeconds: 60 });
    expect(answer.task?.id).toBe('vrtg1');
    expect(seen).toEqual([
      { id: '100', op: PowerOp.OFF, gracefulTimeoutSeconds: 60, method: 'Power', owner, fromLoopback: true },
    ]);
  });

  it('sees the deadline of its caller less a margin', async () => {
    const { client } = await serve({
      describe: async (_, { deadline }) => await Promise.resolve({ consoleUrl: String(deadline.remainingMs()) }),
    });
    const { consoleUrl } = await client().describe({ id: '100' }, { deadlineMs: 30_000 });
    expect(Number(consoleUrl)).toBeLessThanOrEqual(28_500);
    expect(Number(consoleUrl)).toBeGreaterThan(26_000);
  });

  it('that runs out of time answers Aborted before its caller gives up', async () => {
    const { client } = await serve({ create: async (_, call) => await untilOver(call) });
    const fault = await faultOf(client().create({ name: 'web' }, { deadlineMs: 1_100 }));
    expect(fault.kind).toBe('busy');
    expect(fault.message).toContain('Repeat the call');
  });

  it('whose request was aborted at the end of the time answers Aborted too, whatever the error', async () => {
    const { client, lines } = await serve({
      create: async (_, call) => {
        await untilOver(call).catch(() => undefined);
        throw new TypeError('terminated');
      },
    });
    await expect(client().create({}, { deadlineMs: 1_050 })).rejects.toMatchObject({ kind: 'busy' });
    expect(lines.join('')).toMatch(/code=Aborted .*cause="TypeError: terminated/);
  });

  it('is cancelled when its caller gives up', async () => {
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<Fault>();
    const { client } = await serve({
      create: async (_, call) => {
        started.resolve();
        return await untilOver(call).catch((error: unknown) => {
          ended.resolve(error as Fault);
          throw error;
        });
      },
    });
    const stop = new AbortController();
    const answer = faultOf(client().create({ name: 'web' }, { signal: stop.signal, deadlineMs: 60_000 }));
    await started.promise;
    stop.abort();
    expect((await answer).kind).toBe('cancelled');
    expect((await ended.promise).message).toBe('Create: the caller gave up or its deadline passed.');
  });

  it('without a handler is Unimplemented by name', async () => {
    const { client } = await serve({});
    await expect(client().hardwareUpgrade({ id: '100' })).rejects.toMatchObject({
      kind: 'unsupported',
      message: 'HardwareUpgrade: not supported by this version of the provider.',
    });
  });

  it('that fails tells its fault word for word, and one nobody foresaw tells nothing', async () => {
    const { client, lines } = await serve({
      delete: async () => await Promise.reject(new Fault('precondition', { subject: 'VM é (1)', why: 'protected' })),
      describe: async () => await Promise.reject(new TypeError('password=hunter2')),
    });
    await expect(client().delete({ id: '1' })).rejects.toMatchObject({
      kind: 'precondition',
      message: 'VM é (1): protected.',
    });
    await expect(client().describe({ id: '1' })).rejects.toMatchObject({
      kind: 'internal',
      message: 'Describe: unexpected error in the provider. See its log for the cause.',
    });
    expect(lines.find((line) => line.includes('cause='))).toContain('TypeError');
  });

  it('leaves one line in the log, without request and answer, and one in the metrics', async () => {
    const { client, lines, finished } = await serve({
      create: async () => await Promise.resolve({ id: 'answer-marker' }),
      delete: async () => await Promise.reject(new Fault('not-found', { subject: 'VM 1', why: 'gone' })),
    });
    await client().create({ name: 'request-marker' });
    await client()
      .delete({ id: '1' })
      .catch(() => undefined);
    const text = lines.join('');
    expect(text).toMatch(/DEBUG gRPC request started method=\/provider\.v1\.Provider\/Create\n/);
    expect(text).toMatch(
      /INFO gRPC request completed method=\/provider\.v1\.Provider\/Create duration=[\d.]+ms code=OK\n/,
    );
    expect(text).toMatch(
      /ERROR gRPC request completed method=\S+Delete duration=\S+ code=NotFound error="VM 1: gone\."\n/,
    );
    expect(text).not.toContain('marker');
    expect(finished.map(({ method, code }) => `${method} ${code}`)).toEqual(['Create OK', 'Delete NotFound']);
    expect(finished.every(({ seconds }) => seconds >= 0)).toBe(true);
  });

  it('that is no message of its method is InvalidArgument', async () => {
    const { address } = await serve({ create: async () => await Promise.resolve({ id: '1' }) });
    const raw = new Client(address, credentials.createInsecure());
    const asIs = (bytes: Buffer): Buffer => bytes;
    const code = await new Promise((resolve) => {
      raw.makeUnaryRequest('/provider.v1.Provider/Create', asIs, asIs, Buffer.from([0xff, 0xff]), (error) => {
        resolve(error?.code);
      });
    });
    raw.close();
    expect(code).toBe(status.INVALID_ARGUMENT);
  });

  it('fails at once where nobody listens, and waits where told to', async () => {
    const { server, client, address } = await serve({});
    await server.drain(NOW);
    await expect(client().validate({})).rejects.toMatchObject({ kind: 'unavailable' });
    const fault = await faultOf(client({ address, waitForReady: true }).validate({}, { deadlineMs: 200 }));
    expect(fault.kind).toBe('unavailable');
    expect(fault.message).toMatch(/deadline/i);
  });
});

it('the contract has its 18 methods', () => {
  expect(Provider.methods.map((method) => method.name)).toEqual([
    'Validate',
    'Create',
    'Delete',
    'Power',
    'Reconfigure',
    'HardwareUpgrade',
    'Describe',
    'TaskStatus',
    'SnapshotCreate',
    'SnapshotDelete',
    'SnapshotRevert',
    'Clone',
    'ImagePrepare',
    'GetCapabilities',
    'ExportDisk',
    'ImportDisk',
    'GetDiskInfo',
    'ListVMs',
  ]);
});
