import { describe, expect, it } from 'vitest';
import { Fault } from '#domain/fault';
import type { PerformanceProfile, ResourceLimits, SecurityProfile, VmSize, VmSpec } from '#domain/vm-spec';
import { after, disk, options, plan, SIZE, TEMPLATE } from './examples.ts';
import type { Have } from './wish.ts';

const size = (change: Partial<VmSize>): Partial<VmSpec> => ({ size: { ...SIZE, ...change } });
const secure = (security: SecurityProfile, change: Partial<VmSize> = {}): Partial<VmSpec> =>
  size({ firmware: 'uefi', machine: 'q35', ...change, security });
const performance = (profile: PerformanceProfile, change: Partial<VmSize> = {}): Partial<VmSpec> =>
  size({ ...change, performance: profile });
const limits = (resource: ResourceLimits): Partial<VmSpec> => size({ limits: resource });
const extra = (settings: Record<string, string>): Partial<VmSpec> => size({ extra: settings });

const V70 = { version: { text: '7.0-8', major: 7, minor: 0, patch: 8 } };
const V74 = { version: { text: '7.4-16', major: 7, minor: 4, patch: 16 } };
const V84 = { version: { text: '8.4.21', major: 8, minor: 4, patch: 21 } };
const AUTO = { cpuHotplug: 'auto' } as const;

const UEFI_TEMPLATE: Have['values'] = {
  ...TEMPLATE,
  bios: 'ovmf',
  machine: 'pc-q35-9.0',
  efidisk0: 'local-lvm:vm-171338-disk-1,efitype=4m,pre-enrolled-keys=0,size=4M',
};
const QCOW2_TEMPLATE: Have['values'] = { ...TEMPLATE, scsi0: 'shared:171338/vm-171338-disk-0.qcow2,size=8G' };

const DATA = { name: 'data', sizeGib: 3, storage: 'local-lvm' };
const UNORDERED: Have['values'] = { name: 'x', virtio1: 'local-lvm:vm-171338-disk-0,size=8G' };

describe('what is carried out leaves nothing to do:', () => {
  it.each<[string, Partial<VmSpec>, Have['values']?, Parameters<typeof plan>[2]?]>([
    ['secure boot and a TPM', secure({ secureBoot: true, tpm: true, vtd: true })],
    ['secure boot on a template without keys', secure({ secureBoot: true }), UEFI_TEMPLATE],
    ['UEFI on 7.0', size({ firmware: 'uefi' }), TEMPLATE, V70],
    [
      'data disks of each type',
      { disks: [disk({}), ...types().map((type) => disk({ name: type, sizeGib: 3, type }))] },
    ],
    [
      'a thin disk and a slim one',
      { disks: [disk({ type: 'thin' }), disk({ name: 'x'.repeat(40), storage: 'fast' })] },
    ],
    ['a data disk below a boot disk that no order names', { disks: [disk({}), disk(DATA)] }, UNORDERED],
    ['a data disk of a template without any', { disks: [disk(DATA)] }, { name: 'x', boot: 'order=net0' }],
    ['CPUs that can be added', {}, TEMPLATE, AUTO],
    ['memory that can be added', performance({ memoryHotAdd: true }, { memoryMib: 20_000 }), TEMPLATE, AUTO],
    ['limits', limits({ cpuLimitMhz: 4000, cpuShares: 200, memoryReservationMib: 1024, memoryLimitMib: 4096 })],
    ['nesting', performance({ nestedVirtualization: true }), { ...TEMPLATE, cpu: 'x86-64-v2-AES,flags=+aes' }],
    ['extra settings', extra({ onboot: 'true', cpu: 'host', vga: 'serial0', serial0: 'socket', balloon: '0' })],
    ['an agent that is to go', size({ guestTools: 'uninstall' })],
  ])('%s', (_what, change, values, place) => {
    const first = plan(change, values, place);
    expect(first.steps).not.toEqual([]);
    expect(plan(change, after(first, values), place).steps).toEqual([]);
  });
});

function types() {
  return ['thin', 'thick', 'eagerzeroedthick', 'ssd', 'hdd', 'nvme'] as const;
}

describe('firmware', () => {
  it('has keys for Secure Boot where it is asked for, and PVE chooses the certificates', () => {
    expect(options(plan(secure({ secureBoot: true })))).toMatchObject({
      bios: 'ovmf',
      machine: 'q35',
      efidisk0: 'local-lvm:1,efitype=4m,pre-enrolled-keys=1',
    });
  });

  it('of a template without keys is destroyed and made anew, which is told', () => {
    const made = plan(size({ security: { secureBoot: true } }), UEFI_TEMPLATE);
    expect(made.steps[0]).toEqual({ kind: 'destroy', drives: ['efidisk0'] });
    expect(options(made)).toMatchObject({ efidisk0: 'local-lvm:1,efitype=4m,pre-enrolled-keys=1' });
    expect(made.warnings).toEqual(['efi-renewed']);
  });

  it('of a template with keys stays', () => {
    const values = { ...UEFI_TEMPLATE, efidisk0: 'local-lvm:vm-1-disk-1,efitype=4m,pre-enrolled-keys=1,size=4M' };
    expect(options(plan(secure({ secureBoot: true }), values))).not.toHaveProperty('efidisk0');
    expect(options(plan(secure({}), values))).not.toHaveProperty('efidisk0');
  });

  it('keeps its variables in the format of the boot disk, so that the VM can have snapshots', () => {
    expect(options(plan(secure({}), QCOW2_TEMPLATE))).toMatchObject({
      efidisk0: 'shared:1,efitype=4m,format=qcow2,pre-enrolled-keys=0',
    });
  });

  it('of 7.0 gets no key that it does not know', () => {
    expect(options(plan(size({ firmware: 'uefi' }), TEMPLATE, V70))).toMatchObject({ efidisk0: 'local-lvm:1' });
  });

  it('is warned of only where something was installed before', () => {
    const blank = {
      ...size({ firmware: 'uefi' }),
      image: { kind: 'iso', volume: 'local:iso/x.iso', node: undefined, storage: undefined },
    } as const;
    expect(plan(blank).warnings).toEqual([]);
    expect(plan(size({ firmware: 'uefi' })).warnings).toEqual(['bios-to-uefi']);
  });
});

describe('a TPM', () => {
  it.each<[string | undefined, string]>([
    [undefined, 'v2.0'],
    ['2', 'v2.0'],
    ['2.0', 'v2.0'],
    ['1.2', 'v1.2'],
  ])('of version %s is %s', (tpmVersion, version) => {
    const security = tpmVersion === undefined ? { tpm: true } : { tpm: true, tpmVersion };
    expect(options(plan(secure(security)))).toMatchObject({ tpmstate0: `local-lvm:1,version=${version}` });
  });

  it('keeps its state beside a qcow2 as one, where PVE takes that', () => {
    const state = (place: Parameters<typeof plan>[2]): string | undefined =>
      options(plan(secure({ tpm: true }), QCOW2_TEMPLATE, place))['tpmstate0'];
    expect(state({})).toBe('shared:1,format=qcow2,version=v2.0');
    expect(state(V84)).toBe('shared:1,version=v2.0');
  });

  it('of the template stays, and a version alone asks for none', () => {
    const values = { ...TEMPLATE, tpmstate0: 'local-lvm:vm-1-disk-1,size=4M,version=v2.0' };
    expect(options(plan(secure({ tpm: true, tpmVersion: '2' }), values))).not.toHaveProperty('tpmstate0');
    expect(options(plan(secure({ tpmVersion: '2' })))).not.toHaveProperty('tpmstate0');
  });
});

describe('the machine', () => {
  it('gets an IOMMU beside what the template says', () => {
    const values = { ...TEMPLATE, machine: 'pc-q35-9.0,enable-s3=1,viommu=virtio' };
    expect(options(plan(secure({ vtd: true }), values))).toMatchObject({
      machine: 'pc-q35-9.0,enable-s3=1,viommu=intel',
    });
    expect(options(plan(secure({}), values))).not.toHaveProperty('machine');
  });
});

describe('the agent', () => {
  const withAgent = (agent: string | undefined): Have['values'] => {
    const { agent: _, ...rest } = TEMPLATE;
    return agent === undefined ? rest : { ...rest, agent };
  };
  it.each<[VmSize['guestTools'], string | undefined, string | undefined]>([
    [undefined, undefined, '1'],
    ['install', '0,fstrim_cloned_disks=1', '1,fstrim_cloned_disks=1'],
    ['upgrade', undefined, '1'],
    ['skip', undefined, undefined],
    ['uninstall', 'enabled=1,type=isa', '0,type=isa'],
  ])('under %s and with %s becomes %s', (guestTools, present, wanted) => {
    expect(options(plan(size({ guestTools }), withAgent(present)))['agent']).toBe(wanted);
  });

  it.each<[VmSize['guestTools'], string | undefined]>([
    ['install', 'enabled=1,type=isa'],
    ['skip', '1'],
    ['uninstall', undefined],
  ])('under %s and with %s stays', (guestTools, present) => {
    expect(options(plan(size({ guestTools }), withAgent(present)))).not.toHaveProperty('agent');
  });
});

describe('data disks', () => {
  const data = disk({ name: 'data', sizeGib: 10 });

  it('are made beside the boot disk, each under its name', () => {
    const values = {
      ...TEMPLATE,
      scsi0: 'local-lvm:vm-171338-disk-0,iothread=1,size=8G',
      scsi2: 'fast:vm-1-disk-0,size=1G',
    };
    const disks = [
      data,
      disk({}),
      disk({ name: 'postgres-write-ahead-log', sizeGib: 5, type: 'ssd', storage: 'fast' }),
    ];
    const made = plan({ disks }, values);
    expect(options(made)).toMatchObject({
      scsi1: 'local-lvm:10,iothread=1,serial=data',
      scsi3: 'fast:5,discard=on,iothread=1,serial=postgres-wr-0df4fb43,ssd=1',
    });
    expect(made.steps.at(-1)).toMatchObject({ kind: 'resize', disk: 'scsi0' });
    expect(options(made)).not.toHaveProperty('scsi2');
  });

  it('go where their own word says, then placement, class and setting', () => {
    const on = (change: Partial<VmSpec>, own?: string): string | undefined =>
      options(plan({ ...change, disks: [{ ...data, storage: own }] }, TEMPLATE, { defaultStorage: 'ceph' }))['scsi1'];
    const placed = { placement: { ...emptyPlacement, storage: 'shared' }, size: { ...SIZE, storage: 'thick' } };
    expect(on(placed, 'fast')).toMatch(/^fast:10,/);
    expect(on(placed)).toMatch(/^shared:10,/);
    expect(on(size({ storage: 'thick' }))).toMatch(/^thick:10,/);
    expect(on({})).toMatch(/^ceph:10,/);
  });

  it('that are there are found by name, whatever their slot, and grow', () => {
    const values = { ...TEMPLATE, scsi7: 'fast:vm-1-disk-0,serial=DATA,size=4G' };
    const made = plan({ disks: [data] }, values);
    expect(made.steps).toContainEqual({ kind: 'resize', disk: 'scsi7', sizeBytes: 10 * 1024 ** 3 });
    expect(options(made)).not.toHaveProperty('scsi1');
  });

  it('do not go before a boot disk that no order names: it would not be booted from any more', () => {
    const made = options(plan({ disks: [disk(DATA)] }, UNORDERED));
    expect(Object.keys(made).filter((key) => key.startsWith('virtio'))).toEqual(['virtio2']);
    const ordered = options(plan({ disks: [disk(DATA)] }, { ...UNORDERED, boot: 'order=virtio1' }));
    expect(ordered).toHaveProperty('virtio0');
  });

  it('leave the slots of the cloud-init seed alone', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => disk({ name: `d${index}`, sizeGib: 1 }));
    const seeded = { ...SIZE, machine: 'q35' };
    const userData = new TextEncoder().encode('#!/bin/sh\n');
    const made = options(plan({ disks: many(29), size: seeded, userData }));
    expect(Object.values(made).filter((value) => value?.includes('serial=d'))).toHaveLength(29);
    expect(Object.values(made).filter((value) => value?.includes(':iso/vrtg-'))).toHaveLength(1);
    expect(() => plan({ disks: many(30) })).toThrow(/disks_json\[29\].*room for 29 more disks/);
    const { scsi0, ide2: _, ...rest } = TEMPLATE;
    const bare = { ...rest, ide0: scsi0 ?? '', boot: 'order=ide0' };
    expect(Object.keys(options(plan({ disks: many(2) }, bare)))).toEqual(expect.arrayContaining(['ide1', 'ide3']));
    expect(() => plan({ disks: many(3) }, bare)).toThrow(/room for 2 more/);
  });

  it.each<[VmSpec['size']['diskType'], string, string, readonly string[]]>([
    ['thin', 'local-lvm', 'local-lvm:10,discard=on,serial=data', []],
    ['thin', 'shared', 'shared:10,discard=on,format=qcow2,serial=data', []],
    ['thin', 'thick', 'thick:10,discard=on,serial=data', ['not-thin']],
    ['thick', 'thick', 'thick:10,serial=data', []],
    ['thick', 'shared', 'shared:10,format=raw,serial=data', ['not-thick']],
    ['eagerzeroedthick', 'ceph', 'ceph:10,serial=data', ['not-thick']],
    ['ssd', 'fast', 'fast:10,discard=on,serial=data,ssd=1', []],
    ['nvme', 'fast', 'fast:10,discard=on,serial=data,ssd=1', ['not-nvme']],
    ['hdd', 'fast', 'fast:10,serial=data', []],
  ])('of type %s on %s are %s', (type, storage, value, warnings) => {
    const made = plan({ disks: [disk({ name: 'data', sizeGib: 10, type, storage })] });
    expect(options(made)['scsi1']).toBe(value);
    expect(made.warnings).toEqual(warnings);
  });

  it('take the type of the class where they say thin, which is what an API server says for them', () => {
    const made = plan({ ...size({ diskType: 'ssd' }), disks: [disk({ name: 'data', sizeGib: 10, type: 'thin' })] });
    expect(options(made)).toMatchObject({
      scsi1: expect.stringContaining('ssd=1'),
      scsi0: expect.stringMatching(/ssd=1/),
    });
  });
});

describe('the boot disk', () => {
  it('takes the options of its type, and nothing of its own is lost', () => {
    const values = { ...TEMPLATE, scsi0: 'local-lvm:vm-171338-disk-0,cache=writeback,ssd=1,size=8G' };
    const typed = (type: VmSize['diskType']): string | undefined =>
      options(plan(size({ diskType: type }), values))['scsi0'];
    expect(typed('thin')).toBe('local-lvm:vm-171338-disk-0,cache=writeback,discard=on,size=8G,ssd=1');
    expect(typed('hdd')).toBe('local-lvm:vm-171338-disk-0,cache=writeback,size=8G');
    expect(typed('thick')).toBeUndefined();
  });

  it('is judged by the storage it goes to', () => {
    const thin = { disks: [disk({ type: 'thin' })] };
    expect(plan(thin).warnings).toEqual([]);
    expect(plan({ ...thin, placement: { ...emptyPlacement, storage: 'thick' } }).warnings).toEqual(['not-thin']);
    const virtio = { ...TEMPLATE, virtio0: 'local-lvm:vm-1-disk-0,size=8G', boot: 'order=virtio0' };
    expect(plan({ disks: [disk({ type: 'ssd' })] }, virtio).warnings).toEqual(['not-ssd']);
  });
});

const emptyPlacement = {
  storage: undefined,
  node: undefined,
  nodes: [],
  avoidIds: [],
  maxVmsPerNode: undefined,
  minFreeMemoryMib: undefined,
  pool: undefined,
};

describe('CPUs', () => {
  it.each<[number, number | undefined, { cores: string; vcpus: string | undefined }]>([
    [1, 64, { cores: '8', vcpus: '1' }],
    [4, 64, { cores: '16', vcpus: '4' }],
    [64, 512, { cores: '128', vcpus: '64' }],
    [2, 4, { cores: '4', vcpus: '2' }],
    [4, 4, { cores: '4', vcpus: undefined }],
    [4, undefined, { cores: '4', vcpus: undefined }],
  ])('%i, where the smallest node has %s, are laid out as %o', (cpus, leastCpus, wanted) => {
    const place = { ...AUTO, host: { leastCpus } };
    const made = after(plan(size({ cpus }), TEMPLATE, place));
    expect({ cores: made['cores'], vcpus: made['vcpus'] }).toEqual(wanted);
    expect(made['hotplug']).toBe(wanted.vcpus === undefined ? undefined : 'network,disk,usb,cpu');
    expect(made['sockets']).toBe('1');
  });

  it('more than the node has are refused, with what it has', () => {
    const place = { ...AUTO, host: { nodeCpus: 4 } };
    expect(() => plan(size({ cpus: 5 }), TEMPLATE, place)).toThrow(/class_json\.CPU.*has 4 CPUs.*Ask for 4 or fewer/);
    expect(() => plan(size({ cpus: 4 }), TEMPLATE, place)).not.toThrow();
  });

  it.each<[string, Have['values'], Partial<VmSpec>]>([
    ['that is no Linux', { ...TEMPLATE, ostype: 'win11' }, {}],
    ['whose system nobody names', { ...TEMPLATE, ostype: 'other' }, {}],
    ['whose class names another system', TEMPLATE, extra({ ostype: 'win10' })],
    ['whose template has switched it off', { ...TEMPLATE, hotplug: '0' }, {}],
    ['whose template lays out its CPUs', { ...TEMPLATE, numa0: 'cpus=0-1,memory=2048' }, {}],
  ])('of a guest %s are all there from the start', (_what, values, change) => {
    expect(options(plan(change, values, AUTO))).toMatchObject({ cores: '2' });
  });

  it('can be added to any guest whose class asks for it', () => {
    const values = { ...TEMPLATE, ostype: 'win11', hotplug: '0' };
    expect(options(plan(performance({ cpuHotAdd: true }), values, AUTO))).toMatchObject({ cores: '8', hotplug: 'cpu' });
  });

  it('that have been prepared stay so when the smallest node becomes another', () => {
    const values = { ...TEMPLATE, cores: '8', sockets: '1', vcpus: '2', hotplug: 'network,disk,usb,cpu' };
    expect(options(plan({}, values, { ...AUTO, host: { leastCpus: 64 } }))).not.toHaveProperty('cores');
    expect(options(plan(size({ cpus: 4 }), values, AUTO))).toMatchObject({ vcpus: '4' });
    expect(options(plan({}, values, { ...AUTO, host: { leastCpus: 4 } }))).toMatchObject({ cores: '4' });
  });
});

describe('memory', () => {
  it('that can be added is rounded up to what DIMMs make', () => {
    const made = plan(performance({ memoryHotAdd: true }, { memoryMib: 20_000 }));
    expect(options(made)).toMatchObject({ memory: '20480', numa: '1', hotplug: 'network,disk,usb,memory' });
  });

  it('keeps its reservation', () => {
    expect(options(plan(limits({ memoryReservationMib: 1024 })))).toMatchObject({ balloon: '1024' });
    expect(options(plan(limits({ memoryLimitMib: 8192 })))).not.toHaveProperty('balloon');
  });
});

describe('limits', () => {
  it('of CPU time are CPUs of the node', () => {
    expect(options(plan(limits({ cpuLimitMhz: 4000, cpuShares: 512 })))).toMatchObject({
      cpulimit: '1.33',
      cpuunits: '512',
    });
    expect(options(plan(limits({ cpuLimitMhz: 6000 })))).toMatchObject({ cpulimit: '2' });
  });
});

describe('extra settings', () => {
  it('are set as PVE stores them, and win over what follows from nothing said', () => {
    const made = plan(extra({ onboot: 'yes', ostype: 'l26', numa: '1', startup: 'order=2,up=30' }), TEMPLATE, {
      host: { mayModify: true },
    });
    expect(options(made)).toMatchObject({ onboot: '1', numa: '1', startup: 'order=2,up=30' });
    const brought = { ...TEMPLATE, balloon: '8192' };
    expect(options(plan(extra({ balloon: '2048' }), brought))).toMatchObject({ balloon: '2048' });
  });
});

describe('a wish is refused by name:', () => {
  const ofTemplate = (values: Have['values']): Have['values'] => ({ ...TEMPLATE, ...values });
  const SB = 'class_json\\.SecurityProfile';
  const PP = 'class_json\\.PerformanceProfile';
  const RL = 'class_json\\.ResourceLimits';
  const EC = 'class_json\\.ExtraConfig';
  it.each<[string, Partial<VmSpec>, string, Have['values']?, Parameters<typeof plan>[2]?]>([
    ['Secure Boot under BIOS', size({ security: { secureBoot: true } }), `^${SB}\\.SecureBoot: .*UEFI`],
    ['Secure Boot on 7.0', secure({ secureBoot: true }), `^${SB}\\.SecureBoot: PVE 7.0`, TEMPLATE, V70],
    ['a TPM on 7.0', secure({ tpm: true }), `^${SB}\\.TPMEnabled: PVE 7.0`, TEMPLATE, V70],
    ['a TPM of version 3', secure({ tpm: true, tpmVersion: '3' }), `^${SB}\\.TPMVersion: "3"`],
    [
      'another TPM than the template has',
      secure({ tpm: true, tpmVersion: '1.2' }),
      `^${SB}\\.TPMVersion: .*v2.0.*v1.2`,
      ofTemplate({ tpmstate0: 'local-lvm:vm-1-disk-1,size=4M,version=v2.0' }),
    ],
    ['an IOMMU on a pc', secure({ vtd: true }, { machine: 'pc' }), `^${SB}\\.VTDEnabled: .*q35`],
    ['an IOMMU on 7.4', secure({ vtd: true }), `^${SB}\\.VTDEnabled: PVE 7.4`, TEMPLATE, V74],
    [
      'hot-add of CPUs where it is off',
      performance({ cpuHotAdd: true }),
      `^${PP}\\.CPUHotAddEnabled: .*PVE_CPU_HOTPLUG=off`,
    ],
    [
      'hot-add of CPUs where nodes tell none',
      performance({ cpuHotAdd: true }),
      `^${PP}\\.CPUHotAddEnabled: .*Sys.Audit`,
      TEMPLATE,
      { ...AUTO, host: { leastCpus: undefined } },
    ],
    [
      'hot-add of memory below a GiB',
      performance({ memoryHotAdd: true }, { memoryMib: 512 }),
      `^${PP}\\.MemoryHotAddEnabled: .*1024 MiB`,
    ],
    [
      'hot-add of memory with NUMA nodes',
      performance({ memoryHotAdd: true }),
      `^${PP}\\.MemoryHotAddEnabled: .*numa0`,
      ofTemplate({ numa0: 'cpus=0-1,memory=1024' }),
    ],
    ['a memory limit below the memory', limits({ memoryLimitMib: 1024 }), `^${RL}\\.MemoryLimitMiB: 1024 MiB.*4096`],
    ['a reservation above it', limits({ memoryReservationMib: 8192 }), `^${RL}\\.MemoryReservationMiB: 8192 MiB.*4096`],
    ['shares out of range', limits({ cpuShares: 100_000 }), `^${RL}\\.CPUShares: 100000.*2 to 10000`],
    [
      'a CPU limit of an unknown CPU',
      limits({ cpuLimitMhz: 1000 }),
      `^${RL}\\.CPULimit: .*MHz.*cpulimit`,
      TEMPLATE,
      { host: { cpuMhz: undefined } },
    ],
    [
      'a data disk that would shrink',
      { disks: [disk({ name: 'data', sizeGib: 1 })] },
      '^disks_json\\[0\\]\\.SizeGiB: 1G.*4G',
      ofTemplate({ scsi3: 'fast:vm-1-disk-0,serial=data,size=4G' }),
    ],
    [
      'a storage that is missing',
      { disks: [disk({}), disk({ name: 'data', storage: 'moon' })] },
      '^disks_json\\[1\\]\\.Storage: .*"moon".*ceph, fast',
    ],
    ['an extra setting nobody knows', extra({ onbot: '1' }), `^${EC}\\.onbot: .*Did you mean onboot`],
    ['one of root', extra({ args: '-s' }), `^${EC}\\.args: .*root@pam`],
    ['one that has a field', extra({ memory: '1024' }), `^${EC}\\.memory: .*Set MemoryMiB`],
    ['one that ties to a host', extra({ hostpci0: '01:00' }), `^${EC}\\.hostpci0: .*host`],
    ['a value that is none', extra({ onboot: 'maybe' }), `^${EC}\\.onboot: "maybe".*1 or 0`],
    ['a CPU model nobody has', extra({ cpu: 'x86-64-v33' }), `^${EC}\\.cpu: .*"x86-64-v33".*x86-64-v3\\?`],
    ['a CPU flag PVE does not take', extra({ cpu: 'host,flags=+fly' }), `^${EC}\\.cpu: "host,flags=.fly"`],
    ['a balloon above the memory', extra({ balloon: '8192' }), `^${EC}\\.balloon: 8192 MiB`],
    ['a start order without the right', extra({ startup: 'order=1' }), `^${EC}\\.startup: .*Sys.Modify`],
    ['one of a later version', extra({ rng0: '/dev/urandom' }), `^${EC}\\.rng0: PVE 7.4`, TEMPLATE, V74],
    [
      'one thing said twice',
      size({ extra: { cpulimit: '1' }, limits: { cpuLimitMhz: 1000 } }),
      `^${EC}\\.cpulimit: ResourceLimits.CPULimit says the same`,
    ],
  ])('%s', (_what, change, message, values, place) => {
    expect(() => plan(change, values, place)).toThrow(Fault);
    expect(() => plan(change, values, place)).toThrow(new RegExp(message));
  });
});
