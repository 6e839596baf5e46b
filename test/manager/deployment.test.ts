// A Provider on Kubernetes: the Deployment, the Service and the certificates that are made for it. The test is the kubelet.
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customResourceDefinitions } from '#crd/definition/custom-resource-definition';
import { PROVIDERS } from '#crd/resources';
import type { KubeApi } from '#kube/api';
import { connectKube } from '#kube/connect';
import type { KubeObject } from '#kube/object';
import { DEPLOYMENTS, type Resource, SECRETS, SERVICES } from '#kube/resource';
import type { Kind } from '#kube-sim/kinds/kind';
import { OWN_KINDS } from '#kube-sim/kinds/own-kinds';
import { withMetadata } from '#kube-sim/kinds/with-metadata';
import { subdomain } from '#kube-sim/objects/names';
import { type KubeSim, startKubeSim } from '#kube-sim/server';
import { type Manager, startManager } from '#manager/manager';
import { createDeploymentRunner } from '#manager/provider/deployment';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'deployment-'));
const clock = createClock({ factor: 20 });
const RUN = 'virtrigaud-provider-default-pve';
const key = { namespace: 'default', name: RUN };
let sim: KubeSim;
let api: KubeApi;
let manager: Manager;

beforeAll(async () => {
  sim = await startKubeSim({
    dataDir: folder,
    host: '127.0.0.1',
    port: 0,
    clock: createClock(),
    log: createLogger({ write: () => undefined }),
    // As far as they matter here: whatever is said, with a status.
    kinds: [...OWN_KINDS, freeKind(DEPLOYMENTS), freeKind(SERVICES)],
    definitions: customResourceDefinitions(),
    name: 'virtrigaud-manager',
  });
  api = await connectKube({ kubeconfig: sim.kubeconfig });
  manager = startManager({
    api,
    runner: createDeploymentRunner('registry.example.com/provider-proxmox:own'),
    clock,
    log: createLogger({ write: () => undefined }),
    identity: 'test',
  });
});

afterAll(async () => {
  await manager.stop();
  api.close();
  await sim.stop();
  rmSync(folder, { recursive: true });
});

const PROVIDER = {
  apiVersion: 'infra.virtrigaud.io/v1beta1',
  kind: 'Provider',
  metadata: { name: 'pve', namespace: 'default' },
  spec: {
    type: 'proxmox',
    endpoint: 'https://pve.example.com:8006',
    credentialSecretRef: { name: 'pve-credentials' },
    defaults: { datastore: 'local-lvm' },
    runtime: {
      env: [
        { name: 'PVE_NODE_SELECTOR', value: 'pve1' },
        { name: 'PVE_POOL', valueFrom: { configMapKeyRef: { name: 'settings', key: 'pool', optional: true } } },
        { name: 'PVE_TAG', value: '' },
        { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      ],
      service: { port: 9090 },
      nodeSelector: { disk: 'ssd' },
      imagePullSecrets: [{ name: 'registry' }],
      resources: { limits: { cpu: '1000m' } },
    },
  },
};

it('is deployed under the names and labels that VirtRigaud has, with certificates where the manifest is silent', async () => {
  await api.create(PROVIDERS, PROVIDER);
  const deployment = await there(DEPLOYMENTS);
  const labels = { 'app.kubernetes.io/name': 'virtrigaud-provider', 'app.kubernetes.io/instance': 'pve' };
  expect(deployment.metadata.labels).toMatchObject({ ...labels, 'app.kubernetes.io/component': 'provider' });
  expect(deployment.metadata.ownerReferences).toMatchObject([{ kind: 'Provider', name: 'pve', controller: true }]);
  const { replicas, selector, template } = deployment['spec'] as DeploymentSpec;
  expect({ replicas, selector }).toEqual({ replicas: 1, selector: { matchLabels: labels } });
  expect(template.metadata.labels).toMatchObject({
    ...labels,
    app: 'provider-proxmox',
    'app.kubernetes.io/component': 'provider-proxmox',
  });
  const { containers, volumes, ...pod } = template.spec;
  const secret = {
    secretName: `${RUN}-tls`,
    items: ['tls.crt', 'tls.key', 'ca.crt'].map((k) => ({ key: k, path: k })),
  };
  expect(pod).toMatchObject({ nodeSelector: { disk: 'ssd' }, imagePullSecrets: [{ name: 'registry' }] });
  expect(volumes).toEqual([
    { name: 'provider-credentials', secret: { secretName: 'pve-credentials' } },
    { name: 'provider-tls', secret },
    { name: 'tmp', emptyDir: {} },
  ]);
  expect(containers[0]).toMatchObject({
    name: 'provider',
    image: 'registry.example.com/provider-proxmox:own',
    args: ['--port=9090', '--health-port=8080'],
    readinessProbe: { httpGet: { path: '/healthz', port: 8080 } },
    lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', 'sleep 15'] } } },
    securityContext: { runAsUser: 65_532, readOnlyRootFilesystem: true },
    resources: { limits: { cpu: '1000m' } },
  });
  expect(containers[0]?.env.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`))).toEqual([
    'PROVIDER_TYPE=proxmox',
    'PROVIDER_ENDPOINT=https://pve.example.com:8006',
    'PROVIDER_NAMESPACE',
    'PROVIDER_NAME',
    'TLS_ENABLED=true',
    'TLS_INSECURE_SKIP_VERIFY=false',
    'LOG_LEVEL=info',
    'LOG_FORMAT=text',
    'PROVIDER_DEFAULT_DATASTORE=local-lvm',
    'PVE_NODE_SELECTOR=pve1',
    'PVE_POOL',
    'PVE_TAG=',
    'POD_IP',
  ]);
  expect((await there(SERVICES))['spec']).toMatchObject({
    selector: labels,
    ports: [
      { name: 'grpc', port: 9090 },
      { name: 'metrics', port: 8080 },
    ],
  });
  const issued = await api.get(SECRETS, { ...key, name: `${RUN}-tls` });
  const certificate = new X509Certificate(entry(issued, 'tls.crt'));
  expect(certificate.checkHost(`${RUN}.default.svc.cluster.local`)).toBeDefined();
  expect(certificate.verify(new X509Certificate(entry(issued, 'ca.crt')).publicKey)).toBe(true);
});

it('is told of by its Deployment, written where the manifest changes, repaired, and otherwise left alone', async () => {
  expect(await condition('ProviderRuntimeReady', 'DeploymentNotReady')).toMatch(/kubectl -n default describe pods/);
  expect(await condition('CredentialsAvailable', 'SecretNotFound')).toContain('Secret default/pve-credentials');
  await asServersKeepIt();
  const { metadata } = await api.patch(DEPLOYMENTS, key, { status: { readyReplicas: 1 } }, { subresource: 'status' });
  await condition('ProviderRuntimeReady', 'DeploymentReady');
  // The name of its Service means nothing here: it is asked all the same, and more than once.
  await condition('ProviderAvailable', 'NoAnswer');
  expect((await there(DEPLOYMENTS)).metadata.resourceVersion).toBe(metadata.resourceVersion);
  await api.patch(DEPLOYMENTS, key, { spec: { replicas: 0 } });
  await until(
    async () => await there(DEPLOYMENTS),
    (now) => (now['spec'] as DeploymentSpec).replicas === 1,
  );
  const runtime = { image: 'mine:2', nodeSelector: null };
  await api.patch(PROVIDERS, { namespace: 'default', name: 'pve' }, { spec: { runtime } });
  const changed = await until(
    async () => ((await there(DEPLOYMENTS))['spec'] as DeploymentSpec).template.spec,
    ({ containers }) => containers[0]?.image === 'mine:2',
  );
  expect(changed).not.toHaveProperty('nodeSelector');
});

it('is not what nobody can run, and the one before goes on', async () => {
  await api.patch(PROVIDERS, { namespace: 'default', name: 'pve' }, { spec: { runtime: { replicas: 5 } } });
  const refused = await condition('ProviderRuntimeReady', 'DeploymentError');
  expect(refused).toMatch(
    /^Provider default\/pve: run: Deployment virtrigaud-provider-default-pve is refused: .*replicas/,
  );
  expect(await condition('Ready', 'DeploymentError')).toBe(refused);
  expect(await condition('ProviderAvailable', 'NoAnswer')).not.toBe('');
  await api.create(PROVIDERS, { ...PROVIDER, metadata: { name: 'pve.example', namespace: 'default' } });
  expect(await condition('ProviderRuntimeReady', 'InvalidConfiguration', 'pve.example')).toContain('cannot have dots');
});

it('goes with its Provider', async () => {
  await api.delete(PROVIDERS, { namespace: 'default', name: 'pve' });
  await until(
    async () => await Promise.all([DEPLOYMENTS, SERVICES].map(async (one) => await api.get(one, key))),
    (left) => left.every((object) => object === undefined),
  );
});

interface DeploymentSpec {
  readonly replicas: number;
  readonly selector: object;
  readonly template: {
    readonly metadata: { readonly labels: object };
    readonly spec: {
      readonly volumes: readonly object[];
      readonly containers: readonly {
        readonly image: string;
        readonly env: readonly { readonly name: string; readonly value?: string }[];
      }[];
    };
  };
}

async function there(resource: Resource): Promise<KubeObject> {
  const found = await until(
    async () => await api.get(resource, key),
    (object) => object !== undefined,
  );
  if (found === undefined) throw new Error('it is there');
  return found;
}

/** Waits for the reason, and gives the message. */
async function condition(type: string, reason: string, name = 'pve'): Promise<string> {
  const find = async () => {
    const provider = await api.get(PROVIDERS, { namespace: 'default', name });
    const { conditions = [] } = (provider?.['status'] ?? {}) as {
      readonly conditions?: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
    };
    return conditions.find((one) => one.type === type && one.reason === reason);
  };
  return (await until(find, (found) => found !== undefined))?.message ?? '';
}

function entry(secret: KubeObject | undefined, name: string): string {
  const data = secret?.['data'] as Readonly<Record<string, string>> | undefined;
  return Buffer.from(data?.[name] ?? '', 'base64').toString('utf8');
}

/** Without values that are empty. */
async function asServersKeepIt(): Promise<void> {
  const { template } = (await there(DEPLOYMENTS))['spec'] as DeploymentSpec;
  const containers = template.spec.containers.map(({ env, ...container }) => ({
    ...container,
    env: env.map(({ value, ...variable }) => (value === '' || value === undefined ? variable : { ...variable, value })),
  }));
  await api.patch(DEPLOYMENTS, key, { spec: { template: { spec: { containers } } } });
}

/** As of a quota, or of somebody whom the server asks. */
const TOO_MANY = { reason: 'FieldValueForbidden', field: 'spec.replicas', message: 'Forbidden: five are too many' };

function freeKind({ group, version, plural, kind }: Resource): Kind {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;
  const schema = { type: 'object', properties: { spec: anything, status: anything } } as const;
  return {
    resource: {
      group,
      version,
      plural,
      kind,
      singular: kind.toLowerCase(),
      listKind: `${kind}List`,
      shortNames: [],
      categories: [],
      namespaced: true,
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      hasStatus: true,
      custom: false,
      columns: [],
      selectableFields: [],
      schema,
    },
    stored: group === '' ? plural : `${plural}.${group}`,
    storedApiVersion: group === '' ? version : `${group}/${version}`,
    schema: withMetadata(schema),
    nameRule: subdomain,
    unconditionalUpdate: true,
    generation: true,
    currentSince: 0,
    check: ({ spec }) => (((spec ?? {}) as Partial<DeploymentSpec>).replicas === 5 ? [TOO_MANY] : []),
  };
}
