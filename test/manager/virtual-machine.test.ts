// VirtualMachines as the documentation has them, from the manifest to what PVE has, and changed on the way.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ManagerFlow, startManagerFlow } from '../support/manager-flow.ts';
import { seedIsMissing, seedManifests, seedSkipNote } from '../support/seed-manifests.ts';
import { claimedVms } from '../support/world.ts';

let flow: ManagerFlow;

/** Objects of the documentation, as they stand there. */
function seed(kind: string, name: string, which = 0): string {
  const found = seedManifests().filter((manifest) => manifest.kind === kind && manifest.name === name)[which];
  if (found === undefined) throw new Error(`the documentation has no ${kind} ${name}`);
  return `${found.text}---\n`;
}

const MEDIUM = `
apiVersion: infra.virtrigaud.io/v1beta1
kind: VMClass
metadata:
  name: medium
spec:
  cpus: 4
  memory: 8Gi
---
`;

async function theVm(name: string) {
  const [vm, ...others] = await claimedVms(flow.world, name);
  expect(others).toEqual([]);
  if (vm === undefined) throw new Error(`there is no VM ${name}`);
  return vm;
}

const isReady = (seen: { condition(type: string): string }): boolean => seen.condition('Ready').startsWith('True');

describe.skipIf(seedIsMissing)(`the VirtualMachines of the documentation${seedSkipNote}`, () => {
  beforeAll(async () => {
    flow = await startManagerFlow({ simulator: { timeScale: 100, latency: false } });
    await flow.applyCredentials();
  });
  afterAll(async () => await flow.stop());

  it('wait for what they refer to, a condition for each', async () => {
    await flow.apply(seed('VirtualMachine', 'web-server', 1));
    const waiting = await flow.until('VirtualMachine', 'web-server', (seen) => seen.condition('Ready') !== '');
    expect(waiting.condition('ClassFound')).toBe('False ClassNotFound');
    expect(waiting.message('ClassFound')).toBe('VMClass "small" not found in namespace "default" (spec.classRef).');
    await flow.apply(seed('VMClass', 'small'));
    await flow.until('VirtualMachine', 'web-server', (seen) => seen.condition('Ready') === 'False ProviderNotFound');
    await flow.apply(seed('Provider', 'proxmox-prod'));
    await flow.until('VirtualMachine', 'web-server', (seen) => seen.condition('Ready') === 'False ImageNotFound');
    await flow.apply(seed('VMImage', 'ubuntu-22'));
    const ready = await flow.until('VirtualMachine', 'web-server', isReady);
    const vm = await theVm('web-server');
    expect(vm.running).toBe(true);
    expect(vm.config).toMatchObject({
      bios: 'ovmf',
      machine: expect.stringContaining('q35'),
      memory: '4096',
      net0: expect.stringMatching(/^virtio=.*,bridge=vmbr0/),
      scsi0: expect.stringContaining('size=40G'),
    });
    expect(ready.status).toMatchObject({ id: String(vm.vmid), phase: 'Running', powerState: 'On' });
  });

  it('have the networks they ask for', async () => {
    await flow.apply(`${MEDIUM}${seed('VirtualMachine', 'multi-nic-vm')}`);
    await flow.until('VirtualMachine', 'multi-nic-vm', isReady);
    const { config } = await theVm('multi-nic-vm');
    expect(config).toMatchObject({
      net0: expect.stringContaining('bridge=vmbr0'),
      net1: expect.stringMatching(/bridge=vmbr1.*tag=100/),
      net2: expect.stringMatching(/02:00:00:AA:BB:CC.*bridge=vmbr2/),
      ipconfig0: 'gw=192.168.1.1,ip=192.168.1.100/24',
      ipconfig1: 'ip=10.0.100.50/24',
      ipconfig2: 'ip=dhcp',
      nameserver: '8.8.8.8 1.1.1.1',
    });
  });

  it('are changed in place by the excerpt that names another class, and keep all it leaves out', async () => {
    const before = await theVm('web-server');
    await flow.apply(`${seed('VirtualMachine', 'web-server', 0)}${seed('VMClass', 'large')}`);
    const changed = await flow.until(
      'VirtualMachine',
      'web-server',
      (seen) => isReady(seen) && (seen.status['currentResources'] as { cpu: number }).cpu === 8,
    );
    const after = await theVm('web-server');
    expect(after.vmid).toBe(before.vmid);
    expect(after.running).toBe(true);
    const { cores, memory, description: _claim, digest: _digest, ...rest } = after.config;
    expect(cores).toBe('8');
    expect(before.config).toMatchObject(rest);
    expect(changed.condition('UpToDate')).toBe('True Applied');
    expect(memory).toBe('4096');
    expect(changed.message('RestartRequired')).toBe(
      `VM ${after.vmid} has to be restarted for memory to be as asked for. \`kubectl vm reboot web-server\` does that, as does a new value of the annotation virtrigaud.io/restart-requested-at.`,
    );
    const story = await flow.events('VirtualMachine', 'web-server');
    expect(story).toEqual(
      expect.arrayContaining([
        'Warning ClassNotFound VMClass "small" not found in namespace "default" (spec.classRef).',
        `Normal Created Created VM ${after.vmid} on pve2 from VMImage ubuntu-22.`,
        `Normal Started Started VM ${after.vmid} on pve2.`,
        `Normal Reconfigured VM ${after.vmid}: 2 → 8 CPUs live; 4 → 16 GiB of memory after a restart.`,
      ]),
    );
  });
});
