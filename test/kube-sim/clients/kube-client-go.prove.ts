// A program in Go with client-go's clients, informers, leader election and recorders, against the API in a process of its own
// that is killed while an informer watches. Skipped where there is no Go.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { buildGo } from '../../support/go.ts';
import { DEFINITIONS_PATH, THINGS } from '../definitions.ts';
import { type ApiProcess, startProcess } from '../storm.ts';

const EXPECTED = {
  kinds: expect.arrayContaining(['things example.test/v1', 'secrets v1', 'leases coordination.k8s.io/v1']),
  mapping: 'example.test/v1, Resource=things namespace',
  openapi: true,
  defaults: { note: 'new', size: 1 },
  'already exists': true,
  invalid: true,
  strategic: true,
  conflicts: 2,
  status: 'map[phase:Up] 4',
  precondition: true,
  ending: true,
  list: '1 true',
  'not found': true,
  seen: [
    'add one',
    'update one 2',
    'update one 3',
    'update one 3',
    'update one 4',
    'update one 4',
    'add held',
    'update held ending',
    'delete held ending',
    'delete one',
  ],
  secret: 'b Opaque 8',
  'strategic secret': '2',
  'secret events': 3,
  protobuf: 'map[a:] map[a:c empty:] map[c:[0 255]] 1',
  'protobuf not found': true,
  'protobuf precondition': true,
  'protobuf gone': true,
  metadata: ['add before', 'add after'],
  holders: ['first', 'second', 'third'],
  event: 'Created: has been made by go-program',
  'event of events.k8s.io': 'Broken: is broken by go-program',
  'seen through a restart': ['add survivor', 'add newcomer', 'delete survivor'],
};

it.for([
  { how: 'lists and watches', environment: {} },
  { how: 'watches from the state on', environment: { KUBE_FEATURE_WatchListClient: 'true' } },
])('client-go $how', async ({ environment }, { skip }) => {
  const built = buildGo(join(import.meta.dirname, 'kube-go-client'), 'kube-go-client');
  if ('missing' in built) return skip(built.missing);
  const folder = mkdtempSync(join(tmpdir(), 'kube-go-client-'));
  let api: ApiProcess = await startProcess(folder);
  onTestFinished(async () => {
    await api.kill('SIGTERM');
    rmSync(folder, { recursive: true });
  });
  expect((await api.client.call('POST', DEFINITIONS_PATH, THINGS)).status).toBe(201);

  const env = { PATH: process.env['PATH'], ...environment };
  const program = spawn(built.binary, [join(folder, 'kubeconfig')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const errors: string[] = [];
  program.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const checks: Record<string, unknown> = {};
  for await (const line of createInterface({ input: program.stdout })) {
    const { check, value } = JSON.parse(line) as { check: string; value: unknown };
    if (check === 'restart me') {
      const { port } = api;
      await api.kill('SIGKILL');
      api = await startProcess(folder, port);
      program.stdin.write('\n');
    } else checks[check] = value;
  }
  expect(checks, errors.join('')).toEqual(EXPECTED);
});
