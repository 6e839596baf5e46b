import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Claim, describeWithClaim, readClaim } from '#claim/record';
import { requireSuccess, settle } from '#pve/tasks';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import { PowerOp } from '#rpc/contract';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';
import { createMoments } from '../support/moments.ts';
import { until } from '../support/until.ts';

// What is told of all VMs and of their disks (contract O14, O15).

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** With everything that is no disk of its own: CD, cloud-init drive, firmware's variables, TPM, and disks out of order. */
const FURNISHED = {
  vmid: 200,
  node: 'pve1',
  template: false,
  config: {
    boot: 'order=net0;virtio1;scsi2',
    cores: '4',
    sockets: '2',
    memory: '4096',
    name: 'furnished',
    net0: 'virtio=BC:24:11:AA:00:01,bridge=vmbr0,tag=7',
    net1: 'e1000=BC:24:11:AA:00:02,bridge=vmbr1',
    ostype: 'l26',
    scsihw: 'virtio-scsi-single',
    ide0: 'local:iso/debian-12.iso,media=cdrom,size=650M',
  },
  disks: [
    { key: 'ide2', storage: 'local-lvm', kind: 'cloudinit', sizeBytes: 4 * MIB, options: { media: 'cdrom' } },
    { key: 'scsi10', storage: 'local-lvm', kind: 'disk', sizeBytes: 10 * GIB + MIB },
    { key: 'scsi2', storage: 'local-lvm', kind: 'disk', sizeBytes: 2 * GIB },
    { key: 'virtio1', storage: 'local-lvm', kind: 'disk', sizeBytes: 20 * GIB },
    { key: 'efidisk0', storage: 'local-lvm', kind: 'disk', sizeBytes: 4 * MIB },
    { key: 'tpmstate0', storage: 'local-lvm', kind: 'disk', sizeBytes: 4 * MIB },
  ],
} as const;

const moments = createMoments();
let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({
    simulator: {
      // What a list remembers for five minutes lasts ten seconds of a busy machine.
      timeScale: 30,
      cluster: { ...THREE_NODE, guests: [...THREE_NODE.guests, FURNISHED] },
      record: moments.record,
    },
  });
});
afterAll(async () => await flow.stop());

function guest(id: string | number) {
  const found = flow.sim.world.guests[Number(id)];
  if (found === undefined) throw new Error(`there is no guest ${id}`);
  return found;
}

async function made(name: string): Promise<string> {
  return (await flow.client.create(createRequest({ name, networks: [nic()], disks: [rootDisk(12)] }))).id;
}

async function listed() {
  return (await flow.client.listVMs({})).vms;
}

const idsOf = (vms: readonly { id: string }[]): string[] => vms.map(({ id }) => id);

describe('O14: ListVMs', () => {
  it('leaves templates and containers out, and tells the hardware of the others', async () => {
    const vms = await listed();
    expect(idsOf(vms)).toEqual(['100', '200']);
    expect(vms[1]).toMatchObject({
      id: '200',
      name: 'furnished',
      powerState: 'Off',
      ips: [],
      cpu: 8,
      memoryMib: 4096n,
      disks: [
        { id: 'virtio1', path: 'local-lvm:vm-200-disk-2', sizeGib: 20, format: 'raw' },
        { id: 'scsi2', path: 'local-lvm:vm-200-disk-1', sizeGib: 2, format: 'raw' },
        { id: 'scsi10', path: 'local-lvm:vm-200-disk-0', sizeGib: 11, format: 'raw' },
      ],
      networks: [
        { name: 'net0', mac: 'BC:24:11:AA:00:01', ipAddress: '' },
        { name: 'net1', mac: 'BC:24:11:AA:00:02', ipAddress: '' },
      ],
      providerRaw: { vmid: '200', node: 'pve1', status: 'stopped', claim: 'none' },
    });
  });

  it('gives ids that Create gives, the state of this moment, and the addresses that Describe has found', async () => {
    const id = await made('listed');
    await flow.client.power({ id, op: PowerOp.ON });
    expect((await listed()).find((vm) => vm.id === id)).toMatchObject({ name: 'listed', powerState: 'On', ips: [] });
    const { ips } = await until(
      async () => await flow.client.describe({ id }),
      (described) => described.ips.length > 0,
    );
    const since = lastRequest(flow.sim);
    const vm = (await listed()).find((one) => one.id === id);
    expect(vm).toMatchObject({ ips, providerRaw: { claim: 'ready' }, disks: [{ id: 'scsi0', sizeGib: 12 }] });
    expect(vm?.networks).toMatchObject([{ name: 'net0', ipAddress: ips.at(0) ?? 'none' }]);
    expect(requestsSince(flow.sim, since).filter((request) => request.includes('/agent/'))).toEqual([]);
    await flow.client.power({ id, op: PowerOp.OFF });
    expect((await listed()).find((one) => one.id === id)).toMatchObject({ powerState: 'Off', ips: [] });
  });

  it('leaves out what is not finished, what is taken away, and what belongs to another instance', async () => {
    const id = await made('in-question');
    const reading = readClaim(guest(id).config['description']);
    if (reading.kind !== 'claim') throw new Error('no claim');
    const { claim } = reading;
    const { config } = guest(id);
    const isListed = async (change: Partial<Claim>, tags: string): Promise<boolean> => {
      config['description'] = describeWithClaim('', { ...claim, ...change }, 'cut');
      config['tags'] = tags;
      return idsOf(await listed()).includes(id);
    };
    expect(await isListed({ state: 'creating' }, 'a')).toBe(false);
    expect(await isListed({ state: 'void' }, 'a')).toBe(false);
    // What was not finished is looked at each time, what is finished when its node shows it changed.
    expect(await isListed({}, 'a')).toBe(true);
    expect(await isListed({ instance: 'other/one' }, 'b')).toBe(false);
    expect(await isListed({}, 'c')).toBe(true);
    guest(100).config['lock'] = 'clone';
    expect(idsOf(await listed())).not.toContain('100');
    guest(100).config['lock'] = 'backup';
    expect((await listed())[0]).toMatchObject({ id: '100', providerRaw: { lock: 'backup' } });
    delete guest(100).config['lock'];
  });

  it('costs one view, a list per node and a configuration per VM, and no configuration again soon after', async () => {
    const fresh = await flow.another(1);
    const before = lastRequest(flow.sim);
    const { vms } = await fresh.client.listVMs({});
    const nodes = new Set(vms.map(({ providerRaw }) => providerRaw['node']));
    const requests = requestsSince(flow.sim, before).filter((request) => !request.includes('/cluster/status'));
    expect(requests.filter((request) => request.endsWith('/config'))).toHaveLength(vms.length);
    expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(1 + 3 + vms.length);
    expect(nodes.size).toBeGreaterThan(1);
    const again = lastRequest(flow.sim);
    const both = await Promise.all([fresh.client.listVMs({}), fresh.client.listVMs({})]);
    expect(both[0]).toEqual(both[1]);
    expect(requestsSince(flow.sim, again).filter((request) => request.endsWith('/config'))).toEqual([]);
    expect(writesSince(flow.sim, before)).toEqual([]);
  });

  it('tells of a VM where it has moved to meanwhile, and leaves out one that is gone', async () => {
    const id = await made('short-lived');
    const hasMoved = moments.at({ method: 'GET', path: /^\/cluster\/resources/ }, () => {
      guest(200).node = 'pve2';
      delete flow.sim.world.guests[Number(id)];
    });
    const vms = await listed();
    expect(hasMoved()).toBe(true);
    expect(idsOf(vms)).not.toContain(id);
    expect(vms.find((vm) => vm.id === '200')).toMatchObject({ providerRaw: { node: 'pve2' }, powerState: 'Off' });
    guest(200).node = 'pve1';
  });

  it('N10: has the VMs of all nodes, whatever nodes new ones may be on', async () => {
    const selecting = await flow.another(0, { PVE_NODE_SELECTOR: 'pve1', PVE_NODE_SELECTOR_MODE: 'require' });
    const { vms } = await selecting.client.listVMs({});
    expect(idsOf(vms)).toEqual(idsOf(await listed()));
    expect(new Set(vms.map(({ providerRaw }) => providerRaw['node'])).size).toBeGreaterThan(1);
    await selecting.end();
  });

  it('N10: is an error that names the node or the VM that cannot be read, not a part of the list', async () => {
    flow.sim.faults.add([{ path: '/qemu/200/config$', action: { answer: { status: 500, reason: 'no such luck' } } }]);
    const fresh = await flow.another(0);
    await expect(fresh.client.listVMs({})).rejects.toMatchObject({
      kind: expect.not.stringMatching(/^(unknown|internal)$/),
      message: expect.stringMatching(/^VM \S+ \(200 on pve1\): list: .*no such luck/),
    });
    flow.sim.faults.clear();
    await fresh.end();
    await flow.sim.setNodeOnline('pve3', false);
    await expect(flow.client.listVMs({})).rejects.toMatchObject({
      kind: 'precondition',
      message: expect.stringMatching(/^the VM on pve3: list: node pve3 is down .*Bring the node back/),
    });
    await flow.sim.setNodeOnline('pve3', true);
  });
});

describe('O15: GetDiskInfo', () => {
  const info = async (vmId: string, diskId = '', snapshotId = '') =>
    await flow.client.getDiskInfo({ vmId, diskId, snapshotId });

  it('tells of the disk that the VM boots from where none is named', async () => {
    const { $typeName: _name, ...disk } = await info('200');
    expect(disk).toMatchObject({
      diskId: 'virtio1',
      path: 'local-lvm:vm-200-disk-2',
      format: 'raw',
      virtualSizeBytes: BigInt(20 * GIB),
      isBootable: true,
      snapshots: [],
      backingFile: '',
      metadata: { node: 'pve1', slot: 'virtio1', storage: 'local-lvm', file: '/dev/pve/vm-200-disk-2' },
    });
    expect(disk.actualSizeBytes).toBeGreaterThan(0n);
    expect(await info('200', 'Root')).toMatchObject({ diskId: 'virtio1' });
  });

  it('finds a disk by slot, by volume and by its name, and firmware and detached ones too', async () => {
    expect(await info('200', 'scsi10')).toMatchObject({ isBootable: false, virtualSizeBytes: BigInt(10 * GIB + MIB) });
    expect(await info('200', 'local-lvm:vm-200-disk-1')).toMatchObject({ diskId: 'scsi2', isBootable: true });
    guest(200).config['scsi2'] += ',serial=Archive';
    expect(await info('200', 'archive')).toMatchObject({ diskId: 'scsi2' });
    expect(await info('200', 'efidisk0')).toMatchObject({ virtualSizeBytes: BigInt(4 * MIB), isBootable: false });
    guest(200).config['unused0'] = 'local-lvm:vm-200-disk-0';
    expect(await info('200', 'unused0')).toMatchObject({ virtualSizeBytes: BigInt(10 * GIB + MIB) });
    delete guest(200).config['unused0'];
  });

  it('tells of a disk as a snapshot has it, and which snapshots have it', async () => {
    const call = deadlineIn(60_000);
    const take = async (snapname: string) =>
      requireSuccess(
        await settle(flow.pve, await flow.pve.post('/nodes/pve1/qemu/200/snapshot', call, { snapname }), call),
      );
    await take('before');
    const { config } = guest(200);
    await flow.pve.put('/nodes/pve1/qemu/200/resize', call, { disk: 'scsi10', size: '+1G' });
    await until(
      async () => await Promise.resolve(config['scsi10'] ?? ''),
      (drive) => drive.includes('11265M'),
    );
    await take('after');
    expect(await info('200', 'scsi10')).toMatchObject({
      virtualSizeBytes: BigInt(11 * GIB + MIB),
      snapshots: ['before', 'after'],
    });
    expect(await info('200', 'scsi10', 'before')).toMatchObject({
      virtualSizeBytes: BigInt(10 * GIB + MIB),
      actualSizeBytes: 0n,
      snapshots: ['before', 'after'],
    });
  });

  it.each([
    [
      'a disk',
      ['200', 'scsi5', ''],
      /^VM furnished \(200 on pve1\): .* no disk "scsi5".*scsi10 \(local-lvm:vm-200-disk-0\)/,
    ],
    ['a CD', ['200', 'ide0', ''], /no disk "ide0"/],
    ['a snapshot', ['200', '', 'nothing'], /no snapshot "nothing".*there are before, after/],
  ] as const)('refuses %s that is not there with what is', async (_what, [vmId, diskId, snapshotId], message) => {
    const refusal = { kind: 'not-found', message: expect.stringMatching(message) };
    await expect(info(vmId, diskId, snapshotId)).rejects.toMatchObject(refusal);
  });

  it('refuses an id that is none by its field, and what belongs to another instance', async () => {
    await expect(info('')).rejects.toMatchObject({ kind: 'invalid-spec', message: expect.stringMatching(/^vm_id: /) });
    const { config } = guest(100);
    config['description'] = '<!-- virtrigaud 9 {} -->';
    const refusal = { kind: 'precondition', message: expect.stringMatching(/it belongs to .*vrtg adopt/) };
    await expect(info('100')).rejects.toMatchObject(refusal);
    await expect(flow.client.hardwareUpgrade({ id: '100', targetVersion: 0 })).rejects.toMatchObject(refusal);
    delete config['description'];
  });
});

describe('HardwareUpgrade', () => {
  const upgrade = async (targetVersion: number) => await flow.client.hardwareUpgrade({ id: '200', targetVersion });

  it('raises the machine version of a stopped VM at once, keeps its options, and is done the second time', async () => {
    const { config } = guest(200);
    config['machine'] = 'pc-q35-8.2,viommu=intel';
    await upgrade(902);
    expect(config['machine']).toBe('pc-q35-9.2+pve1,viommu=intel');
    const since = lastRequest(flow.sim);
    await upgrade(902);
    expect(writesSince(flow.sim, since)).toEqual([]);
  });

  it('leaves a running VM as it runs, and says that a restart is due', async () => {
    const vm = guest(200);
    await flow.client.power({ id: '200', op: PowerOp.ON });
    const bootedAt = vm.run?.startedAt;
    await upgrade(0);
    const since = lastRequest(flow.sim);
    await upgrade(0);
    expect(writesSince(flow.sim, since)).toEqual([]);
    expect(vm.config['machine']).toBe('pc-q35-9.2+pve1,viommu=intel');
    expect(vm.run?.startedAt).toBe(bootedAt);
    const { providerRawJson } = await flow.client.describe({ id: '200' });
    expect(JSON.parse(providerRawJson)).toMatchObject({ restart_required: 'true', pending: 'machine' });
    await flow.client.power({ id: '200', op: PowerOp.OFF });
    expect(vm.config['machine']).toBe('pc-q35-10.1,viommu=intel');
  });

  it('refuses what is older, what no node has, and nonsense, and writes nothing', async () => {
    const since = lastRequest(flow.sim);
    await expect(upgrade(900)).rejects.toMatchObject({ kind: 'precondition', message: expect.stringMatching(/older/) });
    await expect(upgrade(1205)).rejects.toMatchObject({ kind: 'invalid-spec', message: expect.stringMatching(/pve1/) });
    await expect(upgrade(-1)).rejects.toMatchObject({ kind: 'invalid-spec' });
    await expect(flow.client.hardwareUpgrade({ id: '101' })).rejects.toMatchObject({ kind: 'invalid-spec' });
    guest(200).config['lock'] = 'backup';
    await expect(upgrade(1002)).rejects.toMatchObject({ kind: 'busy', message: expect.stringMatching(/backup/) });
    delete guest(200).config['lock'];
    expect(writesSince(flow.sim, since)).toEqual([]);
  });

  it('whose answer is lost is done when it is asked for again, and written once', async () => {
    guest(200).config['machine'] = 'pc-q35-8.2';
    const since = lastRequest(flow.sim);
    flow.sim.faults.add([{ method: 'PUT', path: '/qemu/200/config$', count: 1, action: { dropAfter: true } }]);
    await upgrade(902).catch((error: { kind: string }) => expect(error.kind).toBe('busy'));
    await upgrade(902);
    flow.sim.faults.clear();
    expect(guest(200).config['machine']).toBe('pc-q35-9.2+pve1');
    expect(writesSince(flow.sim, since).filter((write) => write.endsWith('/config'))).toHaveLength(1);
  });

  it('does not write over a change that somebody makes meanwhile', async () => {
    const { config } = guest(200);
    config['machine'] = 'pc-q35-8.2';
    const isEdited = moments.at({ method: 'GET', path: /\/capabilities\/qemu\/machines/ }, () => {
      config['machine'] = 'pc-q35-9.0';
    });
    await expect(upgrade(0)).rejects.toMatchObject({ kind: 'busy' });
    expect(isEdited()).toBe(true);
    expect(config['machine']).toBe('pc-q35-9.0');
  });
});
