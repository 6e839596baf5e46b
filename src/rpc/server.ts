import type { AddressInfo, Server as TcpServer } from 'node:net';
import { Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js';
import { Fault } from '#domain/fault';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { Calls } from './calls.ts';
import { Provider } from './contract.ts';
import type { Credentials } from './credentials.ts';
import { HealthService } from './health.ts';
import { peerGate } from './peer-gate.ts';
import { serveService } from './serve-service.ts';
import type { FinishedCall } from './serve-unary.ts';
import type { Handlers } from './service.ts';

// The gRPC server of a provider: the contract's service and grpc.health.v1 on one port.

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/**
 * Idle and old connections are closed, so that clients that died without a word do not pile up; their owners reconnect
 * without noticing. A call may take 5 minutes, and so long an old connection lives on.
 */
const OPTIONS: ServerOptions = {
  'grpc.max_connection_idle_ms': 15 * MINUTE_MS,
  'grpc.max_connection_age_ms': 120 * MINUTE_MS,
  'grpc.max_connection_age_grace_ms': 5 * MINUTE_MS,
  'grpc.keepalive_time_ms': 30 * SECOND_MS,
  'grpc.keepalive_timeout_ms': 10 * SECOND_MS,
  'grpc.max_concurrent_streams': 1_000,
};

/** Real time: how long an answer may take to leave, and a request to arrive. */
const QUIET_MS = 250;

export interface RpcServerOptions {
  /** All interfaces where absent. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly credentials: Credentials;
  /** Names a client certificate may have; empty lets in whoever the CA has signed. */
  readonly allowedSans?: readonly string[];
  readonly provider: Handlers<typeof Provider>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onCall?: (call: FinishedCall) => void;
}

export interface DrainLimits {
  /** How long running calls may go on. */
  readonly finishMs: number;
  /** How long they have to answer after they were told to stop; then connections are cut. */
  readonly stopMs: number;
}

export interface RpcServer {
  readonly port: number;
  isServing(): boolean;
  setServing(serving: boolean): void;
  /** Takes no new connections, lets running calls finish within the limits, and ends. */
  drain(limits: DrainLimits): Promise<void>;
}

/** Throws if the port cannot be had. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { clock, log, onCall, allowedSans = [] } = options;
  const interceptors = allowedSans.length === 0 ? [] : [peerGate(allowedSans, log)];
  const server = new Server({ ...OPTIONS, interceptors });
  const calls = new Calls(clock);
  const health = new HealthService();
  serveService(server, Provider, options.provider, { calls, clock, log, onCall });
  health.addTo(server, { calls, clock, log, quiet: true });
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = options.credentials((socket) => connections.injectConnection(socket));
  const port = await listen(listener, options);
  return {
    port,
    isServing: () => health.isServing(),
    setServing: (serving) => health.setServing(serving),
    drain: async (limits) => await drain({ listener, server, calls, health, clock, log }, limits),
  };
}

async function listen(listener: TcpServer, { host, port, log }: RpcServerOptions): Promise<number> {
  return await new Promise((resolve, reject) => {
    listener.once('error', (cause) =>
      reject(new Error(`cannot serve gRPC on port ${port}: ${cause.message}`, { cause })),
    );
    listener.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      listener.on('error', (error) => log.error('gRPC port', { error }));
      resolve((listener.address() as AddressInfo).port);
    });
  });
}

interface Parts {
  readonly listener: TcpServer;
  readonly server: Server;
  readonly calls: Calls;
  readonly health: HealthService;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Connections are cut in the end even where all calls have finished: a client that is gone does not close its own. */
async function drain({ listener, server, calls, health, clock, log }: Parts, limits: DrainLimits): Promise<void> {
  const done = new AbortController();
  health.setServing(false);
  health.endWatches();
  const closed = new Promise<void>((resolve) => {
    listener.close(() => resolve());
  });
  // Tells clients to go elsewhere. That it is "done" says nothing: calls may still run.
  server.tryShutdown(() => undefined);
  const quiet = Promise.race([closed, calls.quiet(QUIET_MS * clock.factor, done.signal)]);
  if (!(await within(limits.finishMs, quiet, clock))) {
    log.warn('calls still running at the end of the drain are told to stop');
    calls.stopAll(new Fault('busy', { subject: 'provider', why: 'it is stopping', remedy: 'Repeat the call' }));
    if (!(await within(limits.stopMs, quiet, clock))) log.warn('calls still running after the drain are cut');
  }
  done.abort();
  server.forceShutdown();
}

/** Whether `work` is done before the limit. */
async function within(limitMs: number, work: Promise<void>, clock: Clock): Promise<boolean> {
  let cancel = (): void => undefined;
  const limit = new Promise<boolean>((resolve) => {
    cancel = clock.after(limitMs, () => resolve(false));
  });
  return await Promise.race([work.then(() => true), limit]).finally(() => cancel());
}
