// The kill matrix: a provider that is cut off from PVE at one call of a create, and a successor that gets what the
// manager sends then. Cut off is as good as dead: nothing it does reaches PVE any more.
import type { JournalEntry } from '#pve-sim/journal';
import type { Simulator } from '#pve-sim/simulator';
import type { ProviderClient } from '#rpc/client';
import { type Clock, createClock } from '#runtime/clock';
import type { Flow } from './flow.ts';
import type { ProviderProcess } from './processes.ts';
import { type CreateParts, createRequest, nic, rootDisk } from './requests.ts';
import { GOLDEN, IMPORT } from './sources.ts';
import { until } from './until.ts';
import { claimedVms, newVolumes, type WorldReader } from './world.ts';

/** How a create is answered and how its cloud-init travels. */
export interface CreateKind {
  readonly title: string;
  readonly cloudInit: 'native' | 'iso';
  readonly answer: 'synchronous' | 'task';
  /** Absent: the default template, in full. */
  readonly source?: Source;
}

/** What a VM is made from, and what of the world it is made of then. */
export interface Source {
  readonly parts: CreateParts;
  /** The type of the task that makes it. */
  readonly task: 'qmclone' | 'qmcreate';
  /** Where its disk is, and the node it has to be on, if any. */
  readonly storage: string;
  readonly node?: string;
  readonly hasCloudInitDrive: boolean;
  /** Whether its disk has to grow to 20 GiB. */
  readonly grows: boolean;
  readonly boot: string;
  /** Disks beside the boot disk. */
  readonly dataDisks?: readonly Record<string, unknown>[];
  /** What else has to be configured, and drives besides the boot disk's among it. */
  readonly has?: Readonly<Record<string, RegExp>>;
}

const TEMPLATE: Source = {
  parts: {},
  task: 'qmclone',
  storage: 'local-lvm',
  node: 'pve2',
  hasCloudInitDrive: true,
  grows: true,
  boot: 'order=scsi0;ide2;net0',
};

const NOTHING = { task: 'qmcreate', storage: 'local-lvm', hasCloudInitDrive: false } as const;

/** Every other way to make a VM, in the cluster of `sources.ts`. */
const SOURCES: Readonly<Record<string, Source>> = {
  'a linked clone': { ...TEMPLATE, parts: { image: { CloneMode: 'linked' } } },
  'a clone of a snapshot': {
    ...TEMPLATE,
    parts: { image: { TemplateName: 'legacy-app', Snapshot: GOLDEN } },
    node: 'pve3',
    hasCloudInitDrive: false,
    boot: 'order=scsi0;net0',
  },
  'a clone onto another node': {
    ...TEMPLATE,
    parts: { image: { TemplateName: 'shared-template' }, placement: { Host: 'pve3' } },
    storage: 'ceph',
    node: 'pve3',
    boot: 'order=scsi0;net0',
  },
  'an ISO': {
    ...NOTHING,
    parts: { image: { TemplateName: 'local:iso/debian-12.iso', Storage: 'local-lvm' } },
    grows: false,
    boot: 'order=scsi0;sata0;net0',
  },
  'a blank disk': {
    ...NOTHING,
    parts: { image: { TemplateName: '', Blank: true, Storage: 'local-lvm' } },
    grows: false,
    boot: 'order=scsi0;net0',
  },
  'a template with every device': {
    ...TEMPLATE,
    parts: {
      image: { TemplateName: 'uefi-template' },
      class: {
        SecurityProfile: { SecureBoot: true, TPMEnabled: true },
        PerformanceProfile: { MemoryHotAddEnabled: true },
      },
    },
    hasCloudInitDrive: false,
    boot: 'order=scsi0',
    dataDisks: [
      { Name: 'data', SizeGiB: 1, Type: 'ssd' },
      { Name: 'log', SizeGiB: 2, Type: 'thin' },
    ],
    has: {
      efidisk0: /pre-enrolled-keys=1/,
      tpmstate0: /version=v2\.0/,
      scsi1: /serial=data,size=1G,ssd=1/,
      scsi2: /serial=log,size=2G/,
      scsi4: /size=1G/,
      hotplug: /^network,disk,usb,cpu,memory$/,
    },
  },
  'an imported disk': {
    ...NOTHING,
    parts: { image: { TemplateName: '', Path: IMPORT, Storage: 'local-lvm' } },
    grows: true,
    boot: 'order=scsi0;net0',
  },
};

export const SOURCE_KINDS: readonly CreateKind[] = Object.entries(SOURCES).map(([title, source]) => ({
  title,
  source,
  cloudInit: title === 'an ISO' ? 'iso' : 'native',
  answer: title === 'an imported disk' ? 'task' : 'synchronous',
}));

export const CREATE_KINDS: readonly CreateKind[] = (['native', 'iso'] as const).flatMap((cloudInit) =>
  (['synchronous', 'task'] as const).map((answer) => ({
    title: `${cloudInit} cloud-init, ${answer}`,
    cloudInit,
    answer,
  })),
);

/** Settings of the providers for a kind: a copy takes longer than a second, so it is answered as a task. */
export function settingsFor({ answer }: CreateKind): Record<string, string> {
  return answer === 'task' ? { PVE_TASK_TIMEOUT: '1s' } : {};
}

/**
 * Where a provider is cut off: at its nth call, polls of tasks left out, or while a task of a type runs, at its polls.
 * `before`: the call does not arrive. `after`: it is carried out, and its answer is lost.
 */
export interface KillPoint {
  readonly at: number | string;
  readonly moment: 'before' | 'after';
}

/** Who is asked after the victim has died, and the clock by which the manager waits. */
export interface Successor {
  readonly client: ProviderClient;
  readonly clock: Clock;
}

/** A provider that can die. */
export interface Mortal {
  readonly client: ProviderClient;
  die(): Promise<void>;
}

/** The node whose endpoint the victim uses, and nobody else. */
export const VICTIM_NODE = { index: 0, name: 'pve1' } as const;

export function requestFor(
  { cloudInit, source = TEMPLATE }: CreateKind,
  name: string,
): ReturnType<typeof createRequest> {
  return createRequest({
    name,
    ...source.parts,
    networks: [nic()],
    disks: [rootDisk(20), ...(source.dataDisks ?? [])],
    tags: ['matrix'],
    ...(cloudInit === 'iso' ? { userData: '#cloud-config\npackages: [nginx]\n' } : {}),
  });
}

interface Known {
  readonly id: string;
  readonly task: string | undefined;
}

/**
 * Starts a create with `victim` and cuts it off at `point`.
 * @returns what the manager knows by then, and whether the point was reached before the create was finished.
 */
async function killAt(
  sim: Simulator,
  world: WorldReader,
  victim: Mortal,
  kind: CreateKind,
  name: string,
  point: KillPoint,
): Promise<{ known: Known | undefined; reached: boolean }> {
  const since = sim.journal.entries.length;
  arm(sim, point);
  const hangUp = new AbortController();
  let known: Known | undefined;
  let ended = false;
  const call = victim.client.create(requestFor(kind, name), { signal: hangUp.signal }).then(
    ({ id, task }) => {
      known = { id, task: task?.id };
    },
    () => undefined,
  );
  void call.finally(() => {
    ended = true;
  });
  const isMet = (): boolean => {
    const met = received(sim, since, pathOf(point))[typeof point.at === 'number' ? point.at : 0];
    return met !== undefined && (point.moment === 'before' || met.status !== undefined);
  };
  await until(
    async () => isMet() || (ended && (known?.task === undefined || (await isFinished(world, name)))),
    (over) => over,
  );
  const reached = isMet();
  hangUp.abort();
  await Promise.all([victim.die(), call]);
  sim.faults.clear();
  return { known, reached };
}

/** Source of a regular expression over the paths of the calls that a point is among. */
export function pathOf({ at }: KillPoint): string {
  return typeof at === 'number' ? '^(?!.*/tasks/UPID:)' : `/tasks/UPID:[^/]*:${at}:[^/]*/status$`;
}

/** From the point on nothing of the victim's arrives but polls; at `after`, what is carried out there is its last. */
export function arm(sim: Simulator, point: KillPoint): void {
  const { at, moment } = point;
  const calls = { node: VICTIM_NODE.name, path: pathOf(point) };
  if (typeof at === 'string') {
    return sim.faults.add([{ ...calls, action: moment === 'before' ? { dropBefore: true } : { dropAfter: true } }]);
  }
  if (moment === 'before') return sim.faults.add([{ ...calls, skip: at, action: { dropBefore: true } }]);
  sim.faults.add([
    { ...calls, skip: at, count: 1, action: { dropAfter: true } },
    { ...calls, skip: at + 1, action: { dropBefore: true } },
  ]);
}

export function received(sim: Simulator, since: number, path: string): JournalEntry[] {
  const among = new RegExp(path);
  return sim.journal.entries.slice(since).filter((entry) => entry.node === VICTIM_NODE.name && among.test(entry.path));
}

async function isFinished(world: WorldReader, name: string): Promise<boolean> {
  return (await claimedVms(world, name)).some(({ state }) => state === 'ready');
}

/**
 * What the manager does with a new provider: it waits for the task it knows of, describes the VM, and creates it (again)
 * until it has an id that exists.
 */
export async function createToTheEnd(
  { client, clock }: Successor,
  kind: CreateKind,
  name: string,
  known?: Known,
): Promise<string> {
  let status = known;
  for (;;) {
    status ??= await repeat(clock, async () => {
      const { id, task } = await client.create(requestFor(kind, name));
      return { id, task: task?.id };
    });
    const { id, task } = status;
    if (task !== undefined) await untilTaskIsDone({ client, clock }, task);
    const { exists } = await repeat(clock, async () => await client.describe({ id }));
    if (exists) return id;
    status = undefined;
  }
}

async function untilTaskIsDone({ client, clock }: Successor, id: string): Promise<void> {
  for (;;) {
    if ((await client.taskStatus({ task: { id } })).done) return;
    await clock.sleep(RETRY_MS);
  }
}

/** Ms of the clock: the manager's own pause. */
const RETRY_MS = 5_000;

/** Repeats what answers that it is too early. */
async function repeat<T>(clock: Clock, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if ((error as { kind?: string }).kind !== 'busy') throw error;
      await clock.sleep(RETRY_MS);
    }
  }
}

/** What is wrong with the world after a create: undefined where there is exactly one finished VM, and nothing else new. */
export async function flawOf(
  world: WorldReader,
  kind: CreateKind,
  name: string,
  id: string,
  before: { readonly vms: readonly number[]; readonly volumes: readonly string[] },
): Promise<string | undefined> {
  const vms = (await world.vms()).filter(({ vmid }) => !before.vms.includes(vmid));
  const [vm] = vms;
  if (vm === undefined || vms.length !== 1) return `VMs ${vms.map(({ vmid }) => vmid).join(', ')}`;
  if (String(vm.vmid) !== id) return `the answer is ${id}, the VM is ${vm.vmid}`;
  const { config } = vm;
  const { source = TEMPLATE } = kind;
  const claim = (await claimedVms(world, name)).find(({ vmid }) => vmid === vm.vmid);
  if (claim?.state !== 'ready' || vm.lock !== undefined) return `${claim?.state ?? 'no claim'}, lock ${vm.lock}`;
  const isWhole =
    config['vcpus'] === '2' &&
    config['memory'] === '4096' &&
    config['tags'] === 'matrix' &&
    /virtio=BC:24:11:/.test(config['net0'] ?? '') &&
    config['boot']?.startsWith(source.boot) === true &&
    (source.node ?? vm.node) === vm.node &&
    Object.entries(source.has ?? {}).every(([key, form]) => form.test(config[key] ?? '')) &&
    !Object.keys(config).some((key) => key.startsWith('unused')) &&
    /size=20G/.test(config['scsi0'] ?? '');
  if (!isWhole) return `configuration on ${vm.node} ${JSON.stringify(config)}`;
  const volumes = newVolumes(before.volumes, await world.volumes()).map((volume) =>
    volume.replace(/-[a-z2-7]{12}-[0-9a-f]{12}\.iso$/, '.iso'),
  );
  const at = source.storage === 'ceph' ? source.storage : `${vm.node}/${source.storage}`;
  const hasDrive = kind.cloudInit === 'native' && source.hasCloudInitDrive;
  const expected = [
    ...(hasDrive ? [`${at}:vm-${id}-cloudinit`] : []),
    ...disksOf(source).map((number) => `${at}:vm-${id}-disk-${number}`),
    ...(kind.cloudInit === 'iso' ? [`shared:iso/vrtg-${id}.iso`] : []),
  ];
  return volumes.join() === expected.join() ? undefined : `volumes ${volumes.join(', ')}`;
}

/** The numbers of its disks. */
function disksOf({ has = {} }: Source): number[] {
  const others = Object.keys(has).filter((key) => /^(efidisk|tpmstate|scsi)\d/.test(key));
  return [0, ...others.map((_, index) => index + 1)];
}

/** What there was before a create. */
export async function stateOf(world: WorldReader): Promise<{ vms: number[]; volumes: string[] }> {
  return { vms: (await world.vms()).map(({ vmid }) => vmid), volumes: await world.volumes() };
}

/** Undefined where the create was finished before the point, else its flaw, or '' for none. */
export interface Matrix {
  readonly points: number;
  readonly flaws: readonly string[];
}

const MOMENTS = ['before', 'after'] as const;

/** Every call of a create of this kind, and every task of it while it runs. */
export async function runMatrix(
  flow: Flow,
  kind: CreateKind,
  startVictim: () => Promise<Mortal>,
  successor: ProviderClient,
): Promise<Matrix> {
  const found: string[] = [];
  const cut = async (point: KillPoint): Promise<boolean> => {
    const flaw = await flawAt(flow, kind, point, { victim: await startVictim(), successor });
    if (flaw !== undefined) found.push(flaw);
    return flaw !== undefined;
  };
  for (const at of tasksOf(kind)) for (const moment of MOMENTS) await cut({ at, moment });
  for (let at = 0, isOver = false; !isOver; at++) {
    for (const moment of MOMENTS) isOver = !(await cut({ at, moment })) || isOver;
  }
  return { points: found.length, flaws: found.filter((flaw) => flaw !== '') };
}

/** The types of the tasks that a create waits for. */
export function tasksOf({ cloudInit, source = TEMPLATE }: CreateKind): string[] {
  return [source.task, ...(cloudInit === 'iso' ? ['imgcopy'] : []), 'qmconfig', ...(source.grows ? ['resize'] : [])];
}

export async function flawAt(
  flow: Flow,
  kind: CreateKind,
  point: KillPoint,
  { victim, successor }: { victim: Mortal; successor: ProviderClient },
): Promise<string | undefined> {
  const name = [kind.cloudInit, kind.answer, point.at, point.moment, flow.sim.journal.entries.length].join('-');
  const before = await stateOf(flow.world);
  const { known, reached } = await killAt(flow.sim, flow.world, victim, kind, name, point);
  const clock = createClock({ factor: flow.sim.clock.factor });
  const id = await createToTheEnd({ client: successor, clock }, kind, name, known);
  const flaw = await flawOf(flow.world, kind, name, id, before);
  if (flaw !== undefined) return `${name}: ${flaw}`;
  return reached ? '' : undefined;
}

/** A process dies by SIGKILL. */
export function mortal(process: ProviderProcess): Mortal {
  return { client: process.client, die: async () => void (await process.kill('SIGKILL')) };
}
