// What the server does by itself, where it is kept from it: without room on the disk (a limit on the size of its files) who writes
// is refused, everybody else is served, and the rest is done when there is room again; killed, it goes on after its start.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import type { ApiClient } from './api-client.ts';
import { startProcess } from './storm.ts';

const PATH = '/api/v1/namespaces/default/configmaps';
const OWNED = 20;

const hasPrlimit = process.platform === 'linux' && isThere('prlimit');
if (!hasPrlimit) process.stdout.write('  skipped: prlimit of util-linux is not there\n');

test.skipIf(!hasPrlimit)('a full disk is told to who writes and harms nobody else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kube-sim-full-'));
  const api = await startProcess(folder);
  const { client } = api;
  const watch = await client.watch(`${PATH}?watch=1`);
  await createFamily(client, OWNED);

  const limit = (more: number | undefined): void => {
    const size = more === undefined ? 'unlimited' : String(statSync(join(folder, 'store.db-wal')).size + more);
    execFileSync('prlimit', ['--pid', String(api.pid), `--fsize=${size}:`]);
  };
  limit(0);
  const together = Array.from(
    { length: 8 },
    async (_, number) => await client.call('POST', PATH, { metadata: { name: `new-${number}` } }),
  );
  for (const { status, body } of await Promise.all(together))
    expect([status, body]).toEqual([500, expect.objectContaining({ kind: 'Status', reason: 'InternalError' })]);
  expect((await client.call('DELETE', `${PATH}/owner`)).status).toBe(500);
  expect((await names(client)).length).toBe(1 + OWNED);

  // Room for this, and not for all that follows from it.
  limit(100_000);
  expect((await client.call('DELETE', `${PATH}/owner`)).status).toBe(200);
  await until(
    async () => (await client.call('POST', PATH, { metadata: { generateName: 'fill-' } })).status,
    (status) => status === 500,
  );
  const left = (await names(client)).filter((name) => name.startsWith('owned-'));
  expect(left.length).toBeGreaterThan(0);
  limit(undefined);
  await until(
    async () => await names(client),
    (there) => !there.some((name) => name.startsWith('owned-')),
  );

  expect((await client.call('POST', PATH, { metadata: { name: 'last' } })).status).toBe(201);
  const told: string[] = [];
  while (told.at(-1) !== 'last') told.push((await watch.next())?.object.metadata.name ?? 'last');
  expect(told.filter((name) => name.startsWith('new-'))).toEqual([]);
  expect(told.filter((name) => name.startsWith('owned-')).length).toBe(2 * OWNED);
  watch.stop();
  expect(await api.kill('SIGTERM')).toBe(0);
  rmSync(folder, { recursive: true });
});

test('a deletion in the foreground goes on after the server was killed in the middle of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kube-sim-killed-'));
  const killed = await startProcess(folder);
  await createFamily(killed.client, 10 * OWNED);
  const { status } = await killed.client.call('DELETE', `${PATH}/owner`, { propagationPolicy: 'Foreground' });
  await killed.kill('SIGKILL');
  expect(status).toBe(200);

  const again = await startProcess(folder);
  await until(
    async () => await names(again.client),
    (there) => there.length === 0,
  );
  await again.kill('SIGTERM');
  rmSync(folder, { recursive: true });
});

/** `owner`, and what it owns: `owned-0` ... */
async function createFamily(client: ApiClient, count: number): Promise<void> {
  const { body: owner } = await client.call('POST', PATH, { metadata: { name: 'owner' } });
  const { uid } = owner.metadata;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, blockOwnerDeletion: true }];
  for (let number = 0; number < count; number++)
    await client.call('POST', PATH, { metadata: { name: `owned-${number}`, ownerReferences } });
}

async function names(client: ApiClient): Promise<string[]> {
  const { status, body } = await client.call('GET', PATH);
  expect(status).toBe(200);
  return body.items.map(({ metadata }) => metadata.name);
}

function isThere(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
