// Five situations as a person sees them at night, by real kubectl: made for real, and compared with texts that were read by
// somebody. `npm run prove -- manager-golden -u` writes them anew; then they have to be read again.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runVmPlugin } from '#cli/kubectl/program';
import { kubectlProgram } from '../support/kubectl.ts';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { stableText } from '../support/stable-text.ts';
import { BASICS, isReady, manifest, vmManifest } from '../support/vm-manifests.ts';
import { addImages, WEB } from '../support/web-images.ts';

const skipNote = kubectlProgram === undefined ? ' (skipped: there is no kubectl here)' : '';

let flow: ManagerFlow;

async function kubectl(...args: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await flow.kubectl(args);
  expect(`${exit} ${stderr}`).toBe('0 ');
  return stdout;
}

async function why(name: string): Promise<string> {
  let printed = '';
  const write = (text: string): void => void (printed += text);
  await runVmPlugin({ args: ['why', name, '--kubeconfig', flow.kubeconfig], version: '0', write, writeError: write });
  return printed;
}

/** What a person would type, and what they would read. */
async function told(name: string): Promise<string> {
  const commands = [
    [`kubectl get vm ${name}`, await kubectl('get', 'vm', name)],
    [`kubectl get vm ${name} -o wide`, await kubectl('get', 'vm', name, '-o', 'wide')],
    [`kubectl vm why ${name}`, await why(name)],
    [`kubectl describe vm ${name}`, await kubectl('describe', 'vm', name)],
  ] as const;
  const { id } = ((await flow.object('VirtualMachine', name))?.['status'] ?? {}) as { id?: string };
  return commands.map(([command, text]) => `$ ${command}\n${stableText(text, id)}`).join('\n');
}

async function compare(name: string, situation: string): Promise<void> {
  await expect(await told(name)).toMatchFileSnapshot(join(import.meta.dirname, `golden/${situation}.txt`));
}

/** Events are told on the side. */
async function toldOf(name: string, reason: string): Promise<void> {
  await flow.until('VirtualMachine', name, () => true);
  const end = Date.now() + 20_000;
  while (!(await flow.events('VirtualMachine', name)).some((line) => line.includes(` ${reason} `))) {
    if (Date.now() > end)
      throw new Error(`no Event ${reason}: ${(await flow.events('VirtualMachine', name)).join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function hasAddress(seen: Seen): boolean {
  return isReady(seen) && ((seen.status['ips'] ?? []) as readonly string[]).length > 0;
}

async function running(name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await flow.apply(vmManifest(name, spec));
  await flow.until('VirtualMachine', name, hasAddress);
  await toldOf(name, 'Started');
}

describe.skipIf(skipNote !== '')(`kubectl tells of a VirtualMachine${skipNote}`, () => {
  beforeAll(async () => {
    flow = await startManagerFlow();
    addImages(flow.sim);
    await flow.applyCredentials();
    await flow.apply(BASICS);
    await flow.until('Provider', 'prod', isReady);
  });
  afterAll(async () => await flow.stop());

  it('that all is well', async () => {
    await running('web-server', { networks: [{ name: 'lan' }], disks: [{ name: 'root', size: '20Gi' }] });
    await compare('web-server', 'fine');
  });

  it('that its image is still on its way', async () => {
    const source = { http: { url: `${WEB}/slow.qcow2` }, proxmox: { storage: 'shared' } };
    await flow.apply(manifest('VMImage', 'debian-13', { source }));
    await flow.apply(vmManifest('importing', { imageRef: { name: 'debian-13' } }));
    await flow.until('VirtualMachine', 'importing', (seen) => seen.condition('ImageReady').startsWith('False'));
    await toldOf('importing', 'ImportingImage');
    await compare('importing', 'waiting-for-image');
  });

  it('that no node can take it', async () => {
    await flow.apply(manifest('VMClass', 'huge', { cpus: 4, memory: '512Gi' }));
    await flow.apply(vmManifest('too-large', { classRef: { name: 'huge' } }));
    await flow.until('VirtualMachine', 'too-large', (seen) => seen.message('Ready').includes('tried again'));
    await compare('too-large', 'unschedulable');
  });

  it('that a change waits for a restart', async () => {
    await running('changed');
    await flow.apply(vmManifest('changed', { classRef: { name: 'large' } }));
    await flow.until('VirtualMachine', 'changed', (seen) => isReady(seen) && seen.condition('RestartRequired') !== '');
    await toldOf('changed', 'Reconfigured');
    await compare('changed', 'restart-required');
  });

  it('that Proxmox VE is down', async () => {
    await running('lost');
    for (const { name } of flow.sim.nodes) await flow.sim.setNodeOnline(name, false);
    await flow.until('VirtualMachine', 'lost', (seen) => seen.condition('Ready').startsWith('False'));
    await flow.until('Provider', 'prod', (seen) => seen.condition('Healthy').startsWith('False'));
    await compare('lost', 'pve-down');
  });
});
