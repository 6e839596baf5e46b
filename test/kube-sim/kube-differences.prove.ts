// The API on one machine and a real kube-apiserver are asked the same, and answer the same: in the end the real one is right.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customResourceDefinitions } from '#crd/definition/custom-resource-definition';
import { OWN_KINDS } from '#kube-sim/kinds/own-kinds';
import { type KubeSim, startKubeSim } from '#kube-sim/server';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildKubeApiserver, type InstalledManager, installManager } from '../support/installed-manager.ts';
import { type ApiClient, apiClient } from './api-client.ts';
import { type Question, QUESTIONS } from './server-questions.ts';

const MANY_MINUTES = 1_800_000;
const dataDir = mkdtempSync(join(tmpdir(), 'kube-differences-'));
let missing: string | undefined;
let installed: InstalledManager;
let sim: KubeSim;
let real: ApiClient;
let ours: ApiClient;

beforeAll(async () => {
  const built = buildKubeApiserver();
  if ('missing' in built) {
    missing = built.missing;
    return;
  }
  installed = await installManager(built.binary);
  const { port, ca, token } = installed.kube;
  real = apiClient({ url: `https://127.0.0.1:${port}`, ca: readFileSync(ca, 'utf8'), token });
  const where = { dataDir, host: '127.0.0.1', port: 0, name: 'virtrigaud-manager' };
  const tools = { clock: createClock(), log: createLogger({ write: () => undefined }) };
  sim = await startKubeSim({ ...where, ...tools, kinds: OWN_KINDS, definitions: customResourceDefinitions() });
  ours = apiClient(sim);
}, MANY_MINUTES);

afterAll(async () => {
  if (missing === undefined) {
    for (const client of [real, ours]) await client.close();
    await sim.stop();
    await installed.kube.stop();
  }
  rmSync(dataDir, { recursive: true });
});

it.for(QUESTIONS.map((question): [string, Question] => [titleOf(question), question]))(
  '%s',
  async ([, question], { skip }) => {
    if (missing !== undefined) return skip(missing);
    expect(await asked(ours, question)).toEqual(await asked(real, question));
  },
);

function titleOf([method, path, body]: Question): string {
  return `${method} ${path} ${JSON.stringify(body)?.slice(0, 120) ?? ''}`;
}

async function asked(client: ApiClient, [method, path, body, type]: Question) {
  const headers = type === undefined ? {} : { 'content-type': type };
  const answer = await client.call(method, path, body, { accept: 'application/json', ...headers });
  return { status: answer.status, warning: answer.headers['warning'], body: comparable(answer.body) };
}

const EACH_ITS_OWN = ['uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp', 'time'];
const ITS_OWN_TEXT = /0x[0-9a-f]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** That they are there counts. */
function comparable(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (field, value: unknown) => {
    if (EACH_ITS_OWN.includes(field)) return 'its own';
    return typeof value === 'string' ? value.replaceAll(ITS_OWN_TEXT, 'its own') : value;
  }) as unknown;
}
