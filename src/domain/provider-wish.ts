import type { ObjectRef } from './object-ref.ts';

/** What a Provider asks for. */
export interface ProviderWish extends ObjectRef {
  readonly endpoint: string;
  /** The Secret; undefined: the environment has them. */
  readonly credentials: ObjectRef | undefined;
  /** Any certificate of the API is taken. */
  readonly insecureSkipVerify: boolean;
  readonly runtime: ProviderRuntime;
  readonly defaults: ProviderDefaults;
  readonly health: HealthWish;
}

/** How the manager looks whether it is healthy. */
export interface HealthWish {
  /** False: it is taken for healthy while it answers calls. */
  readonly enabled: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** In a row, until it counts as unhealthy. */
  readonly failures: number;
  /** In a row, until it counts as healthy again. */
  readonly successes: number;
}

/** How the process that talks to the API runs. */
export interface ProviderRuntime {
  /** Undefined: the manager's own version. */
  readonly image: string | undefined;
  readonly replicas: number;
  readonly port: number;
  readonly tls: ProviderTls;
  readonly env: readonly EnvVar[];
  readonly logLevel: string;
  readonly logFormat: string;
  /** What only a pod has (tolerations, probes and so on), as it is written. */
  readonly pod: Readonly<Record<string, unknown>>;
}

/** Between manager and provider. `issued`: with certificates that the manager makes. */
export type ProviderTls =
  | { readonly kind: 'issued'; readonly takesAny: boolean }
  | { readonly kind: 'secret'; readonly secret: ObjectRef; readonly takesAny: boolean }
  | { readonly kind: 'off' };

export type EnvVar = { readonly name: string } & (
  | { readonly value: string }
  | { readonly from: EnvSource; readonly optional: boolean }
);

export type EnvSource =
  | { readonly kind: 'secret' | 'configMap'; readonly object: ObjectRef; readonly key: string }
  /** Of the pod it runs in. */
  | { readonly kind: 'field'; readonly path: string }
  | { readonly kind: 'resource'; readonly resource: string; readonly divisor: string | undefined };

/** What VMs get that do not say. */
export interface ProviderDefaults {
  readonly storage: string | undefined;
  readonly pool: string | undefined;
  readonly network: string | undefined;
}
