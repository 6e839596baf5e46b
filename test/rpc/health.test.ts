import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientReadableStream, credentials } from '@grpc/grpc-js';
import { expect, it, onTestFinished } from 'vitest';
import { createClient } from '#rpc/client';
import { Health, ServingStatus } from '#rpc/contract';
import { faultOf, NOW, serve } from './support/serve.ts';

const { watch } = Health.method;

interface Watched {
  /** The states told so far. */
  readonly states: ServingStatus[];
  /** The code the stream ended with. */
  readonly ended: Promise<number>;
}

function watchHealth(address: string, service: string): Watched {
  const client = new Client(address, credentials.createInsecure());
  const stream: ClientReadableStream<ServingStatus> = client.makeServerStreamRequest(
    `/${Health.typeName}/${watch.name}`,
    (name: string) => Buffer.from(toBinary(watch.input, create(watch.input, { service: name }))),
    (bytes) => fromBinary(watch.output, bytes).status,
    service,
  );
  onTestFinished(() => {
    stream.cancel();
    client.close();
  });
  const states: ServingStatus[] = [];
  stream.on('data', (state: ServingStatus) => void states.push(state));
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  stream.on('error', (error: { code?: number }) => resolve(error.code ?? -1));
  return { states, ended };
}

it.each(['', 'provider'])('Check of %j says whether the provider serves', async (service) => {
  const { server, address } = await serve({});
  const health = createClient(Health, { address });
  onTestFinished(() => health.close());
  expect((await health.check({ service })).status).toBe(ServingStatus.SERVING);
  expect(server.isServing()).toBe(true);
  server.setServing(false);
  expect((await health.check({ service })).status).toBe(ServingStatus.NOT_SERVING);
});

it('Check of another service is NotFound', async () => {
  const { address } = await serve({});
  const health = createClient(Health, { address });
  onTestFinished(() => health.close());
  expect((await faultOf(health.check({ service: 'provider.v2.Provider' }))).kind).toBe('not-found');
});

it.each(['', 'provider'])('Watch of %j tells every change, and ends when the server stops', async (service) => {
  const { server, address } = await serve({});
  const { states, ended } = watchHealth(address, service);
  await expect.poll(() => states).toEqual([ServingStatus.SERVING]);
  server.setServing(false);
  server.setServing(true);
  const { SERVING, NOT_SERVING } = ServingStatus;
  await expect.poll(() => states).toEqual([SERVING, NOT_SERVING, SERVING]);
  await server.drain({ ...NOW, finishMs: 60_000 });
  expect(await ended).toBe(14);
  expect(states.at(-1)).toBe(NOT_SERVING);
});

it('Watch of another service says that it is unknown', async () => {
  const { address } = await serve({});
  const { states } = watchHealth(address, 'other');
  await expect.poll(() => states).toEqual([ServingStatus.SERVICE_UNKNOWN]);
});

it('checks are no lines in the log at info', async () => {
  const { address, lines } = await serve({});
  const health = createClient(Health, { address });
  onTestFinished(() => health.close());
  await health.check({ service: '' });
  expect(lines.filter((line) => !line.includes(' DEBUG '))).toEqual([]);
});
