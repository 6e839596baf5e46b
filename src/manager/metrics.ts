// What the manager tells Prometheus, under the names that VirtRigaud's dashboards know.
import { Counter, exponentialBuckets, Histogram } from 'prom-client';
import type { OnRequest } from '#kube/transport';
import { createMetrics, type FinishedRpc } from '#runtime/metrics';
import type { Next } from './work/visit-object.ts';

export interface ManagerMetrics {
  readonly visited: (kind: string, next: Next['kind'], seconds: number) => void;
  readonly called: (call: FinishedRpc) => void;
  readonly asked: OnRequest;
  /** The text Prometheus reads. */
  readonly text: () => Promise<string>;
}

const OUTCOMES: Readonly<Record<Next['kind'], string>> = { settled: 'success', later: 'requeue', failed: 'error' };

export function createManagerMetrics(version: string): ManagerMetrics {
  const metrics = createMetrics({ component: 'manager', version });
  const registers = [metrics.registry];
  const visits = new Counter({
    name: 'virtrigaud_manager_reconcile_total',
    help: 'Visits of objects, by kind and how they ended.',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'virtrigaud_manager_reconcile_duration_seconds',
    help: 'How long a visit took.',
    labelNames: ['kind'],
    buckets: exponentialBuckets(0.001, 2, 15),
    registers,
  });
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the Kubernetes API, by method and status code.',
    labelNames: ['method', 'code'],
    registers,
  });
  return {
    asked: (method, code) => requests.inc({ method, code }),
    visited: (kind, next, seconds) => {
      visits.inc({ kind, outcome: OUTCOMES[next] });
      duration.observe({ kind }, seconds);
    },
    called: (call) => metrics.rpcFinished(call),
    text: async () => await metrics.text(),
  };
}
