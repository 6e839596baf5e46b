import { Fault, invalidSpec } from '#domain/fault';
import type {
  EnvVar,
  HealthWish,
  ProviderDefaults,
  ProviderRuntime,
  ProviderTls,
  ProviderWish,
} from '#domain/provider-wish';
import { type Manifest, manifestTitle } from '../manifests.ts';
import { milliseconds } from '../read-duration.ts';
import { readSpec } from '../read-spec.ts';
import { namespaceOf, refer } from '../refer.ts';
import { NOT_ON_PVE, refuse } from '../refuse.ts';
import type { EnvVarManifest } from './pod.ts';
import type { RuntimeManifest } from './runtime.ts';
import { type ProviderSpec, providerSpec } from './spec.ts';

/** Throws `invalid-spec` naming object, field and remedy; `unsupported` for providers of other kinds. */
export function normaliseProvider(provider: Manifest): ProviderWish {
  const spec = readSpec(providerSpec, provider);
  const path = `${manifestTitle(provider)}: spec`;
  if (spec.type !== 'proxmox') {
    const why = `"${spec.type}" is none of ours`;
    throw new Fault('unsupported', { subject: `${path}.type`, why, remedy: 'Write proxmox' });
  }
  // A provider that somebody has started already is reached by gRPC.
  if (!/^(https?|grpc|tcp):/.test(spec.endpoint)) {
    const why = `"${spec.endpoint}" is none of the API of Proxmox VE, nor of a provider`;
    throw invalidSpec(`${path}.endpoint`, why, 'Write it like https://pve.example.com:8006, or grpc://provider:9443');
  }
  return {
    name: provider.metadata.name,
    namespace: namespaceOf(provider),
    endpoint: spec.endpoint,
    credentials: refer(spec.credentialSecretRef, provider),
    insecureSkipVerify: spec.insecureSkipVerify ?? false,
    runtime: runtimeOf(spec.runtime ?? RUNTIME, provider, `${path}.runtime`),
    defaults: defaultsOf(spec.defaults, `${path}.defaults`),
    health: healthOf(spec.healthCheck, `${path}.healthCheck`),
  };
}

/** What an API server makes of a Provider that says nothing of it. */
const RUNTIME: RuntimeManifest = {};

function runtimeOf(runtime: RuntimeManifest, from: Manifest, path: string): ProviderRuntime {
  const {
    mode: _mode,
    image,
    replicas = 1,
    service,
    env = [],
    logLevel = 'info',
    logFormat = 'text',
    ...pod
  } = runtime;
  return {
    image: image === '' ? undefined : image,
    replicas,
    port: service?.port,
    tls: tlsOf(service, from, `${path}.service.tls`),
    env: env.map((variable, index) => envVar(variable, from, `${path}.env[${index}]`)),
    logLevel,
    logFormat,
    pod,
  };
}

/** Nothing said is mutual TLS with certificates of the manager's own. */
function tlsOf(service: RuntimeManifest['service'], from: Manifest, path: string): ProviderTls {
  const { enabled = true, insecureSkipVerify: takesAny = false, secretRef } = service?.tls ?? {};
  const name = secretRef?.name ?? '';
  if (!enabled) return { kind: 'off' };
  if (secretRef !== undefined && name === '') {
    throw invalidSpec(`${path}.secretRef.name`, 'it is empty', 'Name a Secret, or remove secretRef');
  }
  if (name === '') return { kind: 'issued', takesAny };
  return { kind: 'secret', secret: { name, namespace: namespaceOf(from) }, takesAny };
}

function envVar({ name, value, valueFrom }: EnvVarManifest, from: Manifest, path: string): EnvVar {
  const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = valueFrom ?? {};
  const sources = [secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef].filter((one) => one !== undefined);
  if (valueFrom === undefined) return { name, value: value ?? '' };
  if (value !== undefined && value !== '') throw invalidSpec(path, 'value and valueFrom are both set', 'Keep one');
  if (sources.length !== 1) throw invalidSpec(`${path}.valueFrom`, 'it names not exactly one source', 'Name one');
  if (fieldRef !== undefined) return { name, from: { kind: 'field', path: fieldRef.fieldPath }, optional: false };
  if (resourceFieldRef !== undefined) {
    const { resource, divisor } = resourceFieldRef;
    return { name, from: { kind: 'resource', resource, divisor: divisor?.toString() }, optional: false };
  }
  const kind = secretKeyRef === undefined ? 'configMap' : 'secret';
  const entry = secretKeyRef ?? configMapKeyRef;
  if (entry?.name === undefined || entry.name === '') {
    throw invalidSpec(`${path}.valueFrom.${kind}KeyRef.name`, 'it is not set', 'Name the object');
  }
  const object = { name: entry.name, namespace: namespaceOf(from) };
  return { name, from: { kind, object, key: entry.key }, optional: entry.optional ?? false };
}

function defaultsOf(said: ProviderSpec['defaults'], path: string): ProviderDefaults {
  const { datastore, resourcePool, network, ...foreign } = said ?? {};
  refuse(path, foreign, NOT_ON_PVE);
  const text = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
  return { storage: text(datastore), pool: text(resourcePool), network: text(network) };
}

function healthOf(said: ProviderSpec['healthCheck'], path: string): HealthWish {
  const { enabled = true, interval, timeout, failureThreshold = 3, successThreshold = 1 } = said ?? {};
  return {
    isLookedAt: enabled,
    everyMs: milliseconds(interval, `${path}.interval`) ?? 30_000,
    patienceMs: milliseconds(timeout, `${path}.timeout`) ?? 10_000,
    failures: failureThreshold,
    successes: successThreshold,
  };
}
