// A server that says what a test wants it to, over plain HTTP: what a well-behaved API server does not do.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeApi } from '#kube/api';
import { type ConnectOptions, connectKube } from '#kube/connect';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface ScriptedApi {
  readonly api: KubeApi;
  readonly asked: readonly Asked[];
  readonly stop: () => Promise<void>;
}

export async function startScriptedApi(
  answer: (asked: Asked, response: ServerResponse, count: number) => void,
  options: ConnectOptions = {},
): Promise<ScriptedApi> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://api');
      const text = Buffer.concat(chunks).toString();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      const { method = '', headers } = request;
      const one = { method, path: pathname, query: searchParams, headers, body };
      asked.push(one);
      answer(one, response, asked.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'kube-scripted-'));
  const { port } = server.address() as AddressInfo;
  const api = await connectKube({ kubeconfig: kubeconfig(folder, port) }, options);
  return {
    api,
    asked,
    stop: async () => {
      api.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

function kubeconfig(folder: string, port: number): string {
  const file = join(folder, 'config');
  const cluster = { server: `http://127.0.0.1:${port}/gateway/`, 'insecure-skip-tls-verify': true };
  const config = {
    'current-context': 'c',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

export function sendJson(response: ServerResponse, code: number, body: unknown, headers: object = {}): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export function sendStatus(response: ServerResponse, code: number, reason: string, headers: object = {}): void {
  sendJson(response, code, { kind: 'Status', apiVersion: 'v1', code, reason, message: `said ${reason}` }, headers);
}
