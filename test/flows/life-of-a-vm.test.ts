import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CreateRequest, PowerOp } from '#rpc/contract';
import { isSimulated, startWorldFlow, type WorldFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';
import { isoReader, readIsoFile } from '../support/seed-iso.ts';
import { until } from '../support/until.ts';
import { claimedVms, isSeedIso, newVolumes, type VmFacts } from '../support/world.ts';

// In the simulator the template is on pve2 and the provider talks to pve1; its token has the minimal roles and is
// privilege-separated. The same tests run against a real PVE (see startWorldFlow); what only the simulator can tell is
// marked so.

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

let flow: WorldFlow;
let templateNode: string;
let volumesBefore: string[];
beforeAll(async () => {
  flow = await startWorldFlow();
  volumesBefore = await flow.world.volumes();
  const templates = (await flow.world.vms()).filter((vm) => vm.template && vm.config['name'] === flow.template);
  templateNode = templates[0]?.node ?? '';
});
afterAll(async () => await flow.stop());

async function theVm(name: string): Promise<VmFacts & { state: string }> {
  const [vm, ...others] = await claimedVms(flow.world, name);
  expect(others).toEqual([]);
  if (vm === undefined) throw new Error(`there is no VM ${name}`);
  return vm;
}

describe('the documented web-server', () => {
  let id = '';
  const request = (): CreateRequest =>
    createRequest({
      class: { Machine: 'q35', Firmware: 'UEFI' },
      image: { TemplateName: flow.template },
      networks: [nic({ Name: 'lan' })],
      disks: [rootDisk(40)],
      tags: ['Web', 'team a'],
      userData: USER_DATA,
    });

  it("is created on its template's node, as its class, networks and disks say", async () => {
    const answer = await until(
      async () => await flow.client.create(request()),
      ({ task }) => task === undefined,
    );
    id = answer.id;
    const vm = await theVm('web-server');
    expect(vm).toMatchObject({ vmid: Number(id), node: templateNode, state: 'ready', running: false, lock: undefined });
    expect(vm.config).toMatchObject({
      name: 'web-server',
      vcpus: '2',
      memory: '4096',
      bios: 'ovmf',
      machine: 'q35',
      net0: expect.stringMatching(/^virtio=([0-9A-F]{2}:){5}[0-9A-F]{2},.*bridge=vmbr0/),
      scsi0: expect.stringMatching(/size=40G/),
      efidisk0: expect.stringMatching(/vm-\d+-disk-\d+.*,.*efitype=4m/),
      tags: 'team_a;web',
    });
    expect(vm.config['ide2']).toBeUndefined();
  });

  it.skipIf(!isSimulated || isoReader() === undefined)(
    'finds its user data byte for byte in the attached ISO (simulator only; needs xorriso or isoinfo)',
    async () => {
      const vm = await theVm('web-server');
      const drive = Object.values(vm.config).find((value) => value.includes(':iso/vrtg-')) ?? '';
      const volid = drive.split(',')[0] ?? '';
      const iso = Object.values(flow.sim?.world.volumes ?? {}).find((volume) => volume.volid === volid)?.data;
      if (iso === undefined) throw new Error(`there is no ISO ${volid}`);
      expect(readIsoFile(iso, 'user-data').toString()).toBe(USER_DATA);
      expect(readIsoFile(iso, 'meta-data').toString()).toMatch(/instance-id: "?vrtg-[a-z2-7]{12}/);
      const mac = /=(BC[^,]+)/.exec(vm.config['net0'] ?? '')?.[1]?.toLowerCase();
      expect(readIsoFile(iso, 'network-config').toString()).toContain(mac);
    },
  );

  it('is told to be off and complete, with the warning about its firmware', async () => {
    const described = await flow.client.describe({ id });
    expect(described).toMatchObject({ exists: true, powerState: 'Off', ips: [] });
    expect(described.consoleUrl).toMatch(new RegExp(`/\\?console=kvm&novnc=1&vmid=${id}&node=${templateNode}$`));
    const raw = JSON.parse(described.providerRawJson) as Record<string, unknown>;
    expect(raw).toMatchObject({
      vmid: id,
      node: templateNode,
      status: 'stopped',
      claim: 'ready',
      restart_required: 'false',
    });
    expect(raw['warnings']).toMatch(/BIOS/);
    expect(Object.values(raw).every((value) => typeof value === 'string')).toBe(true);
  });

  it('gets its IP from the agent after it was powered on', async () => {
    await flow.client.power({ id, op: PowerOp.ON });
    expect((await theVm('web-server')).running).toBe(true);
    const described = await until(
      async () => await flow.client.describe({ id }),
      ({ ips }) => ips.length > 0,
    );
    expect(described.powerState).toBe('On');
    if (flow.sim === undefined) return;
    const addresses = Object.values(flow.sim.world.guests[Number(id)]?.run?.addresses ?? {});
    expect(addresses.flat().map(({ address }) => address)).toEqual(expect.arrayContaining(described.ips));
  });

  it('is the same VM when the create is repeated', async () => {
    const before = flow.sim === undefined ? undefined : lastRequest(flow.sim);
    expect((await flow.client.create(request())).id).toBe(id);
    await theVm('web-server');
    if (flow.sim !== undefined && before !== undefined) expect(writesSince(flow.sim, before)).toEqual([]);
  });

  it('is refused to another request for the same name, which is told the VMID', async () => {
    const other = createRequest({ class: { CPU: 3 }, image: { TemplateName: flow.template } });
    const refusal = { kind: 'already-exists', message: expect.stringContaining(id) };
    await expect(flow.client.create(other)).rejects.toMatchObject(refusal);
    expect((await theVm('web-server')).config['vcpus']).toBe('2');
  });

  it.each([
    ['rebooted', PowerOp.REBOOT, true],
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

  it('is deleted with its disks and its ISO while it runs, and told to be absent', async () => {
    await flow.client.power({ id, op: PowerOp.ON });
    await flow.client.delete({ id });
    expect(await claimedVms(flow.world, 'web-server')).toEqual([]);
    expect(newVolumes(volumesBefore, await flow.world.volumes())).toEqual([]);
    expect(await flow.client.describe({ id })).toMatchObject({ exists: false });
    await flow.client.delete({ id });
  });
});

describe('a VM with native cloud-init', () => {
  it('has addresses, VLAN, MAC and name servers as PVE keeps them, and no ISO', async () => {
    const networks = [
      nic({ Name: 'lan', StaticIP: '192.168.1.100', Prefix: 24, Gateway: '192.168.1.1', DNS: '8.8.8.8,1.1.1.1' }),
      nic({ Name: 'side', Bridge: 'vmbr0', VLAN: 100, StaticIP: '10.0.100.50,2001:db8::50/64', Prefix: 24 }),
      nic({ Name: 'vmbr0', MacAddress: '02:00:00:aa:bb:cc' }),
    ];
    const image = { TemplateName: flow.template };
    const { id } = await until(
      async () => await flow.client.create(createRequest({ name: 'multi-nic-vm', image, networks })),
      ({ task }) => task === undefined,
    );
    const vm = await theVm('multi-nic-vm');
    expect(vm).toMatchObject({ vmid: Number(id), node: templateNode, state: 'ready' });
    expect(vm.config).toMatchObject({
      net0: expect.stringMatching(/bridge=vmbr0/),
      net1: expect.stringMatching(/bridge=vmbr0.*tag=100/),
      net2: expect.stringMatching(/^virtio=02:00:00:AA:BB:CC,.*bridge=vmbr0/),
      ipconfig0: 'gw=192.168.1.1,ip=192.168.1.100/24',
      ipconfig1: 'ip=10.0.100.50/24,ip6=2001:db8::50/64',
      ipconfig2: 'ip=dhcp',
      nameserver: '8.8.8.8 1.1.1.1',
      ide2: expect.stringContaining('cloudinit'),
    });
    expect(newVolumes(volumesBefore, await flow.world.volumes()).filter(isSeedIso)).toEqual([]);
    await flow.client.power({ id, op: PowerOp.ON });
    const { ips } = await until(
      async () => await flow.client.describe({ id }),
      (answer) => answer.ips.length > 0,
    );
    expect(ips.slice(0, 2)).toEqual(['192.168.1.100', '10.0.100.50']);
    await flow.client.delete({ id });
  });
});
