// The control endpoint: plain HTTP on loopback, for tests and for people, beside PVE's own API. Nothing a client of PVE
// should use.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { readBody } from '../server/read-body.ts';
import type { Simulator } from '../simulator.ts';
import { CONTROL_ROUTES, Page } from './control-routes.ts';

export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export async function startControlServer(simulator: Simulator, port: number): Promise<ControlServer> {
  const server = createServer((request, response) => void answer(simulator, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actual}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(simulator: Simulator, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply = await respond(simulator, request).catch(refused);
  const [type, content] = encode(reply.body);
  response.writeHead(reply.status, { 'Content-Type': type });
  response.end(content);
}

function encode(body: unknown): [type: string, content: string | Uint8Array] {
  if (body instanceof Uint8Array) return ['application/octet-stream', body];
  if (body instanceof Page) return ['text/html; charset=utf-8', body.html];
  return ['application/json', `${JSON.stringify(body ?? {})}\n`];
}

function refused(error: unknown): Reply {
  if (error instanceof z.ZodError) return { status: 400, body: { error: z.prettifyError(error) } };
  return { status: 400, body: { error: error instanceof Error ? error.message : String(error) } };
}

async function respond(simulator: Simulator, request: IncomingMessage): Promise<Reply> {
  const url = new URL(request.url ?? '/', 'http://control');
  const text = (await readBody(request)).toString('utf8');
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  for (const route of CONTROL_ROUTES) {
    const match = route.method === request.method ? route.path.exec(url.pathname) : null;
    if (match === null) continue;
    const captured = match.slice(1).map(decodeURIComponent);
    return { status: 200, body: await route.handle({ simulator, captured, query: url.searchParams, body }) };
  }
  return { status: 404, body: { error: `the control endpoint has no ${request.method ?? ''} ${url.pathname}` } };
}
