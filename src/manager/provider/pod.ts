// What a Provider is in Kubernetes: a Deployment and a Service, under the names and labels that VirtRigaud has for them.
import type { EnvVar, ProviderWish } from '#domain/provider-wish';
import type { NewObject } from '#kube/api';
import type { OwnerReference } from '#kube/object';
import { ownVariables } from './environment.ts';
import { TLS_ENTRIES } from './gate.ts';
import { runName } from './names.ts';

const USUAL_PORT = 9443;
const HEALTH_PORT = 8080;
const NOBODY = 65_532;

export interface PodOptions {
  readonly wish: ProviderWish;
  readonly owner: OwnerReference;
  /** Where the manifest names none. */
  readonly image: string;
  /** Name of the Secret with the certificates, and what tells one authority from another; undefined: without TLS. */
  readonly tls: { readonly secret: string; readonly authority: string } | undefined;
}

function labelsOf({ name }: ProviderWish): Readonly<Record<string, string>> {
  return {
    ...selectorOf({ name }),
    'app.kubernetes.io/component': 'provider',
    'app.kubernetes.io/managed-by': 'virtrigaud',
    'virtrigaud.io/provider-type': 'proxmox',
  };
}

function selectorOf({ name }: Pick<ProviderWish, 'name'>): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'virtrigaud-provider', 'app.kubernetes.io/instance': name };
}

export function portOf({ runtime }: ProviderWish): number {
  return runtime.port ?? USUAL_PORT;
}

export function serviceFor({ wish, owner }: PodOptions): NewObject {
  const port = portOf(wish);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(wish, owner),
    spec: {
      type: 'ClusterIP',
      selector: selectorOf(wish),
      ports: [
        { name: 'grpc', port, targetPort: port, protocol: 'TCP' },
        { name: 'metrics', port: HEALTH_PORT, targetPort: HEALTH_PORT, protocol: 'TCP' },
      ],
    },
  };
}

export function deploymentFor(options: PodOptions): NewObject {
  const { wish, owner, tls } = options;
  const { replicas, pod } = wish.runtime;
  const labels = {
    ...labelsOf(wish),
    // As the documentation looks for pods; Deployment and Service keep VirtRigaud's own.
    app: 'provider-proxmox',
    'app.kubernetes.io/component': 'provider-proxmox',
  };
  // A new authority is read by new pods only.
  const annotations = tls === undefined ? {} : { annotations: { 'virtrigaud.io/tls-authority': tls.authority } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(wish, owner),
    spec: {
      replicas,
      selector: { matchLabels: selectorOf(wish) },
      template: {
        metadata: { labels, ...annotations },
        spec: {
          containers: [containerFor(options)],
          volumes: volumesFor(options),
          terminationGracePeriodSeconds: 30,
          ...taken(pod, ['nodeSelector', 'tolerations', 'affinity', 'imagePullSecrets']),
        },
      },
    },
  };
}

function metadataOf(wish: ProviderWish, owner: OwnerReference) {
  return { name: runName(wish), namespace: wish.namespace, labels: labelsOf(wish), ownerReferences: [owner] };
}

function containerFor({ wish, image, tls }: PodOptions): Readonly<Record<string, unknown>> {
  const port = portOf(wish);
  const { pod } = wish.runtime;
  return {
    name: 'provider',
    image: wish.runtime.image ?? image,
    args: [`--port=${port}`, `--health-port=${HEALTH_PORT}`],
    ports: [
      { name: 'grpc', containerPort: port, protocol: 'TCP' },
      { name: 'metrics', containerPort: HEALTH_PORT, protocol: 'TCP' },
    ],
    env: variablesFor(wish),
    volumeMounts: [
      ...(wish.credentials === undefined
        ? []
        : [{ name: 'provider-credentials', mountPath: '/etc/virtrigaud/credentials', readOnly: true }]),
      ...(tls === undefined ? [] : [{ name: 'provider-tls', mountPath: '/etc/virtrigaud/tls', readOnly: true }]),
      { name: 'tmp', mountPath: '/tmp' },
    ],
    imagePullPolicy: 'IfNotPresent',
    livenessProbe: probe(15, 20),
    readinessProbe: probe(5, 10),
    lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', 'sleep 15'] } } },
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: NOBODY,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    },
    ...taken(pod, ['resources', 'securityContext', 'livenessProbe', 'readinessProbe', 'imagePullPolicy']),
  };
}

function volumesFor({ wish, tls }: PodOptions): readonly Readonly<Record<string, unknown>>[] {
  const items = TLS_ENTRIES.map((name) => ({ key: name, path: name }));
  return [
    ...(wish.credentials === undefined
      ? []
      : [{ name: 'provider-credentials', secret: { secretName: wish.credentials.name } }]),
    ...(tls === undefined ? [] : [{ name: 'provider-tls', secret: { secretName: tls.secret, items } }]),
    { name: 'tmp', emptyDir: {} },
  ];
}

/** Never of PVE: a pod that is restarted because PVE is down helps nobody. */
function probe(initialDelaySeconds: number, periodSeconds: number): Readonly<Record<string, unknown>> {
  return { httpGet: { path: '/healthz', port: HEALTH_PORT, scheme: 'HTTP' }, initialDelaySeconds, periodSeconds };
}

function taken(pod: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(pod).filter(([name, value]) => names.includes(name) && value !== undefined));
}

/** What a later one says counts. */
function variablesFor(wish: ProviderWish): readonly object[] {
  const { PROVIDER_TYPE, PROVIDER_ENDPOINT, ...others } = ownVariables(wish);
  const plain = (variables: Readonly<Record<string, string | undefined>>) =>
    Object.entries(variables).map(([name, value]) => ({ name, value }));
  return [
    ...plain({ PROVIDER_TYPE, PROVIDER_ENDPOINT }),
    { name: 'PROVIDER_NAMESPACE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } } },
    {
      name: 'PROVIDER_NAME',
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['app.kubernetes.io/instance']" } },
    },
    ...plain(others),
    ...wish.runtime.env.map(variableFor),
  ];
}

function variableFor(variable: EnvVar): object {
  const { name } = variable;
  if ('value' in variable) return { name, value: variable.value };
  const { from, optional } = variable;
  const may = optional ? { optional } : {};
  switch (from.kind) {
    case 'secret':
      return { name, valueFrom: { secretKeyRef: { name: from.object.name, key: from.key, ...may } } };
    case 'configMap':
      return { name, valueFrom: { configMapKeyRef: { name: from.object.name, key: from.key, ...may } } };
    case 'field':
      return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: from.path } } };
    case 'resource':
      return { name, valueFrom: { resourceFieldRef: { resource: from.resource, ...unit(from.divisor) } } };
  }
}

function unit(divisor: string | undefined): { readonly divisor?: string } {
  return divisor === undefined ? {} : { divisor };
}
