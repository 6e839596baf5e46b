// Every VirtRigaud object of the documentation, applied by real kubectl as it stands there, on a cluster with the nodes and
// storages that it names. What it leaves undefined is in COMPANION.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubectlProgram } from '../support/kubectl.ts';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { seedIsMissing, seedManifests } from '../support/seed-manifests.ts';
import { isReady, manifest, vmManifest, vmOf } from '../support/vm-manifests.ts';

const PROVIDER_REF = { providerRef: { name: 'proxmox-prod' }, imageRef: { name: 'ubuntu-22' } };
const COMPANION = [
  manifest('VMClass', 'medium', { cpus: 4, memory: '8Gi' }),
  vmManifest('template-vm', { ...PROVIDER_REF, powerState: 'Off' }),
  vmManifest('database', { ...PROVIDER_REF, classRef: { name: 'high-performance' }, powerState: 'Off' }),
  vmManifest('batch', { ...PROVIDER_REF, classRef: { name: 'standard' }, powerState: 'Off' }),
].join('');

const note =
  kubectlProgram === undefined
    ? ' (skipped: there is no kubectl here)'
    : seedIsMissing
      ? ' (skipped: ../shared is not here)'
      : '';

let flow: ManagerFlow;

const objects = seedManifests();
/** Those that are applied over an earlier one of their name. */
const isLater = ({ kind, name }: (typeof objects)[number], at: number): boolean =>
  objects.findIndex((one) => one.kind === kind && one.name === name) < at;

async function kubectl(args: readonly string[], stdin = ''): Promise<string> {
  const { exit, stdout, stderr } = await flow.kubectl(args, stdin);
  expect(`${exit} ${stderr}`).toMatch(/^0 /);
  return stdout;
}

async function apply(text: string): Promise<void> {
  await kubectl(['apply', '--validate=strict', '-f', '-'], text);
}

async function ready(kind: string, name: string): Promise<Seen> {
  return await flow.until(kind, name, isReady);
}

/** The excerpt of web-server stands before the whole of it. */
const excerpt = objects.find(({ kind, name }) => kind === 'VirtualMachine' && name === 'web-server');
const first = objects.filter(
  (object, at) => object !== excerpt && (!isLater(object, at) || object.kind === 'VirtualMachine'),
);
const snapshots = objects.filter(({ kind }) => kind === 'VMSnapshot');

describe.skipIf(note !== '')(`the manifests of the documentation${note}`, () => {
  beforeAll(async () => {
    flow = await startManagerFlow({ simulator: { cluster: 'documentation' } });
    const { id, secret } = flow.sim.token;
    const entries = [`--from-literal=token_id=${id}`, `--from-literal=token_secret=${secret}`];
    await kubectl(['create', 'secret', 'generic', 'pve-credentials', ...entries]);
    for (const { text } of first) await apply(text);
    await apply(COMPANION);
  });
  afterAll(async () => await flow.stop());

  it('are fourteen, and each is there', async () => {
    expect(objects).toHaveLength(14);
    for (const { kind, name } of objects) expect(await flow.object(kind, name), `${kind} ${name}`).toBeDefined();
    await ready('Provider', 'proxmox-prod');
  });

  it('make web-server: class, image, disk, network, firmware, cloud-init, running', async () => {
    const { status } = await ready('VirtualMachine', 'web-server');
    const vm = await vmOf(flow, 'web-server');
    expect(status).toMatchObject({ id: String(vm.vmid), phase: 'Running', powerState: 'On' });
    expect(vm).toMatchObject({ running: true, state: 'ready' });
    expect(['pve-node-1', 'pve-node-2']).toContain(vm.node);
    expect(vm.config).toMatchObject({
      vcpus: '2',
      memory: '4096',
      machine: expect.stringContaining('q35'),
      bios: 'ovmf',
      efidisk0: expect.any(String),
      net0: expect.stringMatching(/^virtio=.*bridge=vmbr0/),
      scsi0: expect.stringContaining('size=40G'),
    });
    const seen = flow.sim.world.guests[vm.vmid];
    expect(JSON.stringify(seen)).toContain('web-server');
  });

  it('make multi-nic-vm: bridges, VLAN, MAC and addresses', async () => {
    await ready('VirtualMachine', 'multi-nic-vm');
    expect((await vmOf(flow, 'multi-nic-vm')).config).toMatchObject({
      net0: expect.stringContaining('bridge=vmbr0'),
      net1: expect.stringMatching(/bridge=vmbr1.*tag=100/),
      net2: expect.stringMatching(/02:00:00:AA:BB:CC.*bridge=vmbr2/),
      ipconfig0: 'gw=192.168.1.1,ip=192.168.1.100/24',
      ipconfig1: 'ip=10.0.100.50/24',
      nameserver: '8.8.8.8 1.1.1.1',
    });
  });

  it('put disks where classes say', async () => {
    await ready('VirtualMachine', 'database');
    await ready('VirtualMachine', 'batch');
    expect((await vmOf(flow, 'database')).config).toMatchObject({
      vcpus: '8',
      memory: '32768',
      scsi0: expect.stringMatching(/^nvme-storage:/),
    });
    expect((await vmOf(flow, 'batch')).config).toMatchObject({
      vcpus: '4',
      memory: '8192',
      scsi0: expect.stringMatching(/^ssd-storage:/),
    });
  });

  it('obey the node selector of the policy, and say what of it they cannot follow', async () => {
    for (const name of ['web-server', 'multi-nic-vm', 'database', 'batch', 'template-vm']) {
      const seen = await ready('VirtualMachine', name);
      expect(['pve-node-1', 'pve-node-2']).toContain((await vmOf(flow, name)).node);
      expect(seen.condition('PolicyHonoured')).toMatch(/^False /);
      expect(seen.message('PolicyHonoured')).toContain(
        'antiAffinity, constraints.maxVMsPerNode, constraints.minFreeMemory',
      );
    }
  });

  it('take the snapshot with memory, and change its description by the second manifest of it alone', async () => {
    const taken = await ready('VMSnapshot', 'before-upgrade');
    expect(taken.status).toMatchObject({ hasMemory: true });
    await apply(snapshots[1]?.text ?? '');
    const after = await flow.until('VMSnapshot', 'before-upgrade', (seen) => seen.condition('MemoryAsWished') !== '');
    expect(after.status).toMatchObject({ hasMemory: true, creationTime: taken.status['creationTime'] });
    const { vmid } = await vmOf(flow, 'web-server');
    const kept = flow.sim.world.guests[vmid]?.snapshots ?? {};
    expect(Object.keys(kept)).toEqual(['before-upgrade']);
    expect(kept['before-upgrade']?.['description']).toMatch(/^Snapshot before system upgrade\n/);
  });

  it('clone template-vm, and whole with the fragment that says so', async () => {
    const { status } = await ready('VMClone', 'web-clone');
    await ready('VirtualMachine', 'web-clone');
    expect((await vmOf(flow, 'web-clone')).vmid).toBe(Number(status['targetVMID']));
    await apply(manifest('VMClone', 'full-clone', { sourceVMRef: { name: 'template-vm' }, linkedClone: false }));
    const full = await ready('VMClone', 'full-clone');
    expect(full.status).toMatchObject({ actualCloneType: 'FullClone' });
  });

  it('change web-server in place by the excerpt, and nothing else of it', async () => {
    const before = await vmOf(flow, 'web-server');
    await apply(excerpt?.text ?? '');
    const seen = await flow.until('VirtualMachine', 'web-server', (one) => one.condition('RestartRequired') !== '');
    const after = await vmOf(flow, 'web-server');
    expect(after).toMatchObject({ vmid: before.vmid, running: true });
    expect(after.config['vcpus'] ?? after.config['cores']).toBe('8');
    const { net0, scsi0, bios, machine } = before.config;
    expect(after.config).toMatchObject({ net0, scsi0, bios, machine });
    expect(seen.condition('UpToDate')).toBe('True Applied');
  });

  it('leave nothing behind when they are deleted', async () => {
    await kubectl(['delete', 'vmclone,vmsnapshot,vm', '--all', '--timeout=60s']);
    await kubectl(['delete', 'vmimage,vmclass,vmpp,provider', '--all', '--timeout=60s']);
    const names = Object.values(flow.sim.world.guests).map(({ config }) => config['name']);
    expect(new Set(names)).toEqual(new Set(['debian-12-template', 'ubuntu-22-template']));
  });
});
