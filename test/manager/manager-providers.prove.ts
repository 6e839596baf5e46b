// What can stand in the way of a Provider that runs in the manager: each by its name, and over when it is set right.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { PROVIDERS } from '#crd/resources';
import { launchProvider } from '#provider/launch';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCa } from '../support/certificates.ts';
import { type ManagerFlow, startManagerFlow } from '../support/manager-flow.ts';
import { until } from '../support/until.ts';

let flow: ManagerFlow;

beforeAll(async () => {
  flow = await startManagerFlow();
  await flow.applyCredentials();
});
afterAll(async () => {
  await flow.stop();
});

function provider(name: string, spec: object): string {
  return JSON.stringify({
    apiVersion: 'infra.virtrigaud.io/v1beta1',
    kind: 'Provider',
    metadata: { name },
    spec: {
      type: 'proxmox',
      endpoint: 'https://pve.example.com:8006',
      credentialSecretRef: { name: 'pve-credentials' },
      ...spec,
    },
  });
}

async function certificates(): Promise<Record<string, string>> {
  const ca = await makeCa();
  const leaf = await ca.leaf({ dns: ['localhost'], server: true, client: true });
  return { 'tls.crt': leaf.cert, 'tls.key': leaf.key, 'ca.crt': ca.cert };
}

function endpointOf(status: Readonly<Record<string, unknown>>): unknown {
  return (status['runtime'] as { readonly endpoint?: string }).endpoint;
}

const condition = async (name: string, type: string, is: string) =>
  await flow.until('Provider', name, (seen) => seen.condition(type) === is);

it('a port that somebody has: it and the remedy are named, and it is taken when it is free', async () => {
  const stranger = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => stranger.once('listening', resolve));
  const { port } = stranger.address() as AddressInfo;
  await flow.apply(provider('ports', { runtime: { service: { port } } }));
  const taken = await condition('ports', 'Ready', 'False PortTaken');
  expect(taken.message('Ready')).toBe(
    `Provider default/ports: serve on port ${port}: another program has it. Set another spec.runtime.service.port, or remove it: then any free one is taken.`,
  );
  expect(taken.status).toMatchObject({ healthy: false, runtime: { phase: 'Failed' } });
  await new Promise((resolve) => stranger.close(resolve));
  const ready = await condition('ports', 'Ready', 'True Ready');
  expect(ready.status['runtime']).toMatchObject({ endpoint: `127.0.0.1:${port}` });
  await flow.apply(provider('second', { runtime: { service: { port } } }));
  const second = await condition('second', 'Ready', 'False PortTaken');
  expect(second.message('Ready')).toContain(`serve on port ${port}: Provider default/ports has it`);
  await flow.delete('Provider', 'ports');
  await condition('second', 'Ready', 'True Ready');
  await flow.delete('Provider', 'second');
});

it('a change that it cannot be started with ends no provider that runs', async () => {
  await flow.applyCredentials('certificates', await certificates());
  const tls = { secretRef: { name: 'certificates' }, insecureSkipVerify: true };
  await flow.apply(provider('lasting', { runtime: { service: { tls } } }));
  const { status } = await condition('lasting', 'Ready', 'True Ready');
  const stays = async (env: readonly object[], reason: string): Promise<void> => {
    await flow.apply(provider('lasting', { runtime: { env, service: { tls } } }));
    const seen = await condition('lasting', 'Ready', `False ${reason}`);
    expect(seen.status['runtime']).toMatchObject({ endpoint: endpointOf(status), phase: 'Failed' });
    expect(seen.condition('Healthy')).toBe('True PVEReached');
    expect((await flow.events('Provider', 'lasting')).join('\n')).toContain(`Warning ${reason}`);
  };
  await stays([{ name: 'PVE_UNCLAIMED', value: 'no' }], 'StartFailed');
  await stays([{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }], 'NoSuchSource');
  await flow.apply(provider('lasting', { runtime: { service: { tls } } }));
  await condition('lasting', 'Ready', 'True Ready');
  await flow.delete('Secret', 'certificates');
  const unsafe = await condition('lasting', 'TLSConfigured', 'False SecretRefMissing');
  expect(unsafe.status['runtime']).toMatchObject({ endpoint: endpointOf(status), phase: 'Running' });
  await flow.delete('Provider', 'lasting');
  await flow.untilGone('Provider', 'lasting');
});

it('credentials that PVE refuses are told of and left, and what it can do is asked again', async () => {
  const { sim } = flow;
  const right = { token_id: sim.token.id, token_secret: sim.token.secret };
  await flow.applyCredentials('wrong', right);
  await flow.apply(provider('refused', { credentialSecretRef: { name: 'wrong' } }));
  await condition('refused', 'Ready', 'True Ready');
  const key = { name: 'refused', namespace: 'default' };
  await flow.api.patch(PROVIDERS, key, { status: { capabilities: ['Backup'] } }, { subresource: 'status' });
  await flow.applyCredentials('wrong', { ...right, token_secret: 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx' });
  const wrong = await condition('refused', 'Ready', 'False CredentialsRefused');
  expect(wrong.condition('ProviderRuntimeReady')).toBe('True InProcess');
  await flow.applyCredentials('wrong', right);
  await condition('refused', 'Ready', 'True Ready');
  await flow.until('Provider', 'refused', ({ status }) => (status['capabilities'] as string[]).includes('Snapshots'));
  await flow.delete('Provider', 'refused');
});

it('V16: a Secret that changes is used without a new start, and one that is gone ends nothing', async () => {
  const { sim } = flow;
  await flow.applyCredentials('rotating');
  await flow.apply(provider('rotating', { credentialSecretRef: { name: 'rotating' } }));
  const { status } = await condition('rotating', 'Ready', 'True Ready');
  await flow.applyCredentials('rotating', { token_id: sim.rootToken.id, token_secret: sim.rootToken.secret });
  const users = (): string => flow.log.filter((line) => line.includes('credentials have changed')).join('');
  await until(
    async () => await Promise.resolve(users()),
    (text) => text.includes('provider=default/rotating'),
  );
  await flow.delete('Secret', 'rotating');
  const without = await condition('rotating', 'CredentialsAvailable', 'False SecretNotFound');
  expect(without.condition('Ready')).toBe('True Ready');
  expect(without.status['runtime']).toEqual(status['runtime']);
  expect((await flow.events('Provider', 'rotating')).join('\n')).toContain('Warning SecretNotFound');
  await flow.delete('Provider', 'rotating');
});

it.each([
  ['none', { credentialSecretRef: undefined }, 'NoCredentials', /Name a Secret .* in spec\.credentialSecretRef/],
  [
    'half-environment',
    { credentialSecretRef: undefined, runtime: { env: [{ name: 'PVE_TOKEN_ID', value: 'a@pve!b' }] } },
    'CredentialsIncomplete',
    /runtime\.env has PVE_TOKEN_ID and no PVE_TOKEN_SECRET/,
  ],
  [
    'no-map',
    { runtime: { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'nowhere', key: 'a' } } }] } },
    'ConfigMapNotFound',
    /runtime\.env A: there is no ConfigMap default\/nowhere/,
  ],
  [
    'no-entry',
    { runtime: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'pve-credentials', key: 'a' } } }] } },
    'EntryNotFound',
    /Secret default\/pve-credentials has no entry a/,
  ],
  [
    'of-pods',
    { runtime: { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] } },
    'NoSuchSource',
    /spec\.nodeName is known of pods only/,
  ],
  ['wrong-setting', { runtime: { env: [{ name: 'PVE_UNCLAIMED', value: 'no' }] } }, 'StartFailed', /PVE_UNCLAIMED/],
  [
    'no-tls',
    { runtime: { service: { tls: { secretRef: { name: 'gone' } } } } },
    'SecretRefMissing',
    /there is no Secret default\/gone/,
  ],
  ['far', { endpoint: 'grpc://provider.example.com:9443' }, 'TLSBlockMissing', /secretRef, or set enabled: false/],
  ['other', { type: 'vsphere' }, 'Unsupported', /Write proxmox/],
])('%s', async (name, spec, reason, says) => {
  await flow.apply(provider(name, spec));
  const seen = await condition(name, 'Ready', `False ${reason}`);
  expect(seen.message('Ready')).toMatch(says);
  await flow.delete('Provider', name);
  await flow.untilGone('Provider', name);
});

it('variables come from Secrets and ConfigMaps, and their changes too', async () => {
  const map = (pool: string): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { level: pool } });
  const { id, secret } = flow.sim.token;
  await flow.applyCredentials('elsewhere', { who: id, what: secret });
  await flow.apply(map('warn'));
  const from = (name: string, key: string): object => ({
    name,
    valueFrom: { secretKeyRef: { name: 'elsewhere', key } },
  });
  const level = { name: 'PVE_UNCLAIMED', valueFrom: { configMapKeyRef: { name: 'settings', key: 'level' } } };
  const env = [from('PVE_TOKEN_ID', 'who'), from('PVE_TOKEN_SECRET', 'what'), level];
  await flow.apply(provider('variables', { credentialSecretRef: undefined, runtime: { env } }));
  const wrong = await condition('variables', 'Ready', 'False StartFailed');
  expect(wrong.message('Ready')).toContain('"warn" is not one of');
  await flow.apply(map('accept'));
  await condition('variables', 'Ready', 'True Ready');
  await flow.delete('Provider', 'variables');
});

it('a provider that somebody else has started is used where it is, with the certificates of its Secret', async () => {
  await flow.applyCredentials('provider-tls', await certificates());
  // As in a pod: the manager of the test lays the same files for a Provider of its own, with the name of a Service.
  await flow.apply(
    provider('own', {
      runtime: { service: { tls: { secretRef: { name: 'provider-tls' }, insecureSkipVerify: true } } },
    }),
  );
  await condition('own', 'Ready', 'True Ready');
  const outside = await launchProvider({
    environment: {
      PROVIDER_ENDPOINT: flow.sim.nodes[0]?.url ?? '',
      PVE_TOKEN_ID: flow.sim.token.id,
      PVE_TOKEN_SECRET: flow.sim.token.secret,
      PVE_CA_BUNDLE: flow.sim.ca,
      PVE_INSTANCE: 'test/outside',
      VIRTRIGAUD_PROVIDER_INSECURE: 'true',
    },
    host: '127.0.0.1',
    port: 0,
    version: 'test',
    clock: createClock({ factor: 20 }),
    log: createLogger({ write: () => undefined }),
  });
  const endpoint = `grpc://127.0.0.1:${outside.port}`;
  const spec = { endpoint, credentialSecretRef: undefined, runtime: { service: { tls: { enabled: false } } } };
  await flow.apply(provider('outside', spec));
  const ready = await condition('outside', 'Ready', 'True Ready');
  expect(ready.condition('ProviderRuntimeReady')).toBe('True Elsewhere');
  expect(ready.condition('TLSConfigured')).toBe('False ExplicitlyDisabled');
  await flow.delete('Provider', 'outside');
  await flow.delete('Provider', 'own');
  await flow.untilGone('Provider', 'outside');
  await outside.close();
});
