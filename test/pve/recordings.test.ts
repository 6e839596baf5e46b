import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPermissions } from '#pve/access/permissions';
import { readHaResource } from '#pve/cluster/ha';
import { readClusterOptions } from '#pve/cluster/options';
import { listGuests } from '#pve/cluster/resources';
import { readClusterStatus } from '#pve/cluster/status';
import type { Pve } from '#pve/connection/pve';
import { PveError, UnexpectedAnswer } from '#pve/errors';
import type { NodeName, Upid, Vmid } from '#pve/ids';
import { listBridges } from '#pve/nodes/network';
import { listStorages } from '#pve/nodes/storage';
import { listTasks, readTaskLog, readTaskStatus } from '#pve/nodes/tasks';
import { networkInterfaces } from '#pve/qemu/agent';
import { readConfig } from '#pve/qemu/config';
import { readPending } from '#pve/qemu/pending';
import { listSnapshots } from '#pve/qemu/snapshots';
import { readStatus } from '#pve/qemu/status';
import { listVolumes } from '#pve/storage/volumes';
import { readVersion } from '#pve/version';
import { call, connectTo } from './scripted-pve.ts';
import { startReplay } from './replay.ts';

// Every answer that was recorded from a real PVE, good and bad, goes through the call that reads such answers.

const vm = { node: 'pve' as NodeName, vmid: 100 as Vmid };
const upid = 'UPID:pve:000004D2:0056A735:6553F100:qmclone:9000:root@pam:' as Upid;
const READERS: readonly (readonly [path: RegExp, read: (pve: Pve) => Promise<unknown>])[] = [
  [/^\/version$/, async (pve) => await readVersion(pve, call())],
  [/^\/access\/permissions$/, async (pve) => await readPermissions(pve, call())],
  [/^\/cluster\/resources$/, async (pve) => await listGuests(pve, call())],
  [/^\/cluster\/status$/, async (pve) => await readClusterStatus(pve, call())],
  [/^\/cluster\/options$/, async (pve) => await readClusterOptions(pve, call())],
  [/^\/cluster\/ha\/resources\/[^/]+$/, async (pve) => await readHaResource(pve, vm.vmid, call())],
  [/^\/nodes\/[^/]+\/network$/, async (pve) => await listBridges(pve, vm.node, call())],
  [/^\/nodes\/[^/]+\/storage$/, async (pve) => await listStorages(pve, vm.node, call())],
  [/^\/nodes\/[^/]+\/storage\/[^/]+\/content$/, async (pve) => await listVolumes(pve, { ...vm, storage: 's' }, call())],
  [/^\/nodes\/[^/]+\/tasks$/, async (pve) => await listTasks(pve, vm.node, call())],
  [/^\/nodes\/[^/]+\/tasks\/[^/]+\/status$/, async (pve) => await readTaskStatus(pve, upid, call())],
  [/^\/nodes\/[^/]+\/tasks\/[^/]+\/log$/, async (pve) => await readTaskLog(pve, upid, call())],
  [/^\/nodes\/[^/]+\/qemu\/\d+\/config$/, async (pve) => await readConfig(pve, vm, call())],
  [/^\/nodes\/[^/]+\/qemu\/\d+\/pending$/, async (pve) => await readPending(pve, vm, call())],
  [/^\/nodes\/[^/]+\/qemu\/\d+\/snapshot$/, async (pve) => await listSnapshots(pve, vm, call())],
  [/^\/nodes\/[^/]+\/qemu\/\d+\/status\/current$/, async (pve) => await readStatus(pve, vm, call())],
  [/\/agent\/network-get-interfaces$/, async (pve) => await networkInterfaces(pve, vm, call())],
];

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly reason: string;
  readonly body: unknown;
}

const root = join(process.env['FACTS_DIR'] ?? '../shared', 'data/pve-traces');
const isMissing = !existsSync(root) && process.env['FACTS_DIR'] === undefined;
const skipped = isMissing ? ' (skipped: ../shared is not here)' : '';

function recordings(): readonly (readonly [name: string, exchanges: readonly Recorded[]])[] {
  if (isMissing) return [];
  const folders = ['8.4.21/one-node', '8.4.21/two-node', '9.1.9/one-node', '9.1.9/two-node'];
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => {
      const steps: Recorded[] = [];
      collect(JSON.parse(readFileSync(join(root, folder, name), 'utf8')), steps);
      return [`${folder}/${name}`, steps] as const;
    }),
  );
}

/** Exchanges lie at several depths: plain steps, polls, branches that ran at the same time. */
function collect(value: unknown, into: Recorded[]): void {
  if (typeof value !== 'object' || value === null) return;
  if ('request' in value && 'response' in value) {
    const request = value.request as { method: string; path: string };
    const response = value.response as { status?: number; reason?: string; body?: unknown };
    const path = request.path.replace(/^\/api2\/json/, '');
    const { status, reason = '', body } = response;
    // Downloads and the like are recorded without a body.
    const isEmpty = status === 200 && (typeof body !== 'object' || body === null);
    if (status !== undefined && !isEmpty) into.push({ method: request.method, path, status, reason, body });
  }
  for (const inner of Object.values(value)) collect(inner, into);
}

describe.skipIf(isMissing)(`what a real PVE answered${skipped}`, () => {
  const all = recordings();
  const read = all.flatMap(([, exchanges]) => exchanges.filter((it) => readerOf(it) !== undefined));

  test('there are many answers to read', () => expect(read.length).toBeGreaterThan(500));

  test.each(all)('%s is read or told as the error it is', async (_name, exchanges) => {
    const server = await startReplay();
    let pve = connectTo(server.url);
    for (const exchange of exchanges) {
      const reader = readerOf(exchange);
      server.next = { status: exchange.status, reason: exchange.reason, body: JSON.stringify(exchange.body) };
      if (reader !== undefined && exchange.status === 200) await readOrExplain(reader, pve, exchange);
      if (exchange.status >= 400 && exchange.status < 595) await checkError(pve, exchange);
      if (exchange.status !== 401) continue;
      // Refused credentials are not shown again for a while.
      await pve.close();
      pve = connectTo(server.url);
    }
    await pve.close();
    server.stop();
  });
});

function readerOf(exchange: Recorded): ((pve: Pve) => Promise<unknown>) | undefined {
  if (exchange.method !== 'GET') return undefined;
  return READERS.find(([path]) => path.test(exchange.path))?.[1];
}

async function readOrExplain(reader: (pve: Pve) => Promise<unknown>, pve: Pve, exchange: Recorded): Promise<void> {
  try {
    expect(await reader(pve)).toBeDefined();
  } catch (error) {
    if (error instanceof UnexpectedAnswer) throw new Error(`${exchange.path}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function checkError(pve: Pve, exchange: Recorded): Promise<void> {
  const error: unknown = await pve.post('/x', call()).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PveError);
  const { status, reason, message, errors } = error as PveError;
  const body = (exchange.body ?? {}) as { message?: string; errors?: Record<string, string> };
  expect({ status, reason }).toEqual({ status: exchange.status, reason: exchange.reason.trim() });
  expect(message).toBe(body.message?.trimEnd() ?? reason);
  expect(Object.keys(errors)).toEqual(Object.keys(body.errors ?? {}));
}
