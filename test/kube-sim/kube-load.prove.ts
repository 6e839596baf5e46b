// Ten thousand objects and twenty watchers, in a process whose memory can be told apart.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ApiClient, WatchReader } from './api-client.ts';
import { DEFINITIONS_PATH, THINGS, thing, thingsPath } from './definitions.ts';
import { startProcess } from './storm.ts';

const OBJECTS = 10_000;
const WATCHERS = 20;
const WRITERS = 16;
const LIMIT_MIB = 200;
const PATH = thingsPath();
/** What is shipped; the same from its source has to strip the types first, which stays in memory. */
const BUNDLE = join(import.meta.dirname, '../../dist/virtrigaud-manager.mjs');

test(`${OBJECTS} objects are listed and told to ${WATCHERS} watchers within ${LIMIT_MIB} MiB`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kube-sim-load-'));
  const api = await startProcess(folder, 0, BUNDLE);
  const call: ApiClient['call'] = async (...request) => await api.client.call(...request);
  await call('POST', DEFINITIONS_PATH, THINGS);
  const watches = await Promise.all(
    Array.from({ length: WATCHERS }, async () => await api.client.watch(`${PATH}?watch=1`)),
  );

  const started = performance.now();
  const delays: number[] = [];
  const sentAt = new Map<string, number>();
  const watching = Promise.all(watches.map(async (watch) => await seeAll(watch, sentAt, delays)));
  await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => await write(call, writer, sentAt)));
  const written = performance.now() - started;
  await watching;
  const seen = performance.now() - started;

  const listing = performance.now();
  const { body } = await call('GET', PATH);
  const listed = performance.now() - listing;
  const lists = performance.now();
  await Promise.all(Array.from({ length: WATCHERS }, async () => await call('GET', PATH)));
  const allListed = performance.now() - lists;
  const peak = peakMib(api.pid);

  const sorted = delays.toSorted((one, other) => one - other);
  const line = (what: string, value: string): string => `  ${what.padEnd(44)} ${value}`;
  process.stdout.write(
    `${[
      line('writes, one by one on disk', `${Math.round(OBJECTS / (written / 1000))} a second`),
      line(
        `told to ${WATCHERS} watchers after`,
        `${(seen / 1000).toFixed(1)} s, each ${sorted[sorted.length >> 1]?.toFixed(0)} ms (median)`,
      ),
      line('one list of all', `${listed.toFixed(0)} ms`),
      line(`${WATCHERS} lists of all at once`, `${allListed.toFixed(0)} ms`),
      line('memory at its most', `${peak.toFixed(0)} MiB`),
    ].join('\n')}\n`,
  );
  for (const watch of watches) watch.stop();
  await api.kill('SIGTERM');
  rmSync(folder, { recursive: true });
  expect(body.items.length).toBe(OBJECTS);
  expect(delays.length).toBe(OBJECTS * WATCHERS);
  expect(peak).toBeLessThan(LIMIT_MIB);
});

async function write(
  call: (method: string, path: string, body: unknown) => Promise<{ readonly status: number }>,
  writer: number,
  sentAt: Map<string, number>,
): Promise<void> {
  const note = 'n'.repeat(600);
  for (let number = writer; number < OBJECTS; number += WRITERS) {
    const name = `thing-${String(number).padStart(5, '0')}`;
    sentAt.set(name, performance.now());
    const { status } = await call('POST', PATH, thing(name, { spec: { note, names: ['a', 'b', 'c'] } }));
    expect(status).toBe(201);
  }
}

async function seeAll(watch: WatchReader, sentAt: ReadonlyMap<string, number>, delays: number[]): Promise<void> {
  for (let count = 0; count < OBJECTS; count++) {
    const name = (await watch.next())?.object.metadata.name ?? '';
    delays.push(performance.now() - (sentAt.get(name) ?? 0));
  }
}

/** Resident, MiB. */
function peakMib(pid: number): number {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
