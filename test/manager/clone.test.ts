// VMClones, from the manifest of the documentation to a VirtualMachine of its own.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ManagerFlow, startManagerFlow } from '../support/manager-flow.ts';
import { BASICS, isReady, manifest, vmManifest, vmOf } from '../support/vm-manifests.ts';
import { claimedVms } from '../support/world.ts';

let flow: ManagerFlow;
beforeAll(async () => {
  flow = await startManagerFlow({ simulator: { timeScale: 100, latency: false } });
  await flow.applyCredentials();
  await flow.apply(BASICS);
});
afterAll(async () => await flow.stop());

const clone = (name: string, spec: object): string => manifest('VMClone', name, spec);

it('V9: a clone is tried until there is what it is made of, and becomes a VirtualMachine with its VM', async () => {
  await flow.apply(clone('web-clone', { sourceVMRef: { name: 'template-vm' }, linkedClone: true }));
  const waiting = await flow.until('VMClone', 'web-clone', (seen) => seen.condition('Ready') !== '');
  expect(waiting.message('SourceReady')).toBe('VirtualMachine "template-vm" not found in namespace "default".');
  await flow.apply(vmManifest('template-vm', { powerState: 'Off', resources: { cpu: 3 } }));
  const done = await flow.until('VMClone', 'web-clone', isReady);
  const target = await flow.until('VirtualMachine', 'web-clone', isReady);
  const vm = await vmOf(flow, 'web-clone');
  expect(done.status).toMatchObject({
    phase: 'Ready',
    targetRef: { name: 'web-clone' },
    targetVMID: String(vm.vmid),
    actualCloneType: 'FullClone',
    startTime: expect.any(String),
    completionTime: expect.any(String),
  });
  expect(done.condition('LinkedAsWished')).toBe('False FullNotLinked');
  expect(target.status).toMatchObject({ id: String(vm.vmid), powerState: 'On' });
  expect(target.metadata).toMatchObject({
    labels: { 'virtrigaud.io/adopted': 'true' },
    annotations: { 'virtrigaud.io/cloned-from': 'template-vm', 'virtrigaud.io/clone': 'web-clone' },
  });
  expect([vm.running, vm.config['vcpus'], vm.config['memory']]).toEqual([true, '3', '2048']);
});

it('what is said of the clone is in it before it starts', async () => {
  const entries = { userdata: Buffer.from('#cloud-config\n{}\n').toString('base64') };
  await flow.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'seed' }, data: entries }));
  await flow.apply(
    clone('dressed', {
      source: { vmRef: { name: 'template-vm' } },
      target: {
        name: 'dressed-vm',
        classRef: { name: 'large' },
        labels: { app: 'web' },
        disks: [{ name: 'root', size: '60Gi' }],
      },
      options: { powerOn: false, retryPolicy: { maxRetries: 1 } },
      customization: {
        hostname: 'dressed',
        networks: [{ name: 'net0', ipAddress: '10.0.0.9', subnetMask: '255.255.255.0' }],
        userData: { cloudInit: { secretRef: { name: 'seed' } }, sshKeys: { inline: 'ssh-ed25519 AAAA me' } },
      },
    }),
  );
  const done = await flow.until('VMClone', 'dressed', isReady);
  expect(done.condition('RetryAsWished')).toBe('False NotSupported');
  const target = await flow.until('VirtualMachine', 'dressed-vm', isReady);
  const vm = await vmOf(flow, 'dressed-vm');
  expect(target.metadata.labels).toMatchObject({ app: 'web' });
  expect(target['spec']).toMatchObject({ classRef: { name: 'large' }, powerState: 'Off' });
  expect(vm.config).toMatchObject({ vcpus: '4', memory: '4096', scsi0: expect.stringContaining('size=60G') });
});

it('a VMClone that is deleted leaves its VM, and the VM is deleted with its VirtualMachine', async () => {
  await flow.delete('VMClone', 'dressed');
  await flow.untilGone('VMClone', 'dressed');
  await flow.until('VirtualMachine', 'dressed-vm', isReady);
  // As after a restore of the objects alone.
  await flow.delete('VirtualMachine', 'dressed-vm');
  await flow.untilGone('VirtualMachine', 'dressed-vm');
  expect(await claimedVms(flow.world, 'dressed-vm')).toEqual([]);
});
