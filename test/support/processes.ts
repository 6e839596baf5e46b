// Providers as processes, from the bundle: what can be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Simulator } from '#pve-sim/simulator';
import { createProviderClient, type ProviderClient } from '#rpc/client';
import { providerEnvironment } from './flow.ts';

const bundle = join(import.meta.dirname, '../../dist/provider-proxmox.mjs');

export interface ProviderProcess {
  readonly client: ProviderClient;
  readonly port: number;
  readonly healthPort: number;
  readonly pid: number;
  /** Ends it by a signal; resolves with its exit code, null after SIGKILL. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
}

/** Starts a provider on node `index`'s endpoint; resolves when it serves, rejects with its log where it ends instead. */
export async function startProviderProcess(
  sim: Simulator,
  index: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<ProviderProcess> {
  const environment = { ...providerEnvironment(sim, index), ...settings, LOG_FORMAT: 'json' };
  const args = ['--host=127.0.0.1', '--port=0', '--health-port=0', `--time-scale=${sim.clock.factor}`];
  const child = spawnProvider(args, environment);
  const started = await startLine(child);
  const client = createProviderClient({ address: `127.0.0.1:${started.port}` });
  return {
    client,
    port: started.port,
    healthPort: started.health_port,
    pid: child.pid ?? 0,
    kill: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      }
      client.close();
      return child.exitCode;
    },
  };
}

/** A provider with nothing of this process's environment but PATH. */
function spawnProvider(args: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  const env = { PATH: process.env['PATH'] ?? '', VIRTRIGAUD_CREDENTIALS_DIR: '/nonexistent', ...environment };
  return spawn(process.execPath, [bundle, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

interface StartLine {
  readonly port: number;
  readonly health_port: number;
}

async function startLine(child: ChildProcess): Promise<StartLine> {
  const lines: string[] = [];
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the process has no output');
  stderr.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  for await (const line of createInterface({ input: stdout })) {
    lines.push(line);
    const fields = JSON.parse(line) as StartLine & { msg: string };
    if (fields.msg !== 'Starting Proxmox VE provider server') continue;
    stdout.resume();
    return fields;
  }
  throw new Error(`the provider ended: ${lines.join('\n')}`);
}

export interface Ended {
  readonly code: number | null;
  /** Standard output and error, line by line. */
  readonly lines: readonly string[];
  readonly seconds: number;
}

/** Runs a provider to its end. */
export async function runToEnd(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> {
  const startedAt = performance.now();
  const child = spawnProvider(args, environment);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  const lines = Buffer.concat(chunks)
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  return { code: child.exitCode, lines, seconds: (performance.now() - startedAt) / 1000 };
}
