// `kubectl vm` and `kubectl create vmsnapshot` on an API with our kinds: what they write and what they tell. Nobody looks after
// the objects here.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCreateVmSnapshot, runVmPlugin } from '#cli/kubectl/program';
import { customResourceDefinitions } from '#crd/definition/custom-resource-definition';
import { API_VERSION } from '#crd/manifests';
import { VIRTUAL_MACHINES, VM_SNAPSHOTS } from '#crd/resources';
import { EVENTS } from '#kube/resource';
import { type NearApi, startNearApi } from '../kube/near-api.ts';
import { kubectlProgram, runKubectl } from '../support/kubectl.ts';
import { until } from '../support/until.ts';

const WEB = { name: 'web-server', namespace: 'default' };
let near: NearApi;

beforeAll(async () => {
  near = await startNearApi(customResourceDefinitions());
  await near.api.create(VIRTUAL_MACHINES, { apiVersion: API_VERSION, kind: 'VirtualMachine', metadata: WEB, spec: {} });
});
afterAll(async () => await near.stop());

async function run(program: typeof runVmPlugin, ...args: string[]): Promise<string> {
  let printed = '';
  const write = (text: string): void => void (printed += text);
  const whole = [...args, '--kubeconfig', near.sim.kubeconfig];
  await program({ args: whole, version: '1.2.3', write, writeError: write });
  return printed;
}

async function vm(...args: string[]): Promise<string> {
  return await run(runVmPlugin, ...args);
}

async function status(patch: Readonly<Record<string, unknown>>): Promise<void> {
  await near.api.patch(VIRTUAL_MACHINES, WEB, { status: patch }, { subresource: 'status' });
}

it('writes what is asked of a VM into its object', async () => {
  const spec = async () => (await near.api.get(VIRTUAL_MACHINES, WEB))?.['spec'];
  expect(await vm('stop', 'web-server')).toBe('virtualmachine/web-server shuts down\n');
  expect(await spec()).toMatchObject({ powerState: 'OffGraceful' });
  await vm('stop', 'web-server', '--force');
  expect(await spec()).toMatchObject({ powerState: 'Off' });
  expect(await vm('start', 'web-server')).toBe('virtualmachine/web-server starts\n');
  expect(await spec()).toMatchObject({ powerState: 'On' });
  await vm('reboot', 'web-server');
  const { annotations } = (await near.api.get(VIRTUAL_MACHINES, WEB))?.metadata ?? {};
  expect(annotations?.['virtrigaud.io/restart-requested-at']).toMatch(/^\d{4}-/);
});

it('waits until it is so, and says why it is not', async () => {
  await status({ powerState: 'Off', message: 'PVE does not answer' });
  await expect(vm('start', 'web-server', '--wait', '1ms')).rejects.toThrow(
    'VirtualMachine web-server: PVE does not answer. Look with: kubectl vm why web-server.',
  );
  // As it was before it was stopped.
  await status({ powerState: 'On', observedGeneration: 1 });
  await expect(vm('start', 'web-server', '--wait', '1ms')).rejects.toThrow('PVE does not answer');
  const { generation } = (await near.api.get(VIRTUAL_MACHINES, WEB))?.metadata ?? {};
  await status({ powerState: 'On', observedGeneration: generation });
  expect(await vm('start', 'web-server', '--wait')).toBe('virtualmachine/web-server starts: done\n');
});

it('makes a snapshot object of its options, and asks for the VM to go back to it', async () => {
  const made = await run(
    runCreateVmSnapshot,
    'before-upgrade',
    '--vm=web-server',
    '--description=Before major upgrade',
    '--include-memory=true',
  );
  expect(made).toBe('vmsnapshot.infra.virtrigaud.io/before-upgrade created\n');
  const snapshot = await near.api.get(VM_SNAPSHOTS, { name: 'before-upgrade', namespace: 'default' });
  expect(snapshot?.['spec']).toMatchObject({
    vmRef: { name: 'web-server' },
    description: 'Before major upgrade',
    includeMemory: true,
  });
  expect(await vm('revert', 'web-server', 'before-upgrade')).toBe(
    'virtualmachine/web-server goes back to vmsnapshot/before-upgrade\n',
  );
  await expect(vm('revert', 'web-server', 'before-upgrade', '--wait', '1ms')).rejects.toThrow('kubectl vm why');
  const first = await revertAsked();
  const done = vm('revert', 'web-server', 'before-upgrade', '--wait');
  await revertEnds(first, { at: '2026-01-01T10:00:00Z', message: 'VM web-server is back at it.' });
  expect(await done).toBe('virtualmachine/web-server goes back to vmsnapshot/before-upgrade: done\n');
  const second = await revertAsked();
  const refused = vm('revert', 'web-server', 'before-upgrade', '--wait');
  await Promise.all([
    expect(refused).rejects.toThrow('VirtualMachine web-server: revert: it is locked'),
    revertEnds(second, { message: 'it is locked' }),
  ]);
  await expect(vm('revert', 'web-server', 'other')).rejects.toThrow(
    'VirtualMachine web-server: revert: there is no VMSnapshot "other" of it. It has before-upgrade.',
  );
  await expect(run(runCreateVmSnapshot, 'x', '--vm=nope')).rejects.toThrow(
    'VirtualMachine nope: there is none in namespace "default". It has web-server.',
  );
  expect(await run(runCreateVmSnapshot, 'x', '--vm=nope', '--dry-run=client', '-o', 'name')).toBe(
    'vmsnapshot.infra.virtrigaud.io/x\n',
  );
});

it('tells addresses and console, or why there are none', async () => {
  await status({ ips: null, powerState: 'On' });
  await expect(vm('ip', 'web-server')).rejects.toThrow('its guest agent has told no address yet');
  await expect(vm('console', 'web-server')).rejects.toThrow('it is not there yet');
  await status({ ips: ['192.168.1.10', '2001:db8::10'], consoleURL: 'https://pve:8006/?console=kvm' });
  expect(await vm('ip', 'web-server')).toBe('192.168.1.10\n2001:db8::10\n');
  expect(await vm('console', 'web-server')).toBe('https://pve:8006/?console=kvm\n');
});

it('tells the story of a VM: what is wrong first, its Events in their order', async () => {
  await status({
    phase: 'Running',
    id: '100123',
    provider: { node: 'pve2' },
    message: 'memory waits for a restart',
    conditions: [
      condition('ProviderReady', 'True', 'PVE 9.1.9 answers'),
      condition('RestartRequired', 'True', 'memory: 4096 MiB, 16384 MiB after a restart'),
      condition('Ready', 'True', 'it is as it is wished'),
    ],
  });
  const { uid = '' } = (await near.api.get(VIRTUAL_MACHINES, WEB))?.metadata ?? {};
  await event(uid, 'Started', '2026-01-01T10:00:05Z', 1);
  await event(uid, 'Created', '2026-01-01T10:00:00Z', 2);
  await event('of-another', 'Other', '2026-01-01T10:00:00Z', 1);
  const story = (await vm('why', 'web-server')).replaceAll(/ +\d+d/g, ' AGE');
  expect(story).toBe(`web-server is Running: VM 100123 on pve2
  it is as it is wished

Conditions:
  !  RestartRequired  memory: 4096 MiB, 16384 MiB after a restart
  ok ProviderReady    PVE 9.1.9 answers

Events, the latest last:
 AGE  Created  it was Created (2 times)
 AGE  Started  it was Started
`);
});

const SNAPSHOT = { name: 'before-upgrade', namespace: 'default' };

async function revertAsked(): Promise<string | undefined> {
  const { annotations } = (await near.api.get(VM_SNAPSHOTS, SNAPSHOT))?.metadata ?? {};
  return annotations?.['virtrigaud.io/revert-requested-at'];
}

/** As the manager tells of the revert that is asked for after `before`. */
async function revertEnds(before: string | undefined, outcome: Readonly<Record<string, string>>): Promise<void> {
  const handled = await until(revertAsked, (at) => at !== before);
  await near.api.patch(VM_SNAPSHOTS, SNAPSHOT, { status: { revert: { at: null, ...outcome, handled } } }, STATUS);
}

const STATUS = { subresource: 'status' } as const;

const PLUGINS = join(import.meta.dirname, '../../plugins');
const noKubectl = kubectlProgram === undefined ? ' (skipped: there is no kubectl here)' : '';

it.skipIf(kubectlProgram === undefined)(`is found by kubectl as its own commands${noKubectl}`, async () => {
  const environment = { PATH: `${PLUGINS}:${process.env['PATH']}`, KUBECONFIG: near.sim.kubeconfig };
  const line = 'create vmsnapshot second --vm=web-server --description=Second --include-memory=true';
  const made = await runKubectl(line.split(' '), '', environment);
  expect(made).toMatchObject({ exit: 0, stdout: 'vmsnapshot.infra.virtrigaud.io/second created\n' });
  const none = await runKubectl(['vm', 'ip', 'nope'], '', environment);
  expect(none.exit).toBe(1);
  expect(none.stderr).toContain('error: VirtualMachine nope: there is none in namespace "default"');
});

function condition(type: string, state: string, message: string) {
  return { type, status: state, reason: type, message, lastTransitionTime: '2026-01-01T10:00:00Z' };
}

async function event(uid: string, reason: string, lastTimestamp: string, count: number): Promise<void> {
  await near.api.create(EVENTS, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: 'web-server-', namespace: 'default' },
    type: 'Normal',
    reason,
    message: `it was ${reason}`,
    lastTimestamp,
    count,
    involvedObject: { kind: 'VirtualMachine', name: 'web-server', namespace: 'default', uid },
  });
}
