// A Provider as the documentation has it: what it waits for, what it says of PVE, and who may keep it from going.
import { connect } from 'node:net';
import { VIRTUAL_MACHINES, VM_CLONES } from '#crd/resources';
import type { NewObject } from '#kube/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type ManagerFlow, startManagerFlow } from '../support/manager-flow.ts';

const NAME = 'proxmox-prod';
const PROVIDER = `
apiVersion: infra.virtrigaud.io/v1beta1
kind: Provider
metadata:
  name: ${NAME}
  namespace: default
spec:
  type: proxmox
  endpoint: https://pve.example.com:8006
  credentialSecretRef:
    name: pve-credentials
  runtime:
    mode: Remote
    image: "virtrigaud/provider-proxmox:latest"
`;

/** Nothing is done for it: it is here to refer to the Provider. */
const VM = `
apiVersion: infra.virtrigaud.io/v1beta1
kind: VirtualMachine
metadata:
  name: keeper
  annotations: { virtrigaud.io/paused: "true" }
spec:
  providerRef: { name: ${NAME} }
  classRef: { name: small }
  imageRef: { name: ubuntu }
`;

let flow: ManagerFlow;

beforeAll(async () => {
  flow = await startManagerFlow();
});
afterAll(async () => {
  await flow.stop();
});

const condition = async (type: string, is: string) =>
  await flow.until('Provider', NAME, (seen) => seen.condition(type) === is);

it('V16: waits for its credentials, says what is wrong with them, and gets on when they are right', async () => {
  const { id } = flow.sim.token;
  await flow.apply(PROVIDER);
  const without = await condition('CredentialsAvailable', 'False SecretNotFound');
  expect(without.message('Ready')).toMatch(
    /^Provider default\/proxmox-prod: .* Secret default\/pve-credentials\. Create/,
  );
  expect(without.status['healthy']).toBe(false);
  await flow.applyCredentials('pve-credentials', { token_id: id });
  const half = await condition('Ready', 'False CredentialsIncomplete');
  expect(half.message('Ready')).toContain('has token_id and no token_secret');
  await flow.applyCredentials('pve-credentials', {
    token_id: id,
    token_secret: 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx',
  });
  const refused = await condition('Ready', 'False CredentialsRefused');
  expect(refused.condition('ProviderRuntimeReady')).toBe('True InProcess');
  expect(refused.message('Ready')).not.toContain('xxxx');
  await flow.applyCredentials();
  const ready = await condition('Ready', 'True Ready');
  expect(ready.status).toMatchObject({
    healthy: true,
    version: '9.1.9',
    connectedVMs: 0,
    runtime: { mode: 'Remote', phase: 'Running' },
    capabilities: expect.arrayContaining(['Snapshots', 'Cloning']) as unknown,
    reportedCapabilities: { supportsMemorySnapshots: true, supportedNetworkTypes: ['bridge', 'vlan'] },
  });
  expect(ready.condition('TLSConfigured')).toBe('True Enabled');
  const reasons = (await flow.events('Provider', NAME)).map((line) => line.split(' ').slice(0, 2).join(' '));
  const told = [
    'Warning SecretNotFound',
    'Warning CredentialsIncomplete',
    'Warning CredentialsRefused',
    'Normal PVEReached',
  ];
  expect(reasons).toEqual(expect.arrayContaining(told));
});

it('goes on while PVE is down, says so, and writes nothing while nothing changes', async () => {
  await flow.apply(`${PROVIDER}  healthCheck: { interval: 5s, failureThreshold: 2 }\n`);
  for (const { name } of flow.sim.nodes) await flow.sim.setDaemon(name, 'api', 'stopped');
  const down = await condition('Healthy', 'False PVEUnreachable');
  expect(down.status).toMatchObject({ healthy: false, runtime: { phase: 'Running' } });
  expect(down.condition('ProviderAvailable')).toBe('True RemoteAvailable');
  for (const { name } of flow.sim.nodes) await flow.sim.setDaemon(name, 'api', 'running');
  const up = await condition('Healthy', 'True PVEReached');
  const asked = flow.sim.journal.entries.length;
  await flow.until('Provider', NAME, () => flow.sim.journal.entries.length > asked + 3);
  expect((await flow.object('Provider', NAME))?.metadata.resourceVersion).toBe(up.metadata.resourceVersion);
});

it('stays while a VirtualMachine needs it, and ends with it', async () => {
  await flow.apply(VM);
  const { status } = await flow.until('Provider', NAME, (seen) => seen.condition('Ready') === 'True Ready');
  const { endpoint } = status['runtime'] as { endpoint: string };
  await flow.delete('Provider', NAME);
  const waiting = await condition('Ready', 'False InUse');
  expect(waiting.message('Ready')).toBe('It is deleted once these are gone: VirtualMachine default/keeper.');
  // Another manager finds it being deleted, and still needed.
  await flow.restartManager();
  const again = await flow.until('Provider', NAME, ({ status: now }) => endpointOf(now) !== endpoint);
  expect(await answers(endpointOf(again.status))).toBe(true);
  // Made there, and named no more by its manifest; and a copy that is no VirtualMachine yet.
  const bound = { providerRef: { name: NAME, namespace: 'default' } };
  const copy = { sourceVMRef: { name: 'keeper' } };
  const { apiVersion, metadata } = parse(VM) as NewObject;
  const paused = { ...metadata, name: 'copy', namespace: 'default' };
  await flow.api.create(VM_CLONES, { apiVersion, kind: 'VMClone', metadata: paused, spec: copy });
  for (const [resource, name] of [
    [VIRTUAL_MACHINES, 'keeper'],
    [VM_CLONES, 'copy'],
  ] as const) {
    await flow.api.patch(resource, { name, namespace: 'default' }, { status: { bound } }, { subresource: 'status' });
  }
  await flow.apply(VM.replace(/.*providerRef.*\n/, ''));
  const both = await flow.until('Provider', NAME, (seen) => seen.message('Ready').includes('VMClone'));
  expect(both.message('Ready')).toContain('gone: VirtualMachine default/keeper, VMClone default/copy.');
  await flow.delete('VMClone', 'copy');
  await flow.until('Provider', NAME, (seen) => !seen.message('Ready').includes('VMClone'));
  await flow.delete('VirtualMachine', 'keeper');
  await flow.untilGone('Provider', NAME);
  expect(await answers(endpointOf(again.status))).toBe(false);
});

function endpointOf(status: Readonly<Record<string, unknown>>): string {
  return (status['runtime'] as { readonly endpoint?: string } | undefined)?.endpoint ?? '';
}

async function answers(endpoint: string): Promise<boolean> {
  const [host = '', port] = endpoint.split(':');
  return await new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
