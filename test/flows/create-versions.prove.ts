import { describe, expect, it } from 'vitest';
import { startFlow } from '../support/flow.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

// The request of VirtRigaud's own manager with everything that its API server fills in, on every version of PVE: a plain VM
// is made from a template and from an ISO, and no version is sent what it does not know.

const PLAIN_CLASS = {
  DiskDefaults: { Type: 'thin', SizeGiB: 40 },
  PerformanceProfile: {
    LatencySensitivity: 'normal',
    CPUHotAddEnabled: false,
    MemoryHotAddEnabled: false,
    VirtualizationBasedSecurity: false,
    NestedVirtualization: false,
    HyperThreadingPolicy: 'auto',
  },
  SecurityProfile: {
    SecureBoot: false,
    TPMEnabled: false,
    TPMVersion: '',
    VTDEnabled: false,
    EncryptionEnabled: false,
    KeyProvider: '',
    RequireEncryption: false,
  },
  ResourceLimits: {
    CPULimit: null,
    CPUReservation: null,
    MemoryLimitMiB: null,
    MemoryReservationMiB: null,
    CPUShares: null,
  },
};

const LAN = nic({
  Bridge: 'vmbr0',
  VLAN: 100,
  Model: 'virtio',
  StaticIP: '192.168.1.100',
  Prefix: 24,
  Gateway: '192.168.1.1',
  DNS: '8.8.8.8,1.1.1.1',
});

const PARTS = {
  class: PLAIN_CLASS,
  networks: [LAN],
  disks: [rootDisk(40), { SizeGiB: 5, Type: 'thin', Name: 'data' }],
};

describe.each(['7.0', '7.4', '8.1', '8.4', '9.1', '9.2'] as const)('on PVE %s', (profile) => {
  it('a plain VM of the unmodified manager is what its owner asked for, and nothing else', async () => {
    const flow = await startFlow({ simulator: { profile, timeScale: 100 } });
    const image = { TemplateName: 'local:iso/debian-12.iso', Storage: 'local-lvm' };
    await flow.client.create(createRequest({ name: 'plain', ...PARTS }));
    await flow.client.create(createRequest({ name: 'uefi', class: { ...PLAIN_CLASS, Firmware: 'UEFI' } }));
    await flow.client.create(createRequest({ name: 'installed', ...PARTS, image }));
    const [plain] = await claimedVms(flow.world, 'plain');
    expect(plain?.config).toMatchObject({
      scsi0: expect.stringMatching(/size=40G/),
      scsi1: expect.stringMatching(/serial=data,size=5G/),
      net0: expect.stringMatching(/^virtio=[\dA-F:]{17},bridge=vmbr0,tag=100$/),
      ipconfig0: 'gw=192.168.1.1,ip=192.168.1.100/24',
      nameserver: '8.8.8.8 1.1.1.1',
      memory: '4096',
      agent: '1',
    });
    const added = ['bios', 'efidisk0', 'tpmstate0', 'machine', 'balloon', 'numa', 'cpulimit', 'cpuunits'];
    expect(added.filter((key) => plain?.config[key] !== undefined)).toEqual([]);
    expect((await claimedVms(flow.world, 'uefi'))[0]?.config).toMatchObject({ bios: 'ovmf' });
    const [installed] = await claimedVms(flow.world, 'installed');
    expect(installed?.config).toMatchObject({
      boot: 'order=scsi0;sata0;net0',
      sata0: expect.stringContaining('iso/debian'),
    });
    expect(installed?.config['cpu']).toBe(profile.startsWith('7') ? undefined : 'x86-64-v2-AES');
    expect(strayVolumes(flow.sim)).toEqual([]);
    await flow.stop();
  });
});
