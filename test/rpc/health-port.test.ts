import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { type HealthServer, startHealthServer } from '#runtime/health';
import { createLogger } from '#runtime/log';
import { createMetrics } from '#runtime/metrics';

async function start(isReady = (): boolean => true, port = 0): Promise<HealthServer> {
  const metrics = createMetrics({ component: 'provider', version: '1.2.3' });
  metrics.rpcFinished({ method: 'Create', code: 'OK', seconds: 0.003 });
  metrics.rpcFinished({ method: 'Create', code: 'Aborted', seconds: 1 });
  const log = createLogger({ write: () => undefined });
  const text = async (): Promise<string> => await metrics.text();
  const server = await startHealthServer({ host: '127.0.0.1', port, isReady, metrics: text, log });
  onTestFinished(async () => await server.close());
  return server;
}

async function get(
  { port }: HealthServer,
  path: string,
  method: 'GET' | 'POST' = 'GET',
): Promise<{ status: number; body: string }> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { method });
  return { status: statusCode, body: await body.text() };
}

it('/healthz is ok whatever the state', async () => {
  const server = await start(() => false);
  expect(await get(server, '/healthz')).toEqual({ status: 200, body: 'ok' });
});

it('/readyz follows the gRPC server', async () => {
  let ready = true;
  const server = await start(() => ready);
  expect(await get(server, '/readyz')).toEqual({ status: 200, body: 'ready' });
  ready = false;
  expect(await get(server, '/readyz')).toEqual({ status: 503, body: 'not ready' });
});

it('/health has the shape the contract gives', async () => {
  const { status, body } = await get(await start(), '/health?x=1');
  expect(status).toBe(200);
  expect(body).toBe('{"status":"healthy","checks":{},"summary":{"healthy":0,"unhealthy":0,"unknown":0}}');
});

it('/metrics has the names of the contract', async () => {
  const { body } = await get(await start(), '/metrics');
  expect(body).toMatch(
    /^virtrigaud_build_info\{version="1\.2\.3",git_sha="unknown",go_version="node [\d.]+",component="provider"\} 1$/m,
  );
  expect(body).toMatch(
    /^virtrigaud_provider_rpc_requests_total\{provider_type="proxmox",method="Create",code="OK"\} 1$/m,
  );
  expect(body).toMatch(
    /^virtrigaud_provider_rpc_latency_seconds_bucket\{le="0\.004",provider_type="proxmox",method="Create"\} 1$/m,
  );
  expect(body).toMatch(/^virtrigaud_provider_rpc_latency_seconds_count\{provider_type="proxmox",method="Create"\} 2$/m);
});

it.each([
  ['/nothing', 'GET', 404],
  ['/healthz', 'POST', 405],
] as const)('%s by %s is %d', async (path, method, status) => {
  expect((await get(await start(), path, method)).status).toBe(status);
});

it('a port that is taken is an error naming it', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  await expect(start(() => true, port)).rejects.toThrow(
    `cannot serve health checks on port ${port}: listen EADDRINUSE`,
  );
});
