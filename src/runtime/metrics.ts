import { Counter, exponentialBuckets, Gauge, Histogram, Registry } from 'prom-client';

// What a program tells Prometheus, under the names VirtRigaud's dashboards know.

export interface MetricsOptions {
  /** `provider`, `manager`. */
  readonly component: string;
  readonly version: string;
  readonly gitSha?: string;
}

export interface FinishedRpc {
  /** Short name: `Create`. */
  readonly method: string;
  /** `OK`, `Aborted`, ... */
  readonly code: string;
  readonly seconds: number;
}

export interface Metrics {
  /** Where a program adds metrics of its own. */
  readonly registry: Registry;
  rpcFinished(rpc: FinishedRpc): void;
  /** Whether PVE answered a request of ours, and took our credentials; undefined where nobody can tell. */
  pveAsked(well: boolean | undefined): void;
  /** The text Prometheus reads. */
  text(): Promise<string>;
}

const PROVIDER_TYPE = 'proxmox';

export function createMetrics({ component, version, gitSha = 'unknown' }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'virtrigaud_build_info',
    help: 'Always 1; the labels tell what runs.',
    labelNames: ['version', 'git_sha', 'go_version', 'component'],
    registers,
  }).set({ version, git_sha: gitSha, go_version: `node ${process.versions.node}`, component }, 1);
  const requests = new Counter({
    name: 'virtrigaud_provider_rpc_requests_total',
    help: 'Calls answered, by method and status code.',
    labelNames: ['provider_type', 'method', 'code'],
    registers,
  });
  const latency = new Histogram({
    name: 'virtrigaud_provider_rpc_latency_seconds',
    help: 'Time from request to answer.',
    labelNames: ['provider_type', 'method'],
    buckets: exponentialBuckets(0.001, 2, 15),
    registers,
  });
  const pveUp = new Gauge({
    name: 'virtrigaud_provider_pve_up',
    help: '1 where PVE answered the last request and took the credentials, else 0.',
    labelNames: ['provider_type'],
    registers,
  });
  return {
    registry,
    pveAsked: (well) => {
      if (well !== undefined) pveUp.set({ provider_type: PROVIDER_TYPE }, well ? 1 : 0);
    },
    rpcFinished: ({ method, code, seconds }) => {
      requests.inc({ provider_type: PROVIDER_TYPE, method, code });
      latency.observe({ provider_type: PROVIDER_TYPE, method }, seconds);
    },
    text: async () => await registry.metrics(),
  };
}
