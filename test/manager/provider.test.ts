// A Provider as the documentation has it, from nothing to healthy, and what happens to it on the way.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ManagerFlow, startManagerFlow } from '../support/manager-flow.ts';

const PROVIDER = `
apiVersion: infra.virtrigaud.io/v1beta1
kind: Provider
metadata:
  name: proxmox-prod
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

let flow: ManagerFlow;

beforeAll(async () => {
  flow = await startManagerFlow();
});
afterAll(async () => {
  await flow.stop();
});

it('waits for its credentials, and runs with them', async () => {
  await flow.apply(PROVIDER);
  const waiting = await flow.until('Provider', 'proxmox-prod', (seen) => seen.condition('CredentialsAvailable') !== '');
  expect(waiting.condition('CredentialsAvailable')).toBe('False SecretNotFound');
  await flow.applyCredentials();
  const ready = await flow.until('Provider', 'proxmox-prod', (seen) => seen.condition('Ready') === 'True Ready');
  expect(ready.status).toMatchObject({ healthy: true, version: '9.1.9', runtime: { phase: 'Running' } });
});
