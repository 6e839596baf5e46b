import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from './log.ts';

// The plain HTTP port beside a program's own: liveness, readiness, metrics. Liveness depends on nothing else,
// so that an outage elsewhere never restarts the program.

export interface HealthOptions {
  /** All interfaces where absent. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Whether the program serves what it is there for. */
  readonly isReady: () => boolean;
  /** The text of `/metrics`. */
  readonly metrics: () => Promise<string>;
  readonly log: Logger;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** As VirtRigaud's own servers answer: no checks are registered there either. */
const HEALTH = { status: 'healthy', checks: {}, summary: { healthy: 0, unhealthy: 0, unknown: 0 } };

/** Throws if the port cannot be had. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(options, request.method, request.url).then(
      (page) => send(response, page),
      (error: unknown) => {
        options.log.error('health request failed', { path: request.url, error });
        send(response, text(500, 'internal error'));
      },
    );
  });
  await listen(server, options);
  return { port: (server.address() as AddressInfo).port, close: async () => await close(server) };
}

async function answer(options: HealthOptions, method: string | undefined, url = '/'): Promise<Page> {
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'method not allowed');
  switch (new URL(url, 'http://localhost').pathname) {
    case '/healthz':
      return text(200, 'ok');
    case '/readyz':
      return options.isReady() ? text(200, 'ready') : text(503, 'not ready');
    case '/health':
      return { status: 200, type: 'application/json', body: JSON.stringify(HEALTH) };
    case '/metrics':
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await options.metrics() };
    default:
      return text(404, 'not found');
  }
}

function text(status: number, body: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body };
}

function send(response: ServerResponse, { status, type, body }: Page): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

async function listen(server: Server, { host, port, log }: HealthOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Error(`cannot serve health checks on port ${port}: ${cause.message}`, { cause }));
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.on('error', (error) => log.error('health port', { error }));
      resolve();
    });
  });
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
