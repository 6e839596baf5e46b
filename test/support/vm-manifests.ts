// Objects that tests of VirtualMachines need, in the words of manifests.
import { stringify } from 'yaml';
import type { ManagerFlow } from './manager-flow.ts';
import { claimedVms, type VmFacts } from './world.ts';

const API_VERSION = 'infra.virtrigaud.io/v1beta1';

export function manifest(kind: string, name: string, spec: object, metadata: object = {}): string {
  return `${stringify({ apiVersion: API_VERSION, kind, metadata: { name, ...metadata }, spec })}---\n`;
}

/** A Provider that reaches the simulator, a class, and an image that is there. */
export const BASICS = [
  manifest('Provider', 'prod', {
    type: 'proxmox',
    endpoint: 'https://pve.example.com:8006',
    credentialSecretRef: { name: 'pve-credentials' },
  }),
  manifest('VMClass', 'small', { cpus: 2, memory: '2Gi' }),
  manifest('VMClass', 'large', { cpus: 4, memory: '4Gi' }),
  manifest('VMImage', 'ubuntu', { source: 'ubuntu-22-template' }),
].join('');

/** A VirtualMachine of these; what is undefined is left out. */
export function vmManifest(name: string, spec: Readonly<Record<string, unknown>> = {}, metadata: object = {}): string {
  const usual = { providerRef: { name: 'prod' }, classRef: { name: 'small' }, imageRef: { name: 'ubuntu' } };
  return manifest('VirtualMachine', name, { ...usual, ...spec }, metadata);
}

/** The one VM that was made for it. */
export async function vmOf(flow: ManagerFlow, name: string): Promise<VmFacts & { state: string }> {
  const [vm, ...others] = await claimedVms(flow.world, name);
  if (vm === undefined || others.length > 0) throw new Error(`${name} has ${others.length + (vm ? 1 : 0)} VMs`);
  return vm;
}

export function isReady(seen: { condition(type: string): string }): boolean {
  return seen.condition('Ready').startsWith('True');
}
