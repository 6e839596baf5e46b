import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PowerOp } from '#rpc/contract';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';
import { isoReader, readIsoFile } from '../support/seed-iso.ts';
import { until } from '../support/until.ts';
import { claimedVms, isSeedIso, newVolumes, type VmFacts } from '../support/world.ts';

// The template is on pve2 and the provider talks to pve1; its token has the minimal roles and is privilege-separated.

const USER_DATA = `#cloud-config
hostname: web-server
users:
  - name: ubuntu
    ssh_authorized_keys:
      - "ssh-ed25519 AAAA..."
packages:
  - nginx
# trailing blanks and an umlaut survive: ü  
`;

const seedsClass = { Machine: 'q35', Firmware: 'UEFI' };

let flow: Flow;
let volumesBefore: string[];
beforeAll(async () => {
  flow = await startFlow();
  volumesBefore = await flow.world.volumes();
});
afterAll(async () => await flow.stop());

async function theVm(name: string): Promise<VmFacts & { state: string }> {
  const [vm, ...others] = await claimedVms(flow.world, name);
  expect(others).toEqual([]);
  if (vm === undefined) throw new Error(`there is no VM ${name}`);
  return vm;
}

describe("the seed's web-server", () => {
  let id = '';

  it('is created from a template by name, on the template node, as its class, networks and disks say', async () => {
    const request = createRequest({
      class: seedsClass,
      networks: [nic({ Name: 'lan' })],
      disks: [rootDisk(40)],
      tags: ['Web', 'team a'],
      userData: USER_DATA,
    });
    const answer = await flow.client.create(request);
    expect(answer.task).toBeUndefined();
    id = answer.id;
    const vm = await theVm('web-server');
    expect(vm).toMatchObject({ vmid: Number(id), node: 'pve2', state: 'ready', running: false, lock: undefined });
    expect(vm.config).toMatchObject({
      name: 'web-server',
      cores: '2',
      memory: '4096',
      bios: 'ovmf',
      machine: 'q35',
      net0: expect.stringMatching(/^virtio=BC:24:11:.*bridge=vmbr0/),
      scsi0: expect.stringMatching(/size=40G/),
      efidisk0: expect.stringMatching(/^local-lvm:vm-\d+-disk-\d+,.*efitype=4m/),
      tags: 'team_a;web',
    });
    expect(vm.config['ide2']).toBeUndefined();
  });

  it.skipIf(isoReader() === undefined)(
    'finds its user data byte for byte in the attached ISO (needs xorriso or isoinfo)',
    async () => {
      const vm = await theVm('web-server');
      const drive = Object.values(vm.config).find((value) => value.includes(':iso/vrtg-')) ?? '';
      const volid = drive.split(',')[0] ?? '';
      const iso = Object.values(flow.sim.world.volumes).find((volume) => volume.volid === volid)?.data;
      if (iso === undefined) throw new Error(`there is no ISO ${volid}`);
      expect(readIsoFile(iso, 'user-data').toString()).toBe(USER_DATA);
      expect(readIsoFile(iso, 'meta-data').toString()).toMatch(/instance-id: "?vrtg-[a-z2-7]{12}/);
      const mac = /=(BC[^,]+)/.exec(vm.config['net0'] ?? '')?.[1]?.toLowerCase();
      expect(readIsoFile(iso, 'network-config').toString()).toContain(mac);
    },
  );

  it('is told to be off and unfinished in nothing, with the warning about its firmware', async () => {
    const described = await flow.client.describe({ id });
    expect(described).toMatchObject({ exists: true, powerState: 'Off', ips: [] });
    expect(described.consoleUrl).toMatch(new RegExp(`/\\?console=kvm&novnc=1&vmid=${id}&node=pve2$`));
    const raw = JSON.parse(described.providerRawJson) as Record<string, unknown>;
    expect(raw).toMatchObject({ vmid: id, node: 'pve2', status: 'stopped', claim: 'ready', restart_required: 'false' });
    expect(raw['warnings']).toMatch(/BIOS/);
    expect(Object.values(raw).every((value) => typeof value === 'string')).toBe(true);
  });

  it('gets its IP from the agent after it was powered on, matched to its NIC', async () => {
    await flow.client.power({ id, op: PowerOp.ON });
    expect((await theVm('web-server')).running).toBe(true);
    const described = await until(
      async () => await flow.client.describe({ id }),
      ({ ips }) => ips.length > 0,
    );
    expect(described.powerState).toBe('On');
    const guest = flow.sim.world.guests[Number(id)];
    const addresses = Object.values(guest?.run?.addresses ?? {}).flatMap((all) => all.map(({ address }) => address));
    expect(described.ips.every((ip) => addresses.includes(ip))).toBe(true);
  });

  it('is the same VM when the create is repeated', async () => {
    const request = createRequest({
      class: seedsClass,
      networks: [nic({ Name: 'lan' })],
      disks: [rootDisk(40)],
      tags: ['Web', 'team a'],
      userData: USER_DATA,
    });
    const before = lastRequest(flow.sim);
    expect((await flow.client.create(request)).id).toBe(id);
    expect(writesSince(flow.sim, before)).toEqual([]);
  });

  it('is refused to another request for the same name, which is told the VMID', async () => {
    const before = lastRequest(flow.sim);
    await expect(flow.client.create(createRequest({ class: { CPU: 3 } }))).rejects.toMatchObject({
      kind: 'already-exists',
      message: expect.stringContaining(id),
    });
    expect(writesSince(flow.sim, before)).toEqual([]);
  });

  it('reboots, and is up again when the call answers', async () => {
    const before = flow.sim.world.guests[Number(id)]?.run?.pid;
    await flow.client.power({ id, op: PowerOp.REBOOT });
    const after = flow.sim.world.guests[Number(id)]?.run;
    expect(after?.qmpStatus).toBe('running');
    expect(after?.pid).not.toBe(before);
  });

  it.each([
    ['on', PowerOp.ON, true],
    ['on again', PowerOp.ON, true],
    ['shut down', PowerOp.SHUTDOWN_GRACEFUL, false],
    ['shut down again', PowerOp.SHUTDOWN_GRACEFUL, false],
    ['off', PowerOp.OFF, false],
    ['rebooted while off', PowerOp.REBOOT, true],
    ['off', PowerOp.OFF, false],
    ['off again', PowerOp.OFF, false],
  ])('is %s', async (_words, op, running) => {
    await flow.client.power({ id, op });
    expect((await theVm('web-server')).running).toBe(running);
    expect((await flow.client.describe({ id })).powerState).toBe(running ? 'On' : 'Off');
  });

  it('is deleted with its disks and its ISO, and told to be absent', async () => {
    await flow.client.power({ id, op: PowerOp.ON });
    await flow.client.delete({ id });
    expect(await claimedVms(flow.world)).toEqual([]);
    expect(newVolumes(volumesBefore, await flow.world.volumes())).toEqual([]);
    expect(await flow.client.describe({ id })).toMatchObject({ exists: false });
    await flow.client.delete({ id });
  });
});

describe('a VM with native cloud-init', () => {
  it('has addresses, VLAN, MAC and name servers as PVE keeps them, and no ISO', async () => {
    const networks = [
      nic({ Name: 'lan', StaticIP: '192.168.1.100', Prefix: 24, Gateway: '192.168.1.1', DNS: '8.8.8.8,1.1.1.1' }),
      nic({ Name: 'dmz', Bridge: 'vmbr1', VLAN: 100, StaticIP: '10.0.100.50,2001:db8::50/64', Prefix: 24 }),
      nic({ Name: 'mgmt', MacAddress: '02:00:00:aa:bb:cc' }),
    ];
    const { id } = await flow.client.create(
      createRequest({ name: 'multi-nic-vm', image: { TemplateName: '9000' }, networks }),
    );
    const vm = await theVm('multi-nic-vm');
    expect(vm).toMatchObject({ vmid: Number(id), node: 'pve1', state: 'ready' });
    expect(vm.config).toMatchObject({
      net0: expect.stringMatching(/bridge=vmbr0$/),
      net1: expect.stringMatching(/bridge=vmbr1,tag=100$/),
      net2: 'virtio=02:00:00:AA:BB:CC,bridge=vmbr2',
      ipconfig0: 'gw=192.168.1.1,ip=192.168.1.100/24',
      ipconfig1: 'ip=10.0.100.50/24,ip6=2001:db8::50/64',
      ipconfig2: 'ip=dhcp',
      nameserver: '8.8.8.8 1.1.1.1',
      ide2: expect.stringContaining('cloudinit'),
    });
    expect((await flow.world.volumes()).filter(isSeedIso)).toEqual([]);
    await flow.client.power({ id, op: PowerOp.ON });
    const { ips } = await until(
      async () => await flow.client.describe({ id }),
      (answer) => answer.ips.length > 0,
    );
    expect(ips.slice(0, 2)).toEqual(['192.168.1.100', '10.0.100.50']);
    await flow.client.delete({ id });
  });
});
