// The manager as it is in a cluster, at a real kube-apiserver: the program with the files, variables and names of its pod, by its own
// account. Its Provider becomes a Deployment, for whose pods the test plays the kubelet.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROVIDERS, VIRTUAL_MACHINES } from '#crd/resources';
import type { KubeApi } from '#kube/api';
import { connectKube } from '#kube/connect';
import type { KubeObject } from '#kube/object';
import { DEPLOYMENTS, LEASES, type Resource, SECRETS, SERVICES } from '#kube/resource';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { type PodProgram, startInPod, whyNoPods } from '../support/in-pod.ts';
import {
  ACCOUNT,
  buildKubeApiserver,
  type InstalledManager,
  installManager,
  must,
  startManagerPod,
} from '../support/installed-manager.ts';
import { freePort } from '../support/kube-apiserver.ts';
import { containerOf, podsOf, tellReady } from '../support/kubelet.ts';
import { type Seen, seenOf } from '../support/manager-flow.ts';
import { until } from '../support/until.ts';
import { isReady, manifest, vmManifest } from '../support/vm-manifests.ts';
import { claimedVms, simWorld } from '../support/world.ts';

const MANY_MINUTES = 1_800_000;
const folder = mkdtempSync(join(tmpdir(), 'manager-in-cluster-'));
const RUN = 'virtrigaud-provider-default-prod';
const LEASE = { namespace: 'virtrigaud-system', name: 'virtrigaud-manager' };

let missing = whyNoPods();
let installed: InstalledManager;
let api: KubeApi;
let sim: Simulator;
let manager: PodProgram;
let metricsPort: number;
let port: number;
const programs: PodProgram[] = [];

beforeAll(async () => {
  const built = missing === undefined ? buildKubeApiserver() : { missing };
  if ('missing' in built) {
    missing = built.missing;
    return;
  }
  sim = await startSimulator({ cluster: 'three-node', timeScale: 20, latency: false, port: 0 });
  installed = await installManager(built.binary);
  api = await connectKube({ kubeconfig: installed.kube.kubeconfig });
  metricsPort = await freePort();
  port = await freePort();
  manager = await startManager('first', [`--health-port=${metricsPort}`]);
}, MANY_MINUTES);

afterAll(async () => {
  if (missing === undefined) {
    for (const program of programs) await program.end();
    api.close();
    await installed.kube.stop();
    await sim.stop();
  }
  rmSync(folder, { recursive: true });
});

function needed({ skip }: TestContext): void {
  if (missing !== undefined) skip(missing);
}

it('logs in as its own account, and leads by its Lease', async (context) => {
  needed(context);
  await manager.said('The controllers are at work');
  const lease = await api.get(LEASES, LEASE);
  expect(lease?.['spec']).toMatchObject({ holderIdentity: expect.stringMatching(/_/), leaseDurationSeconds: 15 });
  expect(manager.lines.filter((line) => / (WARN|ERROR) /.test(line))).toEqual([]);
});

it('makes a Deployment, a Service and certificates that the server takes, and says that no pod is there yet', async (context) => {
  needed(context);
  const { id, secret } = sim.token;
  const entries = { token_id: id, token_secret: secret, 'ca.crt': sim.ca };
  await must(installed.kube, ['create', '-f', '-'], secretManifest('pve-credentials', entries));
  await must(installed.kube, ['create', '--validate=strict', '-f', '-'], PROVIDER());
  const seen = await seenAs('Provider', 'prod', (one) => one.condition('ProviderAvailable') !== '');
  expect(seen.condition('ProviderAvailable')).toBe('False DeploymentNotReady');
  expect(seen.message('ProviderAvailable')).toContain('kubectl -n default describe pods');
  expect(seen.condition('Ready')).toBe('False DeploymentNotReady');
  expect(seen.condition('TLSConfigured')).toBe('True Enabled');
  for (const resource of [DEPLOYMENTS, SERVICES]) {
    const owner = { kind: 'Provider', name: 'prod', uid: seen.metadata.uid };
    expect((await object(resource, RUN))?.metadata.ownerReferences).toMatchObject([owner]);
  }
  expect(await object(SECRETS, `${RUN}-tls`)).toMatchObject({ type: 'kubernetes.io/tls' });
});

it('writes what it has made once, whatever the server adds to it and however often it looks', async (context) => {
  needed(context);
  await podOfProvider();
  for (let nth = 1; nth <= 5; nth += 1) {
    const before = await visits();
    await must(installed.kube, ['annotate', '--overwrite', 'provider', 'prod', `looked=${nth}`]);
    await until(visits, (now) => now > before);
  }
  expect(writes(['deployments.apps', 'services', 'secrets'])).toEqual([
    'create deployments.apps',
    'create secrets',
    'create services',
  ]);
});

it('reaches the provider in its pod by the name of its Service, and makes a VM through it', async (context) => {
  needed(context);
  const pod = await podOfProvider();
  await startProvider(pod);
  await tellReady(api, pod);
  const provider = await seenAs('Provider', 'prod', isReady);
  expect(provider.status['runtime']).toMatchObject({
    phase: 'Running',
    endpoint: `${RUN}.default.svc.cluster.local:${port}`,
    readyReplicas: 1,
  });
  await must(installed.kube, ['create', '--validate=strict', '-f', '-'], VM);
  const { status } = await seenAs('VirtualMachine', 'web', isReady);
  expect(status).toMatchObject({ phase: 'Running', powerState: 'On' });
  const [vm, ...others] = await claimedVms(simWorld(sim), 'web');
  expect([String(vm?.vmid), vm?.running, others]).toEqual([status['id'], true, []]);
});

it('tells what the server refuses of a manifest, and keeps what runs', async (context) => {
  needed(context);
  const wrong = { requests: { cpu: '2' }, limits: { cpu: '1' } };
  await patchProvider({ runtime: { resources: wrong } });
  const refused = await seenAs('Provider', 'prod', (one) => one.condition('ProviderRuntimeReady').startsWith('False'));
  expect(refused.condition('ProviderRuntimeReady')).toBe('False DeploymentError');
  expect(refused.message('ProviderRuntimeReady')).toContain('must be less than or equal to cpu limit');
  expect(refused.condition('ProviderAvailable')).toMatch(/^True/);
  await patchProvider({ runtime: { resources: null } });
  await seenAs('Provider', 'prod', isReady);
});

it('hands over to the next manager, which deletes VM, Deployment and all that was made for them', async (context) => {
  needed(context);
  const second = await startManager('second', [`--health-port=${await freePort()}`]);
  expect(await manager.end()).toBe(0);
  await second.said('The controllers are at work');
  await must(installed.kube, ['delete', 'vm', 'web', '--timeout=60s']);
  await must(installed.kube, ['delete', 'provider', 'prod', '--timeout=60s']);
  const left = async (): Promise<unknown[]> => [
    await object(DEPLOYMENTS, RUN),
    await object(SERVICES, RUN),
    await object(SECRETS, `${RUN}-tls`),
    ...(await podsOf(api, '')),
  ];
  await until(left, (objects) => objects.every((one) => one === undefined));
  expect(await claimedVms(simWorld(sim), 'web')).toEqual([]);
  expect(await second.end()).toBe(0);
  const refused = installed.kube.audit().filter(({ user, isForbidden }) => user === ACCOUNT && isForbidden);
  expect(refused).toEqual([]);
});

it('hears of all that has happened while it heard nothing, of a server that no longer knows of it', async (context) => {
  needed(context);
  const { kube } = installed;
  const third = await startManager('third', ['--no-leader-elect', `--health-port=${await freePort()}`]);
  const waits = (seen: Seen): boolean => seen.condition('Ready').startsWith('False');
  await must(kube, ['create', '-f', '-'], `${vmManifest('goes')}${vmManifest('stays')}`);
  for (const name of ['goes', 'stays']) await seenAs('VirtualMachine', name, waits);
  third.sleep();
  await kube.restart();
  await must(kube, ['delete', 'vm', 'goes', '--wait=false']);
  await must(kube, ['create', '-f', '-'], vmManifest('comes'));
  await must(kube, ['patch', 'vm', 'stays', '--type=merge', '-p', '{"spec":{"classRef":{"name":"other"}}}']);
  await kube.restart();
  const before = lists();
  third.wake();
  await until(
    async () => await object(VIRTUAL_MACHINES, 'goes'),
    (found) => found === undefined,
  );
  await seenAs('VirtualMachine', 'comes', waits);
  await seenAs('VirtualMachine', 'stays', (seen) => seen.message('ClassFound').includes('"other"'));
  expect(lists()).toBeGreaterThan(before);
  expect(await third.end()).toBe(0);
});

it('looks after one namespace with rights there alone', async (context) => {
  needed(context);
  const { kube } = installed;
  const account = '-n team create serviceaccount narrow'.split(' ');
  const binding =
    '-n team create rolebinding narrow --clusterrole=virtrigaud-manager --serviceaccount=team:narrow'.split(' ');
  for (const args of [['create', 'namespace', 'team'], account, binding]) await must(kube, args);
  const token = await must(kube, ['-n', 'team', 'create', 'token', 'narrow']);
  const args = ['--namespace=team', '--no-leader-elect', `--health-port=${await freePort()}`];
  const narrow = await startManager('narrow', args, token.trim());
  await must(kube, ['-n', 'team', 'create', '-f', '-'], PROVIDER());
  const name = 'virtrigaud-provider-team-prod';
  await until(
    async () => await api.get(DEPLOYMENTS, { namespace: 'team', name }),
    (found) => found !== undefined,
  );
  expect(narrow.lines.filter((line) => / (WARN|ERROR) /.test(line))).toEqual([]);
  const refused = kube.audit().filter(({ user, isForbidden }) => user.endsWith(':narrow') && isForbidden);
  expect(refused).toEqual([]);
});

/** With values that servers write otherwise, or leave out. */
const PROVIDER = (): string =>
  manifest('Provider', 'prod', {
    type: 'proxmox',
    endpoint: sim.nodes[0]?.url,
    credentialSecretRef: { name: 'pve-credentials' },
    runtime: {
      service: { port },
      resources: { limits: { cpu: '1000m', memory: '1024Mi' } },
      env: [
        { name: 'PVE_POOL', value: '' },
        {
          name: 'PVE_NODE_SELECTOR',
          valueFrom: { configMapKeyRef: { name: 'settings', key: 'nodes', optional: true } },
        },
      ],
      readinessProbe: { httpGet: { path: '/readyz', port: 8080 }, initialDelaySeconds: 0 },
      tolerations: [],
    },
  });

const VM = [
  manifest('VMClass', 'small', { cpus: 2, memory: '2Gi' }),
  manifest('VMImage', 'ubuntu', { source: 'ubuntu-22-template' }),
  vmManifest('web'),
].join('');

async function startManager(name: string, args: readonly string[], token = installed.token): Promise<PodProgram> {
  const hosts = [`${RUN}.default.svc.cluster.local`];
  const program = startManagerPod({ ...installed, token }, { folder: mkdtempSync(join(folder, name)), hosts, args });
  programs.push(program);
  await program.said('The manager has started');
  return program;
}

/** What its Deployment says, but for a port that others may have, and as fast as its Proxmox VE. */
async function startProvider(pod: KubeObject): Promise<void> {
  const { args, ...container } = await containerOf(api, pod);
  const here = ['--host=127.0.0.1', '--health-port=0', `--time-scale=${sim.clock.factor}`];
  const where = { folder: mkdtempSync(join(folder, 'provider')), program: 'provider-proxmox.mjs' };
  const program = startInPod({ ...container, ...where, args: [...args, ...here] });
  programs.push(program);
  await program.said('Starting Proxmox VE provider server');
}

async function podOfProvider(): Promise<KubeObject> {
  const [pod] = await until(
    async () => await podsOf(api, 'app.kubernetes.io/name=virtrigaud-provider,app.kubernetes.io/instance=prod'),
    (pods) => pods.length === 1,
  );
  if (pod === undefined) throw new Error('there is one');
  return pod;
}

async function object(resource: Resource, name: string): Promise<KubeObject | undefined> {
  return await api.get(resource, { namespace: 'default', name });
}

async function seenAs(kind: 'Provider' | 'VirtualMachine', name: string, isEnough: (seen: Seen) => boolean) {
  const resource = kind === 'Provider' ? PROVIDERS : VIRTUAL_MACHINES;
  return seenOf(
    await until(
      async () => await object(resource, name),
      (found) => found !== undefined && isEnough(seenOf(found)),
    ),
  );
}

async function patchProvider(spec: object): Promise<void> {
  await api.patch(PROVIDERS, { namespace: 'default', name: 'prod' }, { spec });
}

/** How often the manager has looked at its Provider. */
async function visits(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const counts = text.matchAll(/^virtrigaud_manager_reconcile_total\{kind="Provider",.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** How often a manager has asked for all VirtualMachines. */
function lists(): number {
  const asked = installed.kube.audit().filter(({ user, verb }) => user === ACCOUNT && verb === 'list');
  return asked.filter(({ resource }) => resource === 'virtualmachines.infra.virtrigaud.io').length;
}

/** Of the manager, in the order of letters. */
function writes(resources: readonly string[]): string[] {
  const asked = installed.kube.audit().filter(({ user, verb }) => user === ACCOUNT && !/^(get|list|watch)$/.test(verb));
  return asked
    .filter(({ resource }) => resources.includes(resource))
    .map(({ verb, resource }) => `${verb} ${resource}`)
    .toSorted();
}

function secretManifest(name: string, stringData: Readonly<Record<string, string>>): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData });
}
