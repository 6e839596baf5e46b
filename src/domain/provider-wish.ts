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

/** How it is found out whether the provider reaches its API. */
export interface HealthWish {
  readonly isLookedAt: boolean;
  readonly everyMs: number;
  readonly patienceMs: number;
  /** Failures in a row that make it unhealthy, and successes that make it healthy. */
  readonly failures: number;
  readonly successes: number;
}

/** How the process that talks to the API runs. */
export interface ProviderRuntime {
  /** Undefined: the manager's own version. */
  readonly image: string | undefined;
  readonly replicas: number;
  /** Undefined: the usual one in a pod of its own, any free one elsewhere. */
  readonly port: number | undefined;
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
