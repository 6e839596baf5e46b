import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHARED_NFS } from '#pve-sim/clusters/inventory';
import type { ClusterData } from '#pve-sim/clusters/cluster-data';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import { PowerOp } from '#rpc/contract';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { type CreateParts, createRequest, rootDisk } from '../support/requests.ts';
import { UEFI_TEMPLATE } from '../support/sources.ts';
import { until } from '../support/until.ts';
import { claimedVms, newVolumes, strayVolumes } from '../support/world.ts';

// Disks, firmware, profiles, limits, placement and tags: what VirtRigaud's own Proxmox provider leaves out (rows C7, C12 and
// C13 of the checklist), read from the world, and what cannot be had, refused by name with nothing changed.

const storage = (id: string, type: ClusterData['storages'][number]['type'], shared = false) => ({
  ...SHARED_NFS,
  id,
  type,
  shared,
  content: ['images'],
});

const CLUSTER: ClusterData = {
  ...THREE_NODE,
  storages: [...THREE_NODE.storages, storage('thick', 'lvm'), storage('fast', 'zfspool'), storage('files', 'dir')],
  guests: [...THREE_NODE.guests, UEFI_TEMPLATE],
};

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 60, cluster: CLUSTER } });
});
afterAll(async () => await flow.stop());

interface Made {
  readonly id: string;
  readonly config: Readonly<Record<string, string>>;
  /** Formats by the id of the volume. */
  readonly formats: Readonly<Record<string, string>>;
  readonly warnings: string;
}

async function made(name: string, parts: CreateParts): Promise<Made> {
  const before = await flow.world.volumes();
  const request = createRequest({ name, ...parts });
  const { id } = await flow.client.create(request);
  const [vm] = await claimedVms(flow.world, name);
  expect(vm).toMatchObject({ vmid: Number(id), state: 'ready', lock: undefined });
  expect(strayVolumes(flow.sim)).toEqual([]);
  const fresh = newVolumes(before, await flow.world.volumes());
  const volumes = Object.entries(flow.sim.world.volumes).filter(([key]) => fresh.includes(key.replace(/^\//, '')));
  const since = lastRequest(flow.sim);
  expect((await flow.client.create(request)).id).toBe(id);
  expect(writesSince(flow.sim, since)).toEqual([]);
  const raw = JSON.parse((await flow.client.describe({ id })).providerRawJson) as Record<string, string>;
  return {
    id,
    config: vm?.config ?? {},
    formats: Object.fromEntries(volumes.map(([, { volid, format }]) => [volid, format])),
    warnings: raw['warnings'] ?? '',
  };
}

const data = (Name: string, SizeGiB: number, more: Record<string, unknown> = {}) => ({
  Name,
  SizeGiB,
  Type: '',
  ...more,
});
const gib = 1024 ** 3;
const forever = deadlineIn(Number.POSITIVE_INFINITY);
const kindOf = (error: { kind: string }): string => error.kind;

describe('C7: disks are those of the request', () => {
  it('C7: the boot disk grows, and data disks are made by name, on the storage that is said', async () => {
    const { id, config } = await made('with-data', {
      disks: [
        rootDisk(20),
        data('data', 10),
        data('postgres-write-ahead-log', 5, { Type: 'ssd', Storage: 'fast' }),
        data('archive', 30, { Type: 'thick', Storage: 'thick' }),
      ],
    });
    expect(config).toMatchObject({
      scsi0: `local-lvm:vm-${id}-disk-0,discard=on,iothread=1,size=20G`,
      scsi1: `local-lvm:vm-${id}-disk-1,iothread=1,serial=data,size=10G`,
      scsi2: `fast:vm-${id}-disk-0,discard=on,iothread=1,serial=postgres-wr-0df4fb43,size=5G,ssd=1`,
      scsi3: `thick:vm-${id}-disk-0,iothread=1,serial=archive,size=30G`,
      boot: 'order=scsi0;ide2;net0',
    });
    const sizes = Object.values(flow.sim.world.volumes).filter(
      ({ vmid, volid }) => vmid === Number(id) && /disk/.test(volid),
    );
    expect(sizes.map(({ sizeBytes }) => sizeBytes / gib).sort((a, b) => a - b)).toEqual([5, 10, 20, 30]);
    await flow.client.delete({ id });
    expect((await flow.world.volumes()).filter((volume) => volume.includes(`vm-${id}-`))).toEqual([]);
  });

  it('C7: disks that the template has stay, and one of the name that is asked for is it', async () => {
    const guest = flow.sim.world.guests[9010];
    if (guest === undefined) throw new Error('there is no template');
    guest.config['scsi4'] += ',serial=data';
    const { id, config } = await made('has-data', {
      image: { TemplateName: 'uefi-template' },
      disks: [data('Data', 3), data('more', 1)],
    });
    expect(config['scsi4']).toMatch(/^local-lvm:vm-\d+-disk-\d,serial=data,size=3G$/);
    expect(config['scsi1']).toMatch(/serial=more/);
    expect(Object.keys(config).filter((key) => /^scsi\d/.test(key))).toHaveLength(3);
    await flow.client.delete({ id });
  });

  it('C7: the size and the type of the class are those of the disks that say nothing', async () => {
    const { id, config } = await made('by-class', {
      class: { DiskDefaults: { Type: 'ssd', SizeGiB: 24 } },
      disks: [data('data', 2, { Type: 'thin' })],
    });
    expect(config['scsi0']).toMatch(/,discard=on,iothread=1,size=24G,ssd=1$/);
    expect(config['scsi1']).toMatch(/,serial=data,size=2G,ssd=1$/);
    await flow.client.delete({ id });
  });

  it.each<[string, string, string, RegExp]>([
    ['thin', 'files', 'qcow2', /^$/],
    ['thick', 'files', 'raw', /asked for as thick/],
    ['thin', 'thick', 'raw', /asked for as thin/],
    ['thick', 'thick', 'raw', /^$/],
    ['thick', 'fast', 'raw', /asked for as thick/],
    ['nvme', 'local-lvm', 'raw', /asked for as nvme/],
  ])(
    'C7: a VM of %s disks on %s has them as %s, and is told what it does not get',
    async (Type, Datastore, format, told) => {
      const { id, formats, warnings } = await made('typed', {
        placement: { Datastore },
        disks: [{ ...rootDisk(9), Type }, data('data', 1, { Type })],
      });
      const disks = Object.entries(formats).filter(([volid]) => !volid.includes('cloudinit'));
      expect(disks).toHaveLength(2);
      for (const [volid, has] of disks) expect([volid.split(':')[0], has]).toEqual([Datastore, format]);
      expect(warnings).toMatch(told);
      await flow.client.delete({ id });
    },
  );
});

describe('a configuration task that dies', () => {
  it.each<[signal: 'KILL' | 'TERM', afterMs: number]>([
    ['KILL', 600],
    ['KILL', 900],
    ['TERM', 1000],
  ])('by SIG%s after %i ms, in the middle of its disks, leaves none of them twice', async (killWorker, afterMs) => {
    const before = await flow.world.volumes();
    flow.sim.faults.add([{ task: 'qmconfig', count: 1, action: { killWorker, afterMs } }]);
    const name = `dies-${killWorker}-${afterMs}`.toLowerCase();
    const parts = { name, disks: [rootDisk(20), data('a', 1), data('b', 2)], class: { Firmware: 'UEFI' } };
    const id = await until(
      async () => await flow.client.create(createRequest(parts)).then(({ id: made_ }) => made_, kindOf),
      (answer) => answer !== 'busy',
    );
    const [vm] = await claimedVms(flow.world, name);
    expect(vm).toMatchObject({ vmid: Number(id), state: 'ready' });
    expect(
      Object.keys(vm?.config ?? {})
        .filter((key) => /^(unused|efidisk|scsi)\d/.test(key))
        .sort(),
    ).toEqual(['efidisk0', 'scsi0', 'scsi1', 'scsi2']);
    const disks = newVolumes(before, await flow.world.volumes()).filter((volume) => !volume.includes('cloudinit'));
    expect(disks).toHaveLength(4);
    await flow.client.delete({ id });
  });

  it('is not sent again and again to a VM that somebody has started: the disks it made are pending, and stay so', async () => {
    const name = 'started-too-early';
    flow.sim.faults.add([{ method: 'POST', path: '/config$', count: 1, action: { delayMs: 100_000 } }]);
    const request = createRequest({ name, class: { Firmware: 'UEFI' } });
    const outcome = flow.client.create(request, { deadlineMs: 2_500 }).then(() => 'ok', kindOf);
    const [vm] = await until(
      async () => await claimedVms(flow.world, name),
      ([found]) => found !== undefined && found.lock === undefined,
    );
    const path = `/nodes/pve2/qemu/${vm?.vmid}/status`;
    await flow.pve.post(`${path}/start`, forever);
    expect(await outcome).toBe('busy');
    expect(await flow.client.create(request, { deadlineMs: 1_500 }).then(() => 'ok', kindOf)).toBe('busy');
    flow.sim.faults.clear();
    await flow.pve.post(`${path}/stop`, forever);
    const { id } = await flow.client.create(request);
    expect(
      Object.keys((await claimedVms(flow.world, name))[0]?.config ?? {}).filter((key) => key.startsWith('unused')),
    ).toEqual([]);
    expect(strayVolumes(flow.sim)).toEqual([]);
    await flow.client.delete({ id });
  });
});

describe('C12: firmware, profiles and limits are those of the class', () => {
  it('C12: UEFI with Secure Boot, a TPM and an IOMMU, which the VM starts with', async () => {
    const { id, config, warnings } = await made('secure', {
      class: {
        Machine: 'q35',
        Firmware: 'UEFI',
        SecurityProfile: { SecureBoot: true, TPMEnabled: true, TPMVersion: '2', VTDEnabled: true },
        PerformanceProfile: { NestedVirtualization: true, VirtualizationBasedSecurity: true },
      },
      placement: { Datastore: 'files' },
      disks: [rootDisk(9)],
    });
    expect(config).toMatchObject({
      bios: 'ovmf',
      machine: 'q35,viommu=intel',
      cpu: 'host',
      efidisk0: expect.stringMatching(
        /^files:\d+\/vm-\d+-disk-\d\.qcow2,efitype=4m,ms-cert=2023k,pre-enrolled-keys=1,/,
      ),
      tpmstate0: expect.stringMatching(/^files:\d+\/vm-\d+-disk-\d\.qcow2,size=4M,version=v2\.0$/),
    });
    expect(warnings).toMatch(/set to BIOS/);
    await flow.client.power({ id, op: PowerOp.ON });
    await flow.client.power({ id, op: PowerOp.OFF });
    await flow.client.delete({ id });
  });

  it('C12: a template whose UEFI has no keys gets new variables for Secure Boot, and nothing of the old is left', async () => {
    const { id, config, formats, warnings } = await made('renewed', {
      image: { TemplateName: 'uefi-template' },
      class: { SecurityProfile: { SecureBoot: true } },
    });
    expect(config['efidisk0']).toMatch(/pre-enrolled-keys=1/);
    expect(config['agent']).toBe('1');
    expect(Object.keys(config).filter((key) => key.startsWith('unused'))).toEqual([]);
    expect(Object.keys(formats)).toHaveLength(3);
    expect(warnings).toMatch(/without the template's boot entries/);
    await flow.client.delete({ id });
  });

  it('C12: limits, memory that can be added, and extra settings, also after a start', async () => {
    const { id, config } = await made('limited', {
      class: {
        MemoryMiB: 20_000,
        PerformanceProfile: { CPUHotAddEnabled: true, MemoryHotAddEnabled: true, LatencySensitivity: 'normal' },
        ResourceLimits: { CPULimit: 4500, CPUShares: 512, MemoryReservationMiB: 2048, MemoryLimitMiB: 20_480 },
        ExtraConfig: { onboot: 'true', vga: 'serial0', machine: 'q35', pool: 'virtrigaud' },
      },
    });
    const wanted = {
      cores: '8',
      vcpus: '2',
      memory: '20480',
      numa: '1',
      hotplug: 'network,disk,usb,cpu,memory',
      cpulimit: '1.5',
      cpuunits: '512',
      balloon: '2048',
      onboot: '1',
      vga: 'serial0',
      machine: 'q35',
    };
    expect(config).toMatchObject(wanted);
    expect(flow.sim.world.pools['virtrigaud']?.vms).toContain(Number(id));
    await flow.client.power({ id, op: PowerOp.ON });
    expect(flow.sim.world.guests[Number(id)]?.config).toMatchObject(wanted);
    const told = JSON.parse((await flow.client.describe({ id })).providerRawJson) as Record<string, string>;
    expect(told['pending']).toBeUndefined();
    await flow.client.power({ id, op: PowerOp.OFF });
    await flow.client.delete({ id });
  });

  it('C12: under PVE_CPU_HOTPLUG=off a VM has the CPUs that are asked for, and no more', async () => {
    const still = await flow.another(1, { PVE_CPU_HOTPLUG: 'off' });
    const { id } = await still.client.create(createRequest({ name: 'still' }));
    const config = flow.sim.world.guests[Number(id)]?.config;
    expect(config).toMatchObject({ cores: '2' });
    expect([config?.['vcpus'], config?.['hotplug']]).toEqual([undefined, undefined]);
    await still.end();
    await flow.client.delete({ id });
  });
});

describe('C13: placement and tags are those of the request', () => {
  it('C13: everything of the VM is on the storage that is asked for, and its tags are PVE tags', async () => {
    const { id, config, formats } = await made('placed', {
      class: { Firmware: 'UEFI', SecurityProfile: { TPMEnabled: true } },
      placement: { Datastore: 'fast' },
      disks: [rootDisk(10), data('data', 1)],
      tags: ['Web', 'team a'],
    });
    const disks = Object.keys(formats).filter((volid) => !volid.includes('cloudinit'));
    expect(disks.toSorted()).toEqual([0, 1, 2, 3].map((number) => `fast:vm-${id}-disk-${number}`));
    expect(config['tags']).toBe('team_a;web');
    await flow.client.delete({ id });
  });
});

const cls = (change: Record<string, unknown>): CreateParts => ({ class: change });
const profile = (change: Record<string, unknown>): CreateParts => cls({ PerformanceProfile: change });
const guard = (change: Record<string, unknown>): CreateParts => cls({ SecurityProfile: change });
const limit = (change: Record<string, unknown>): CreateParts => cls({ ResourceLimits: change });

describe('a create with', () => {
  it.each<[string, CreateParts, string, RegExp]>([
    [
      'encryption',
      guard({ EncryptionEnabled: true }),
      'invalid-spec',
      /^class_json\.SecurityProfile\.EncryptionEnabled: .*storage/,
    ],
    ['required encryption', guard({ RequireEncryption: true }), 'invalid-spec', /\.RequireEncryption: /],
    ['a key provider', guard({ KeyProvider: 'standard' }), 'invalid-spec', /\.KeyProvider: /],
    ['Secure Boot under BIOS', guard({ SecureBoot: true }), 'invalid-spec', /\.SecureBoot: .*UEFI/],
    ['an IOMMU on a pc', guard({ VTDEnabled: true }), 'invalid-spec', /\.VTDEnabled: .*q35/],
    ['a TPM of an unknown version', guard({ TPMEnabled: true, TPMVersion: '7' }), 'invalid-spec', /\.TPMVersion: "7"/],
    ['reserved CPU time', limit({ CPUReservation: 1000 }), 'invalid-spec', /\.CPUReservation: .*CPUShares/],
    ['too many shares', limit({ CPUShares: 1_000_000 }), 'invalid-spec', /\.CPUShares: .*10000/],
    ['a limit below its memory', limit({ MemoryLimitMiB: 512 }), 'invalid-spec', /\.MemoryLimitMiB: 512 MiB/],
    [
      'a reservation above its memory',
      limit({ MemoryReservationMiB: 8192 }),
      'invalid-spec',
      /\.MemoryReservationMiB: /,
    ],
    ['high sensitivity to latency', profile({ LatencySensitivity: 'high' }), 'invalid-spec', /\.LatencySensitivity: /],
    [
      'a policy for hyper-threads',
      profile({ HyperThreadingPolicy: 'require' }),
      'invalid-spec',
      /\.HyperThreadingPolicy: /,
    ],
    [
      'security by virtualisation alone',
      profile({ VirtualizationBasedSecurity: true }),
      'invalid-spec',
      /\.VirtualizationBasedSecurity: .*Firmware UEFI, Machine q35, SecurityProfile\.SecureBoot, PerformanceProfile\.Nested/,
    ],
    [
      'memory to be added to 512 MiB',
      { class: { MemoryMiB: 512, PerformanceProfile: { MemoryHotAddEnabled: true } } },
      'invalid-spec',
      /\.MemoryHotAddEnabled: /,
    ],
    [
      'an unknown type of disk',
      cls({ DiskDefaults: { Type: 'holographic' } }),
      'invalid-spec',
      /^class_json\.DiskDefaults\.Type: "holographic".*thin/,
    ],
    [
      'an unknown extra setting',
      cls({ ExtraConfig: { 'pve.cpu': 'host' } }),
      'invalid-spec',
      /^class_json\.ExtraConfig\.pve\.cpu: .*There are acpi/,
    ],
    [
      'an extra setting of root',
      cls({ ExtraConfig: { hookscript: 'local:snippets/x' } }),
      'invalid-spec',
      /\.hookscript: .*root@pam/,
    ],
    ['an extra setting that is a field', cls({ ExtraConfig: { cores: '4' } }), 'invalid-spec', /\.cores: .*Set CPU/],
    ['a CPU model nobody has', cls({ ExtraConfig: { cpu: 'Z80' } }), 'invalid-spec', /\.cpu: .*"Z80"/],
    ['a start order', cls({ ExtraConfig: { startup: 'order=1' } }), 'forbidden', /\.startup: .*Sys\.Modify/],
    ['two machines', cls({ Machine: 'pc', ExtraConfig: { machine: 'q35' } }), 'invalid-spec', /ExtraConfig\.machine: /],
    [
      'a data disk on a storage that is missing',
      { disks: [data('data', 1, { Storage: 'moon' })] },
      'invalid-spec',
      /^disks_json\[0\]\.Storage: .*"moon".*files, local-lvm, shared/,
    ],
    [
      'a data disk on a storage without disks',
      { disks: [data('data', 1, { Storage: 'local' })] },
      'invalid-spec',
      /^disks_json\[0\]\.Storage: .*"local"/,
    ],
    [
      'a boot disk on a storage that is missing',
      { disks: [{ ...rootDisk(20), Storage: 'moon' }] },
      'invalid-spec',
      /^disks_json\[0\]\.Storage: .*"moon"/,
    ],
    [
      'more disks than slots',
      { disks: Array.from({ length: 30 }, (_, index) => data(`d${index}`, 1)) },
      'invalid-spec',
      /^disks_json\[29\]: .*room for 29/,
    ],
  ])('%s is refused by name, and changes nothing', async (_title, parts, kind, message) => {
    const before = structuredClone(flow.sim.world.guests);
    const volumes = await flow.world.volumes();
    const since = lastRequest(flow.sim);
    const refusal = { kind, message: expect.stringMatching(message) };
    await expect(flow.client.create(createRequest({ name: 'refused', ...parts }))).rejects.toMatchObject(refusal);
    expect(writesSince(flow.sim, since)).toEqual([]);
    expect(flow.sim.world.guests).toEqual(before);
    expect(await flow.world.volumes()).toEqual(volumes);
  });
});

describe('a create of a provider that knows its cluster', () => {
  it('asks PVE for nothing more where the class says no more than a type of disk', async () => {
    await flow.client.create(createRequest({ name: 'warm' }));
    const before = lastRequest(flow.sim);
    await flow.client.create(createRequest({ name: 'plain', disks: [rootDisk(40)] }));
    const others = requestsSince(flow.sim, before).filter((request) =>
      /\/(storage|status|capabilities)\b/.test(request),
    );
    expect(others).toEqual([]);
  });
});
