// What answers as a Kubernetes API does to a list of VirtualMachines: TLS, a bearer token, pages.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCa } from './certificates.ts';

export interface KubeApi {
  /** A kubeconfig whose current context leads here, and which has another one, `broken`, with a wrong token. */
  readonly kubeconfig: string;
  /** Paths with queries, in order. */
  readonly requests: readonly string[];
  stop(): void;
}

const TOKEN = 'the-token';
const PATH = /^\/apis\/infra\.virtrigaud\.io\/v1beta1(?:\/namespaces\/([^/]+))?\/virtualmachines$/;

interface VmObject {
  readonly metadata: { readonly namespace: string };
}

/** Serves `objects` in pages of at most `pageSize`, whatever limit is asked for. */
export async function startKubeApi(objects: readonly VmObject[], pageSize: number): Promise<KubeApi> {
  const ca = await makeCa();
  const { cert, key } = await ca.leaf({ ip: ['127.0.0.1'], server: true });
  const requests: string[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    requests.push(request.url ?? '');
    const { status, body } = answer(request.headers.authorization, request.url ?? '', objects, pageSize);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    kubeconfig: writeKubeconfig(server, ca.cert),
    requests,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(
  authorization: string | undefined,
  url: string,
  objects: readonly VmObject[],
  pageSize: number,
): { status: number; body: unknown } {
  const { pathname, searchParams } = new URL(url, 'https://kube');
  const match = PATH.exec(pathname);
  if (authorization !== `Bearer ${TOKEN}`) return failure(401, 'Unauthorized', 'Unauthorized');
  if (match === null) return failure(404, 'NotFound', 'the server could not find the requested resource');
  const own = objects.filter(({ metadata }) => match[1] === undefined || metadata.namespace === match[1]);
  const from = Number(searchParams.get('continue') ?? 0);
  const to = from + pageSize;
  const next = to < own.length ? { continue: String(to), remainingItemCount: own.length - to } : {};
  const kind = 'VirtualMachineList';
  const metadata = { resourceVersion: '4711', ...next };
  return {
    status: 200,
    body: { apiVersion: 'infra.virtrigaud.io/v1beta1', kind, metadata, items: own.slice(from, to) },
  };
}

function failure(code: number, reason: string, message: string): { status: number; body: unknown } {
  return {
    status: code,
    body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code },
  };
}

function writeKubeconfig(server: Server, ca: string): string {
  const { port } = server.address() as AddressInfo;
  const file = join(mkdtempSync(join(tmpdir(), 'vrtg-kube-')), 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [
      {
        name: 'here',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': Buffer.from(ca).toString('base64'),
        },
      },
    ],
    users: [
      { name: 'me', user: { token: TOKEN } },
      { name: 'nobody', user: { token: 'wrong' } },
    ],
    contexts: [
      { name: 'here', context: { cluster: 'here', user: 'me' } },
      { name: 'broken', context: { cluster: 'here', user: 'nobody' } },
    ],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
