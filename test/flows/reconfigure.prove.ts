import { expect, it } from 'vitest';
import type { Live } from '#provider/plan/facet';
import { facets } from '#provider/plan/plan';
import { PowerOp } from '#rpc/contract';
import { pooled } from '#runtime/pooled';
import { lastRequest, writesSince } from '../support/journal.ts';
import { arm, type KillPoint, pathOf, received, VICTIM_NODE } from '../support/kill-matrix.ts';
import { outcomeOf } from '../support/outcome.ts';
import { AS_MADE, macOf, madeVm, type Options, restartsOf } from '../support/reconfigured.ts';
import { type CreateParts, nic, reconfigureRequest, rootDisk } from '../support/requests.ts';
import { ourVm } from '../support/snapshots.ts';
import { guestOf, type Stage, startStage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { strayVolumes } from '../support/world.ts';

// The table of docs/reconfigure.md, row by row, on VMs that are off and that run; and whoever dies in the middle of it.

interface Row {
  /** As the table says it. */
  readonly change: string;
  /** Options of the VM that differ. */
  readonly vm?: Options;
  readonly parts: CreateParts;
  /** Options that are to be so in the end, `MAC` for that of the first NIC; absent for what is refused or kept. */
  readonly wanted?: Readonly<Record<string, RegExp | undefined>>;
  /** Whether somebody else has made the VM. */
  readonly isAdopted?: boolean;
  /** The first version that has it. */
  readonly since?: number;
}

const ofClass = (change: Record<string, unknown>): CreateParts => ({ class: { CPU: 2, MemoryMiB: 4096, ...change } });
const [root, data] = AS_MADE.disks ?? [];
const Q35 = { machine: 'q35' };
const DIMMS = { numa: '1', hotplug: 'network,disk,usb,cpu,memory' };

const ROWS: readonly Row[] = [
  {
    change: 'more or fewer CPUs, up to the cores that were prepared',
    parts: ofClass({ CPU: 8 }),
    wanted: { vcpus: undefined, cores: /^8$/ },
  },
  {
    change: 'more or fewer CPUs, up to the cores that were prepared',
    vm: { vcpus: '6' },
    parts: ofClass({ CPU: 3 }),
    wanted: { vcpus: /^3$/, cores: /^8$/ },
  },
  {
    change: 'more CPUs than there are cores, or none prepared',
    vm: { cores: '2', vcpus: undefined, hotplug: undefined },
    parts: ofClass({ CPU: 4 }),
    wanted: { cores: /^4$/ },
  },
  {
    change: 'memory, where hot-add was prepared',
    vm: DIMMS,
    parts: ofClass({ MemoryMiB: 16_000 }),
    wanted: { memory: /^16384$/ },
  },
  { change: 'memory, where it was not', parts: ofClass({ MemoryMiB: 16_384 }), wanted: { memory: /^16384$/ } },
  {
    change: 'the memory reservation (balloon)',
    vm: { balloon: '1024' },
    parts: ofClass({ ResourceLimits: { MemoryReservationMiB: 2048 } }),
    wanted: { balloon: /^2048$/ },
  },
  {
    change: 'hot-add of CPUs or memory, asked for later',
    parts: ofClass({ PerformanceProfile: { MemoryHotAddEnabled: true } }),
    wanted: { hotplug: /memory/, numa: /^1$/ },
  },
  {
    change: 'nested virtualisation',
    parts: ofClass({ PerformanceProfile: { NestedVirtualization: true } }),
    wanted: { cpu: /^host$/ },
  },
  {
    change: 'CPU limit and CPU shares',
    parts: ofClass({ ResourceLimits: { CPUShares: 200 } }),
    wanted: { cpuunits: /^200$/ },
  },
  {
    change: 'the version of the machine type',
    vm: { machine: 'pc-q35-7.2' },
    parts: ofClass({ Machine: 'pc-q35-8.0' }),
    wanted: { machine: /^pc-q35-8\.0$/ },
    since: 8,
  },
  { change: 'an older version of it', vm: { machine: 'pc-q35-7.2' }, parts: ofClass({ Machine: 'pc-q35-7.1' }) },
  { change: 'a q35 instead of a pc, or a pc instead of a q35', parts: ofClass({ Machine: 'q35' }) },
  { change: 'a q35 instead of a pc, or a pc instead of a q35', vm: Q35, parts: ofClass({ Machine: 'pc' }) },
  {
    change: 'an IOMMU (`VTDEnabled`)',
    vm: Q35,
    parts: ofClass({ SecurityProfile: { VTDEnabled: true } }),
    wanted: { machine: /viommu=intel/ },
    since: 8,
  },
  { change: 'UEFI instead of BIOS, Secure Boot', parts: ofClass({ Firmware: 'UEFI' }) },
  {
    change: 'UEFI instead of BIOS, Secure Boot',
    vm: { bios: 'ovmf', efidisk0: 'local-lvm:vm-1-disk-9,efitype=4m,size=4M' },
    parts: ofClass({ SecurityProfile: { SecureBoot: true } }),
  },
  {
    change: 'a TPM that was not there',
    parts: ofClass({ SecurityProfile: { TPMEnabled: true } }),
    wanted: { tpmstate0: /version=v2\.0/ },
  },
  {
    change: 'the version of a TPM',
    vm: { tpmstate0: 'local-lvm:vm-1-disk-8,size=4M,version=v1.2' },
    parts: ofClass({ SecurityProfile: { TPMEnabled: true, TPMVersion: '2.0' } }),
  },
  {
    change: 'whether PVE talks to the guest agent',
    vm: { agent: undefined },
    parts: {},
    wanted: { agent: /^(1|enabled=1)/ },
  },
  {
    change: 'a larger disk',
    parts: { disks: [rootDisk(5), { ...(data as object), SizeGiB: 6 }] },
    wanted: { scsi0: /size=5G/, scsi1: /size=6G/ },
  },
  {
    change: 'a smaller disk',
    vm: { scsi1: 'local-lvm:vm-1-disk-7,serial=data,size=9G' },
    parts: { ...ofClass({ CPU: 4 }) },
  },
  {
    change: 'the type of a disk (`discard`, `ssd`)',
    parts: { disks: [{ ...(root as object), Type: 'ssd' }, data] },
    wanted: { scsi0: /discard=on.*ssd=1/ },
  },
  {
    change: 'the storage of a disk',
    parts: {
      disks: [
        { ...(root as object), Type: '', Storage: 'ceph' },
        { ...(data as object), Storage: 'ceph' },
      ],
    },
  },
  {
    change: 'a new disk on SCSI or virtio',
    parts: { disks: [root, data, { Name: 'logs', SizeGiB: 2, Type: '' }] },
    wanted: { scsi2: /serial=logs,size=2G/ },
  },
  {
    change: 'a new disk on SATA or IDE',
    vm: { boot: 'order=sata0', sata0: 'local-lvm:vm-1-disk-6,size=1G' },
    parts: { disks: [root, data, { Name: 'logs', SizeGiB: 2, Type: '' }] },
    wanted: { sata1: /serial=logs,size=2G/ },
  },
  {
    change: 'a name that no disk of an adopted or cloned VM has, a slot that is empty',
    isAdopted: true,
    parts: { disks: [root, { Name: 'data', SizeGiB: 1, Type: '' }] },
  },
  {
    change: 'a name that no disk of an adopted or cloned VM has, a slot that is empty',
    parts: { disks: [root, { Name: 'scsi9', SizeGiB: 1, Type: '' }] },
  },
  {
    change: 'a disk that somebody has detached',
    vm: { scsi1: undefined, unused0: 'local-lvm:vm-1-disk-1' },
    parts: { disks: [root, data] },
  },
  { change: 'a disk that is no longer named', parts: { disks: [root] } },
  {
    change: "a NIC's bridge or VLAN",
    // With the rights of the token PVE 7.4 lists no bridge that a NIC could go to.
    since: 8,
    parts: { networks: [nic({ Bridge: 'vmbr1', VLAN: 7 })] },
    wanted: { net0: /^virtio=MAC,bridge=vmbr1,firewall=1,tag=7$/ },
  },
  {
    change: "a NIC's model or MAC, a new NIC",
    // With the rights of the token PVE 7.4 lists no bridge that a NIC could go to.
    since: 8,
    parts: { networks: [nic({ Model: 'e1000' }), nic({ Bridge: 'vmbr1' })] },
    wanted: { net0: /^e1000=MAC,bridge=vmbr0,firewall=1$/, net1: /^virtio=BC:24:11:.*bridge=vmbr1/ },
  },
  { change: 'a NIC that is no longer named', vm: { net1: 'virtio=BC:24:11:00:00:02,bridge=vmbr1' }, parts: {} },
  {
    change: 'addresses, name servers and keys, told by a drive of PVE',
    vm: { ide2: 'local-lvm:vm-1-cloudinit,media=cdrom', ipconfig0: 'ip=dhcp' },
    parts: { networks: [nic({ StaticIP: '10.0.0.5', Prefix: 24, DNS: '10.0.0.1' })] },
    wanted: { ipconfig0: /^ip=10\.0\.0\.5\/24$/, nameserver: /^10\.0\.0\.1$/ },
  },
  {
    change: 'user data, and whatever is told by an ISO',
    vm: { ide2: 'local:iso/vrtg-1-abcdefgh2345-0123456789ab.iso,media=cdrom' },
    parts: { userData: '#cloud-config\nruncmd: [ls]\n', networks: [nic({ StaticIP: '10.0.0.5', Prefix: 24 })] },
  },
  { change: 'the boot order', vm: { boot: 'order=scsi1;scsi0' }, parts: {} },
  { change: 'a tag that is new', parts: { tags: ['web', 'new'] }, wanted: { tags: /^new;web$/ } },
  { change: 'a tag that is no longer named', parts: { tags: [] } },
  { change: 'protection', vm: { protection: '1' }, parts: {} },
  {
    change: '`cpulimit`, `cpuunits`, `shares`, `balloon`, `onboot`, `startup` of `ExtraConfig`',
    vm: { balloon: '512' },
    parts: ofClass({ ExtraConfig: { cpulimit: '1.5', cpuunits: '300', shares: '500', balloon: '1024', onboot: '1' } }),
    wanted: { cpulimit: /^1\.5$/, cpuunits: /^300$/, shares: /^500$/, balloon: /^1024$/, onboot: /^1$/ },
  },
  {
    change: 'other options of `ExtraConfig`',
    parts: ofClass({ ExtraConfig: { vga: 'virtio' } }),
    wanted: { vga: /^virtio$/ },
  },
  { change: 'an option that `ExtraConfig` no longer names', vm: { vga: 'virtio' }, parts: {} },
];

const LIVE = new Map<string, Live>(facets.flatMap(({ live }) => live.map(({ change, live: how }) => [change, how])));

it('has an example of each row of the table, and no other', () => {
  expect([...new Set(ROWS.map(({ change }) => change))].toSorted()).toEqual([...LIVE.keys()].toSorted());
});

const AT_ONCE = 6;

const writesTo = ({ sim }: Stage, id: string, since: number): string[] =>
  writesSince(sim, since).filter((write) => write.includes(`/qemu/${id}/`));

/** What came of it; undefined where it is as the table says. */
async function flawOf(stage: Stage, row: Row, isRunning: boolean): Promise<string | undefined> {
  const id =
    row.isAdopted === true ? ourVm(stage, { scsi0: ['local-lvm'], scsi1: ['local-lvm'] }) : madeVm(stage, row.vm);
  if (isRunning) await stage.client.power({ id, op: PowerOp.ON });
  const guest = guestOf(stage, id);
  // Its disk is blank; here its system is up, and gives back what it is asked for.
  if (guest.run !== undefined) Object.assign(guest.run, { hasSystem: true, bootedAt: 0 });
  const before = structuredClone({ ...guest.config });
  const restarts = restartsOf(stage, id);
  const since = lastRequest(stage.sim);
  const request = reconfigureRequest(id, { name: `vm-${id}`, ...AS_MADE, ...row.parts });
  const { kind, message } = await outcomeOf(stage.client.reconfigure(request));
  const writes = writesTo(stage, id, since);
  const how = LIVE.get(row.change);
  const told = `${kind} ${message} ${JSON.stringify({ config: guest.config, pending: guest.pending, gone: guest.pendingDelete })}`;
  if (restartsOf(stage, id) !== restarts) return `restarted: ${told}`;
  if (how === 'refused' || how === 'kept') {
    const isRight = kind === (how === 'kept' ? 'ok' : 'invalid-spec') && writes.length === 0;
    return isRight && JSON.stringify(before) === JSON.stringify(guest.config) ? undefined : told;
  }
  const waits = isRunning && how === 'restart';
  const keys = Object.entries(row.wanted ?? {});
  const isAs = (value: string | undefined, form: RegExp | undefined): boolean =>
    form === undefined ? value === undefined : form.test((value ?? '').replace(macOf(id), 'MAC'));
  const isDone = keys.every(([key, form]) =>
    waits ? guest.config[key] === before[key] && isAs(guest.pending[key], form) : isAs(guest.config[key], form),
  );
  const isClean = waits || Object.keys(guest.pending).length + Object.keys(guest.pendingDelete).length === 0;
  if (kind !== 'ok' || !isDone || !isClean) return told;
  const raw = JSON.parse((await stage.client.describe({ id })).providerRawJson) as Record<string, string>;
  if (raw['restart_required'] !== String(waits)) return `restart_required ${raw['restart_required']}: ${told}`;
  const again = lastRequest(stage.sim);
  await stage.client.reconfigure(request);
  const second = writesTo(stage, id, again);
  return second.length === 0 ? undefined : `written again: ${second.join(', ')} ${told}`;
}

it.each(['7.4', '8.1', '8.4', '9.1', '9.2'])(
  'every row comes to what the table says, off and running, on PVE %s',
  async (profile) => {
    const stage = await startStage({ simulator: { profile, timeScale: 100, latency: false } });
    const cases = ROWS.filter(({ since = 0 }) => Number(profile) >= since).flatMap((row) =>
      [false, true].map((isRunning) => ({ row, isRunning })),
    );
    const flaws: string[] = [];
    await pooled(cases, AT_ONCE, async ({ row, isRunning }) => {
      const flaw = await flawOf(stage, row, isRunning);
      if (flaw !== undefined) flaws.push(`${row.change}, ${isRunning ? 'running' : 'off'}: ${flaw}`);
    });
    await stage.stop();
    expect(flaws).toEqual([]);
  },
  600_000,
);

const LARGE: CreateParts = {
  class: { CPU: 4, MemoryMiB: 8192 },
  networks: [nic({ Bridge: 'vmbr1' }), nic()],
  disks: [rootDisk(3), { Name: 'data', SizeGiB: 4, Type: '' }, { Name: 'logs', SizeGiB: 2, Type: '' }],
  tags: ['web', 'large'],
};

/** @returns undefined where it was over before the point, '' where all ended well */
async function flawAfterDeath(stage: Stage, isRunning: boolean, point: KillPoint): Promise<string | undefined> {
  const { sim } = stage;
  const id = madeVm(stage);
  if (isRunning) await stage.client.power({ id, op: PowerOp.ON });
  const request = reconfigureRequest(id, { name: `vm-${id}`, ...LARGE });
  const victim = await stage.another(VICTIM_NODE.index);
  const since = sim.journal.entries.length;
  arm(sim, point);
  const hangUp = new AbortController();
  let isOver = false;
  const call = outcomeOf(victim.client.reconfigure(request, { signal: hangUp.signal })).finally(() => {
    isOver = true;
  });
  const isMet = (): boolean => {
    const met = received(sim, since, pathOf(point))[typeof point.at === 'number' ? point.at : 0];
    return met !== undefined && (point.moment === 'before' || met.status !== undefined);
  };
  await until(
    async () => await Promise.resolve(isMet() || isOver),
    (enough) => enough,
  );
  const wasReached = isMet();
  hangUp.abort();
  await Promise.all([victim.end(), call]);
  sim.faults.clear();
  await until(
    async () => await outcomeOf(stage.client.reconfigure(request)),
    ({ kind, message }) => {
      expect(['ok', 'busy'], message).toContain(kind);
      return kind === 'ok';
    },
  );
  const { config, pending } = guestOf(stage, id);
  const isRight =
    config['vcpus'] === '4' &&
    (isRunning ? pending['memory'] : config['memory']) === '8192' &&
    Object.keys(pending).length === Number(isRunning) &&
    config['net0'] === `virtio=${macOf(id)},bridge=vmbr1,firewall=1` &&
    config['net1'] !== undefined &&
    config['net2'] === undefined &&
    ['3G', '4G', '2G'].every((size, index) => config[`scsi${index}`]?.includes(`size=${size}`)) &&
    !Object.keys(config).some((key) => key.startsWith('unused') || key === 'scsi3') &&
    strayVolumes(sim).length === 0;
  if (!isRight) return `${point.moment} ${point.at}: ${JSON.stringify({ config, pending, stray: strayVolumes(sim) })}`;
  return wasReached ? '' : undefined;
}

it('a provider that dies at any call, or in a task, is followed by one that finishes it, off and running', async () => {
  const all = await Promise.all([false, true].map(async (isRunning) => await deathsOf(isRunning)));
  expect(all.flatMap(({ flaws }) => flaws)).toEqual([]);
  for (const { points } of all) expect(points).toBeGreaterThan(20);
}, 600_000);

async function deathsOf(isRunning: boolean): Promise<{ readonly flaws: string[]; readonly points: number }> {
  const stage = await startStage({ simulator: { timeScale: 100 } });
  const flaws: string[] = [];
  let points = 0;
  const dieAt = async (point: KillPoint): Promise<boolean> => {
    const flaw = await flawAfterDeath(stage, isRunning, point);
    if (flaw !== undefined && flaw !== '') flaws.push(`${isRunning ? 'running' : 'off'}, ${flaw}`);
    return flaw !== undefined;
  };
  for (const moment of ['before', 'after'] as const) {
    for (const at of ['qmconfig', 'resize']) await dieAt({ at, moment });
    for (let at = 0; await dieAt({ at, moment }); at++) points += 1;
  }
  await stage.stop();
  return { flaws, points };
}
