// The manager as a program: logged in at an API, with health checks, until it is told to end.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { connectKube } from '#kube/connect';
import type { KubeLogin } from '#kube/login';
import type { Clock } from '#runtime/clock';
import { startHealthServer } from '#runtime/health';
import type { Logger } from '#runtime/log';
import type { Shutdown } from '#runtime/shutdown';
import { type Election, type Manager, startManager } from './manager.ts';
import { createManagerMetrics } from './metrics.ts';
import type { ProviderRunner } from './provider/runner.ts';

export interface ProgramOptions {
  readonly login: KubeLogin;
  readonly runner: ProviderRunner;
  readonly version: string;
  readonly namespace: string | undefined;
  readonly workers: number;
  /** undefined: none. */
  readonly healthPort: number | undefined;
  /** Absent: it is the only one. */
  readonly elects?: boolean;
  readonly leaderNamespace?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly shutdown: Shutdown;
}

/** Ends with the others of the program's parts. Rejects with why it cannot start. */
export async function runManager(options: ProgramOptions): Promise<Manager> {
  const { runner, version, namespace, workers, healthPort, clock, log, shutdown } = options;
  const metrics = createManagerMetrics(version);
  const api = await connectKube(options.login, { version, clock, onRequest: metrics.asked });
  shutdown.add('Kubernetes client', () => api.close());
  const identity = `${hostname()}_${randomUUID()}`;
  const manager = startManager({
    api,
    runner,
    clock,
    log,
    metrics,
    namespace,
    workers,
    identity,
    election: electionOf(options),
    onLost: () => void shutdown.begin('leadership lost'),
  });
  shutdown.add('manager', async () => await manager.stop());
  if (healthPort !== undefined) {
    // One that waits to lead is as ready as can be.
    const health = await startHealthServer({ port: healthPort, isReady: () => true, metrics: metrics.text, log });
    shutdown.add('health', async () => await health.close());
  }
  log.info('The manager has started', { version, api: api.server });
  return manager;
}

function electionOf({ elects = false, leaderNamespace }: ProgramOptions): Election | undefined {
  return elects ? { namespace: leaderNamespace ?? ownNamespace(), name: 'virtrigaud-manager' } : undefined;
}

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

function ownNamespace(): string {
  try {
    return readFileSync(NAMESPACE_FILE, 'utf8').trim();
  } catch {
    return 'virtrigaud-system';
  }
}
