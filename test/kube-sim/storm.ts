// A storm of writes against an API that is killed in the middle of it, again and again: what was acknowledged has to be there,
// and a watch that comes back has to see each of it once.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { parse } from 'yaml';
import { type ApiClient, apiClient, type Body } from './api-client.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/virtrigaud-manager.ts');
const PATH = '/api/v1/namespaces/default/configmaps';
const WRITERS = 4;
/** Between two kills. */
const MOST_WRITES = 80;
const MOST_MS = 10;

/** The program itself, in a process of its own. */
export interface ApiProcess {
  readonly client: ApiClient;
  readonly pid: number;
  readonly port: number;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
}

export async function startProcess(folder: string, port = 0, program = PROGRAM): Promise<ApiProcess> {
  const args = [program, '--standalone', '--api-only', '--data-dir', folder, '--listen', `127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await started(child);
  const access = accessOf(join(folder, 'kubeconfig'));
  const client = apiClient(access);
  return {
    client,
    pid: child.pid ?? 0,
    port: Number(new URL(access.url).port),
    kill: async (signal) => {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
      await client.close();
      return child.exitCode;
    },
  };
}

async function started(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('the process has no output');
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes('serving the Kubernetes API')) return void child.stdout.resume();
  throw new Error('the process has ended');
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

function accessOf(kubeconfig: string) {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  return { url: server, ca: Buffer.from(ca, 'base64').toString(), token: users[0].user.token };
}

export interface Storm {
  /** Acknowledged writes: how many, and those that were not there afterwards. */
  readonly acknowledged: number;
  readonly lost: readonly string[];
  /** What the watches saw, all together: events in the wrong order or seen twice, and acknowledged writes they did not see. */
  readonly repeated: readonly string[];
  readonly missed: readonly string[];
}

/** @param random below 1: after how many writes it is killed */
export async function storm(kills: number, random: () => number): Promise<Storm> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-sim-storm-'));
  const acknowledged = new Map<string, number>();
  const seen: number[] = [];
  let last = 0;
  for (let round = 0; round <= kills; round++) {
    const api = await startProcess(folder);
    const isLast = round === kills;
    const watching = watchOn(api.client, last, seen);
    const writing = Array.from(
      { length: WRITERS },
      async (_, writer) => await write(api.client, `w${round}-${writer}`, acknowledged, isLast),
    );
    if (!isLast) {
      // So many more writes, and then a moment in the middle of others: a busy machine has as many of them.
      const wanted = acknowledged.size + Math.floor(random() * MOST_WRITES);
      while (acknowledged.size < wanted) await wait(1);
      await wait(random() * MOST_MS);
      await api.kill('SIGKILL');
    }
    await Promise.all(writing);
    if (isLast) await seenUpTo(seen, Math.max(...acknowledged.values()));
    const report = isLast ? await compare(api.client, acknowledged) : undefined;
    if (isLast) await api.kill('SIGTERM');
    await watching;
    last = seen.at(-1) ?? last;
    if (report !== undefined) {
      rmSync(folder, { recursive: true });
      return { acknowledged: acknowledged.size, lost: report, ...judge(seen, acknowledged) };
    }
  }
  throw new Error('unreachable');
}

/** Writes one object after another, until it is refused or has done enough. */
async function write(
  client: ApiClient,
  prefix: string,
  acknowledged: Map<string, number>,
  isLast: boolean,
): Promise<void> {
  for (let number = 0; number < (isLast ? 3 : Number.POSITIVE_INFINITY); number++) {
    const name = `${prefix}-${number}`;
    try {
      const { status, body } = await client.call('POST', PATH, { metadata: { name }, data: { name } });
      if (status === 201) acknowledged.set(name, Number(body.metadata.resourceVersion));
    } catch {
      return;
    }
  }
}

async function watchOn(client: ApiClient, from: number, seen: number[]): Promise<void> {
  try {
    const watch = await client.watch(`${PATH}?watch=1&resourceVersion=${from === 0 ? '1' : from}`);
    for (;;) {
      const event = await watch.next();
      if (event?.object?.metadata === undefined) return;
      seen.push(Number(event.object.metadata.resourceVersion));
    }
  } catch {
    // Killed: the next round goes on.
  }
}

async function seenUpTo(seen: readonly number[], revision: number): Promise<void> {
  while ((seen.at(-1) ?? 0) < revision) await wait(5);
}

async function compare(client: ApiClient, acknowledged: ReadonlyMap<string, number>): Promise<string[]> {
  const { body } = await client.call('GET', PATH);
  const there = new Map(body.items.map(({ metadata }: Body) => [metadata.name, Number(metadata.resourceVersion)]));
  return [...acknowledged].filter(([name, revision]) => there.get(name) !== revision).map(([name]) => name);
}

function judge(seen: readonly number[], acknowledged: ReadonlyMap<string, number>) {
  const all = new Set(seen);
  const repeated = seen.filter((revision, index) => index > 0 && revision <= (seen[index - 1] ?? 0)).map(String);
  const missed = [...acknowledged].filter(([, revision]) => !all.has(revision)).map(([name]) => name);
  return { repeated, missed };
}
