import { onTestFinished } from 'vitest';
import { Fault } from '#domain/fault';
import { type ClientOptions, createProviderClient, type ProviderClient } from '#rpc/client';
import type { Provider } from '#rpc/contract';
import { plaintext } from '#rpc/credentials';
import { type RpcServer, type RpcServerOptions, startRpcServer } from '#rpc/server';
import type { FinishedCall } from '#rpc/serve-unary';
import type { Handlers } from '#rpc/service';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';

export interface Served {
  readonly server: RpcServer;
  readonly address: string;
  /** Log lines so far. */
  readonly lines: string[];
  readonly finished: FinishedCall[];
  readonly client: (options?: Partial<ClientOptions>) => ProviderClient;
}

export const NOW = { finishMs: 0, stopMs: 0 };

/** A provider with these handlers on a free loopback port, gone at the end of the test. */
export async function serve(
  provider: Handlers<typeof Provider>,
  options: Partial<RpcServerOptions> = {},
): Promise<Served> {
  const lines: string[] = [];
  const finished: FinishedCall[] = [];
  const server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    credentials: plaintext().credentials,
    provider,
    clock: createClock(),
    log: createLogger({ level: 'debug', write: (line) => void lines.push(line) }),
    onCall: (call) => void finished.push(call),
    ...options,
  });
  onTestFinished(async () => await server.drain(NOW));
  const address = `127.0.0.1:${server.port}`;
  const client = (more: Partial<ClientOptions> = {}): ProviderClient => {
    const made = createProviderClient({ address, ...more });
    onTestFinished(() => made.close());
    return made;
  };
  return { server, address, lines, finished, client };
}

/** What a call failed with; throws if it did not fail with a Fault. */
export async function faultOf(answer: Promise<unknown>): Promise<Fault> {
  const error: unknown = await answer.then(
    () => new Error('the call did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof Fault) return error;
  throw error;
}
