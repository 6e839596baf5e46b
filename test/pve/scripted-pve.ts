// A PVE that answers from a script over a real socket: exactly these requests in exactly this order. It fails on a
// request that is not next, and at the end on one that never came.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect } from 'vitest';
import { createClock } from '#runtime/clock';
import { type Deadline, deadlineIn } from '#runtime/deadline';
import { createLogger } from '#runtime/log';
import { tokenAuthenticator } from '#pve/connection/authenticate';
import { connect, type ConnectOptions } from '#pve/connection/connect';
import { parseEndpoint } from '#pve/connection/endpoint';
import type { Pve } from '#pve/connection/pve';

/** A deadline that no test reaches. */
export const call = (): Deadline => deadlineIn(20_000);

/** What comes back: data in PVE's envelope, a whole answer, or a connection that ends (`cut`) or stays silent. */
export type Reply =
  | { readonly data: unknown }
  | { readonly status: number; readonly reason: string; readonly body?: string }
  | 'cut'
  | 'silence';

/** `GET /nodes/pve1/qemu?full=1`, below `/api2/json`; then the answer. */
export type Step = readonly [request: string, reply: Reply];

export interface SeenRequest {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface ScriptedPve {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** How many connections were opened. */
  connections(): number;
  /** Ends the server; throws where the script was not followed to its end. */
  finish(): Promise<void>;
}

export async function startScriptedPve(steps: readonly Step[]): Promise<ScriptedPve> {
  const seen: SeenRequest[] = [];
  const wrong: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const line = `${request.method ?? ''} ${(request.url ?? '').replace(/^\/api2\/json/, '')}`;
      const step = steps[seen.length];
      seen.push({ line, headers: request.headers, body });
      if (step?.[0] === line) return reply(response, step[1]);
      wrong.push(`request ${seen.length} was ${line}, expected ${step?.[0] ?? 'none'}`);
      return reply(response, { status: 501, reason: 'not in the script' });
    });
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () => connections,
    finish: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      const leftOver = steps.slice(seen.length).map(([request]) => `${request} never came`);
      expect([...wrong, ...leftOver]).toEqual([]);
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function reply(response: ServerResponse, answer: Reply): void {
  if (answer === 'silence') return;
  if (answer === 'cut') return void response.socket?.destroy();
  if ('data' in answer) {
    response.writeHead(200, 'OK', { 'content-type': 'application/json;charset=UTF-8' });
    return void response.end(JSON.stringify({ data: answer.data }));
  }
  response.writeHead(answer.status, answer.reason, { connection: 'close' });
  response.end(answer.body ?? '{"data":null}');
}

/** A connection to such a PVE; time goes 20 times as fast unless told otherwise. */
export function connectTo(url: string, options: Partial<ConnectOptions> = {}): Pve {
  const endpoint = parseEndpoint(url);
  if (endpoint === undefined) throw new Error(`${url} is no endpoint`);
  return connect({
    endpoint,
    authenticator: tokenAuthenticator('virtrigaud@pve!vrtg', '00000000-0000-4000-8000-000000000000'),
    clock: createClock({ factor: 20 }),
    log: createLogger({ write: () => undefined }),
    ...options,
  });
}

/** Runs `act` against a script and checks that the script was followed to its end. */
export async function withScript<T>(
  steps: readonly Step[],
  act: (pve: Pve, server: ScriptedPve) => Promise<T>,
  options: Partial<ConnectOptions> = {},
): Promise<T> {
  const server = await startScriptedPve(steps);
  const pve = connectTo(server.url, options);
  const result = await act(pve, server);
  await server.finish();
  await pve.close();
  return result;
}

/** What `action` failed with. */
export async function failureOf(action: Promise<unknown>): Promise<unknown> {
  const failure: unknown = await action.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure === undefined) throw new Error('it did not fail');
  return failure;
}
