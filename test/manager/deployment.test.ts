// A Provider on Kubernetes: the Deployment, the Service and the certificates that are made for it. The test is the kubelet.
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROVIDERS } from '#crd/resources';
import type { KubeApi } from '#kube/api';
import { connectKube } from '#kube/connect';
import type { KubeObject } from '#kube/object';
import { DEPLOYMENTS, type Resource, SECRETS, SERVICES } from '#kube/resource';
import { type Manager, startManager } from '#manager/manager';
import { createDeploymentRunner } from '#manager/provider/deployment';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FlowApi, isForeignApi, startFlowApi } from '../support/flow-api.ts';
import { podsOf, tellReady } from '../support/kubelet.ts';
import { freeKind } from '../support/free-kind.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'deployment-'));
const clock = createClock({ factor: 20 });
const RUN = 'virtrigaud-provider-default-pve';
const key = { namespace: 'default', name: RUN };
const tls = { ...key, name: `${RUN}-tls` };
let kube: FlowApi;
let api: KubeApi;
let managerApi: KubeApi;
let manager: Manager;

beforeAll(async () => {
  kube = await startFlowApi(
    folder,
    [DEPLOYMENTS, SERVICES].map((one) => freeKind(one, asServersRefuse)),
  );
  api = await connectKube({ kubeconfig: kube.kubeconfig });
  managerApi = await connectKube({ kubeconfig: kube.managerKubeconfig });
  manager = startManager({
    api: managerApi,
    runner: createDeploymentRunner('registry.example.com/provider-proxmox:own'),
    clock,
    log: createLogger({ write: () => undefined }),
    identity: 'test',
  });
});

afterAll(async () => {
  await manager.stop();
  managerApi.close();
  api.close();
  await kube.stop();
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

it('V16: is deployed under the names and labels that VirtRigaud has, with all of the manifest, with certificates where the manifest is silent', async () => {
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
  expect(volumes).toMatchObject([
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
    // A server has its own way to write quantities.
    resources: { limits: { cpu: expect.stringMatching(/^(1|1000m)$/) } },
  });
  expect(containers[0]?.env.map(({ name, value }) => ((value ?? '') === '' ? name : `${name}=${value}`))).toEqual([
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
    'PVE_TAG',
    'POD_IP',
  ]);
  expect((await there(SERVICES))['spec']).toMatchObject({
    selector: labels,
    ports: [
      { name: 'grpc', port: 9090 },
      { name: 'metrics', port: 8080 },
    ],
  });
  const issued = await api.get(SECRETS, tls);
  const certificate = new X509Certificate(entry(issued, 'tls.crt'));
  expect(certificate.checkHost(`${RUN}.default.svc.cluster.local`)).toBeDefined();
  expect(certificate.verify(new X509Certificate(entry(issued, 'ca.crt')).publicKey)).toBe(true);
});

it('is told of by its Deployment, written where the manifest changes, repaired, and otherwise left alone', async ({
  skip,
}) => {
  if (await hasNodes()) return skip(NODES_WOULD);
  expect(await condition('ProviderRuntimeReady', 'DeploymentNotReady')).toMatch(/kubectl -n default describe pods/);
  expect(await condition('CredentialsAvailable', 'SecretNotFound')).toContain('Secret default/pve-credentials');
  const kept = await asServersKeepIt();
  const { metadata } = await startPods();
  await condition('ProviderRuntimeReady', 'DeploymentReady');
  // The name of its Service means nothing here: it is asked all the same, and more than once.
  await condition('ProviderAvailable', 'NoAnswer');
  expect((await there(DEPLOYMENTS)).metadata).toMatchObject({
    generation: kept.metadata.generation,
    annotations: metadata.annotations,
  });
  await api.patch(DEPLOYMENTS, key, { spec: { replicas: 0 } });
  await until(
    async () => await there(DEPLOYMENTS),
    (now) => (now['spec'] as DeploymentSpec).replicas === 1,
  );
  // What somebody has written into the certificates stays no more than in the Deployment.
  await api.patch(SECRETS, tls, { data: { 'ca.crt': Buffer.from('nobody').toString('base64') } });
  await until(
    async () => entry(await api.get(SECRETS, tls), 'ca.crt'),
    (ca) => ca.startsWith('-----BEGIN CERTIFICATE-----'),
  );
  const runtime = { image: 'mine:2', nodeSelector: null };
  await api.patch(PROVIDERS, { namespace: 'default', name: 'pve' }, { spec: { runtime } });
  const changed = await until(
    async () => ((await there(DEPLOYMENTS))['spec'] as DeploymentSpec).template.spec,
    ({ containers }) => containers[0]?.image === 'mine:2',
  );
  expect(changed).not.toHaveProperty('nodeSelector');
});

it('is not what nobody can run, and the one before goes on', async ({ skip }) => {
  if (await hasNodes()) return skip(NODES_WOULD);
  await startPods();
  await condition('ProviderAvailable', 'NoAnswer');
  await api.patch(PROVIDERS, { namespace: 'default', name: 'pve' }, { spec: { runtime: { resources: TOO_MUCH } } });
  const refused = await condition('ProviderRuntimeReady', 'DeploymentError');
  expect(refused).toMatch(
    /^Provider default\/pve: run: Deployment virtrigaud-provider-default-pve is refused: .*: must be less than or equal to cpu limit of 1/,
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

const NODES: Resource = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };
const NODES_WOULD = 'there are nodes, which would have to run the image';

async function hasNodes(): Promise<boolean> {
  return isForeignApi && (await api.list(NODES)).items.length > 0;
}

/** As a kubelet does it, or where nobody makes pods, whoever counts them. */
async function startPods(): Promise<KubeObject> {
  const ready = { replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 };
  if (!isForeignApi) return await api.patch(DEPLOYMENTS, key, { status: ready }, { subresource: 'status' });
  const tellAndLook = async (): Promise<KubeObject> => {
    for (const pod of await podsOf(api, 'app=provider-proxmox')) await tellReady(api, pod);
    return await there(DEPLOYMENTS);
  };
  return await until(tellAndLook, ({ status }) => (status as { readyReplicas?: number }).readyReplicas === 1);
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
async function asServersKeepIt(): Promise<KubeObject> {
  const { template } = (await there(DEPLOYMENTS))['spec'] as DeploymentSpec;
  const containers = template.spec.containers.map(({ env, ...container }) => ({
    ...container,
    env: env.map(({ value, ...variable }) => (value === '' || value === undefined ? variable : { ...variable, value })),
  }));
  return await api.patch(DEPLOYMENTS, key, { spec: { template: { spec: { containers } } } });
}

const TOO_MUCH = { requests: { cpu: '5' }, limits: { cpu: '1' } };

const TOO_MUCH_SAID = {
  reason: 'FieldValueInvalid',
  field: 'spec.template.spec.containers[0].resources.requests',
  message: 'Invalid value: "5": must be less than or equal to cpu limit of 1',
};

const asServersRefuse: Parameters<typeof freeKind>[1] = ({ spec }) =>
  JSON.stringify(spec ?? {}).includes(JSON.stringify(TOO_MUCH.requests)) ? [TOO_MUCH_SAID] : [];
