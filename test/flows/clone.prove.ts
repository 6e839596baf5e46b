import { describe, expect, it } from 'vitest';
import { parseIsoVolume } from '#cloudinit/file-name';
import type { ProviderClient } from '#rpc/client';
import { type Clock, createClock } from '#runtime/clock';
import { deadlineIn } from '#runtime/deadline';
import { cutOff } from '../support/cut-off.ts';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type KillPoint, stateOf } from '../support/kill-matrix.ts';
import { outcomeOf } from '../support/outcome.ts';
import { prepareSources, SOURCES } from '../support/sources.ts';
import { until } from '../support/until.ts';
import { claimedVms, newVolumes, type VmFacts } from '../support/world.ts';

// Every kind of source, linked and full, beside it and on another node, on local and shared storage; and a Clone whose
// provider is cut off at any of its calls.

const forever = deadlineIn(Number.POSITIVE_INFINITY);

const guest = (vmid: number, node: string, name: string, storage: string, isRunning = false) => ({
  vmid,
  node,
  template: false,
  config: { boot: 'order=scsi0;net0', cores: '1', memory: '1024', name, net0: 'virtio,bridge=vmbr0', ostype: 'l26' },
  disks: [{ key: 'scsi0', storage, kind: 'disk', sizeBytes: 4 * 1024 ** 3 } as const],
  ...(isRunning ? { running: true } : {}),
});

const MEDIUM = 'local:iso/debian-12.iso,media=cdrom';
const withMedium = <T extends { readonly config: Readonly<Record<string, string>> }>(vm: T): T => ({
  ...vm,
  config: { ...vm.config, ide2: MEDIUM },
});

const cluster = {
  ...SOURCES,
  guests: [
    ...SOURCES.guests,
    guest(120, 'pve2', 'off-local', 'local-lvm'),
    guest(121, 'pve2', 'off-shared', 'ceph'),
    guest(122, 'pve2', 'on-local', 'local-lvm', true),
    guest(123, 'pve2', 'on-shared', 'ceph', true),
    withMedium(guest(124, 'pve2', 'with-medium', 'ceph')),
  ],
};

async function start(settings: Readonly<Record<string, string>> = {}): Promise<Flow> {
  const flow = await startFlow({ simulator: { timeScale: 100, latency: false, cluster }, settings, node: 1 });
  await prepareSources(flow);
  return flow;
}

interface Cell {
  readonly source: number;
  readonly what: 'template' | 'stopped VM' | 'running VM';
  readonly storage: 'local' | 'shared';
  readonly linked: boolean;
  readonly node: 'pve2' | 'pve3';
}

/** All on pve2. */
const SOURCE_KINDS = [
  { source: 9001, what: 'template', storage: 'local' },
  { source: 9100, what: 'template', storage: 'shared' },
  { source: 120, what: 'stopped VM', storage: 'local' },
  { source: 121, what: 'stopped VM', storage: 'shared' },
  { source: 122, what: 'running VM', storage: 'local' },
  { source: 123, what: 'running VM', storage: 'shared' },
] as const;

const CELLS: readonly Cell[] = SOURCE_KINDS.flatMap((kind) =>
  [true, false].flatMap((linked) => (['pve2', 'pve3'] as const).map((node) => ({ ...kind, linked, node }))),
);

describe('the table of clones', () => {
  it('has the result PVE can give in each cell, or a refusal with its reason where PVE refuses too', async () => {
    const flow = await start();
    const told: string[] = [];
    for (const cell of CELLS) {
      const { source, what, storage, linked, node } = cell;
      const name = `cell-${source}-${linked ? 'linked' : 'full'}-${node}`;
      const before = JSON.stringify(flow.sim.world.guests[source]?.config);
      const since = lastRequest(flow.sim);
      const placementJson = JSON.stringify({ Host: node });
      const outcome = await outcomeOf(
        flow.client.clone({ sourceVmId: String(source), targetName: name, linked, placementJson }),
      );
      const label = `${what}, ${storage}, ${linked ? 'linked' : 'full'}, ${node === 'pve2' ? 'same node' : 'other node'}`;
      if (storage === 'local' && node !== 'pve2') {
        expect(outcome, label).toMatchObject({
          kind: 'invalid-spec',
          message: expect.stringContaining('do not share'),
        });
        expect(writesSince(flow.sim, since), label).toEqual([]);
        await expect(pveClone(flow, cell), label).rejects.toThrow(
          /can't clone VM to node 'pve3' \(VM uses local storage\)/,
        );
        told.push(`${label}: refused`);
      } else {
        expect(outcome.kind, `${label}: ${outcome.message}`).toBe('ok');
        const vm = await vmOf(flow, name);
        told.push(`${label}: ${expectClone(flow, cell, vm, label)}`);
        if (storage === 'shared') expect(await whatKeeps(flow, vm), label).toEqual([]);
      }
      expect(JSON.stringify(flow.sim.world.guests[source]?.config), label).toBe(before);
    }
    console.log(told.join('\n'));
    await flow.stop();
  });

  it('has local disks on shared storage at home and not elsewhere, as PVE has it, and names a medium in the way', async () => {
    const flow = await start();
    const clone = async (source: number, name: string, placement: object) =>
      await outcomeOf(
        flow.client.clone({ sourceVmId: String(source), targetName: name, placementJson: JSON.stringify(placement) }),
      );
    for (const source of [9001, 120, 122]) {
      const name = `onto-shared-${source}`;
      expect(await clone(source, name, { Datastore: 'ceph' })).toMatchObject({ kind: 'ok', message: '' });
      const vm = await vmOf(flow, name);
      expect([vm.node, vm.config['scsi0']?.split(':')[0]]).toEqual(['pve2', 'ceph']);
      expect(await whatKeeps(flow, vm)).toEqual([]);
    }
    const refusals = [
      [120, { Host: 'pve3', Datastore: 'ceph' }, /scsi0 .*"local-lvm".*do not share\. .*migrate the copy in PVE/],
      [124, { Host: 'pve3' }, /ide2 .*"local".*do not share\. .*take the medium out/],
    ] as const;
    const since = lastRequest(flow.sim);
    for (const [source, placement, words] of refusals) {
      expect(await clone(source, 'never', placement)).toMatchObject({
        kind: 'invalid-spec',
        message: expect.stringMatching(words),
      });
    }
    expect(writesSince(flow.sim, since)).toEqual([]);
    for (const [source, { Host: node, ...onto }] of refusals) {
      const storage = 'Datastore' in onto ? { storage: onto.Datastore } : {};
      const refused = pveClone(flow, { source, node }, storage);
      await expect(refused).rejects.toThrow(/can't clone VM to node 'pve3' \(VM uses local storage\)/);
    }
    await flow.stop();
  });
});

/** The disks and media that keep a VM on its node, as PVE tells whoever is about to migrate it. */
async function whatKeeps({ pve }: Flow, { vmid, node }: VmFacts): Promise<readonly unknown[]> {
  const told = await pve.get(`/nodes/${node}/qemu/${vmid}/migrate`, forever);
  const { local_disks: disks, local_resources: resources } = told as Record<string, unknown[]>;
  return [...(disks ?? ['?']), ...(resources ?? ['?'])];
}

async function pveClone(
  { pve }: Flow,
  { source, node }: Pick<Cell, 'source' | 'node'>,
  more: { readonly storage?: string } = {},
): Promise<unknown> {
  const asked = { newid: 999_999, full: true, target: node, ...more };
  return await pve.post(`/nodes/pve2/qemu/${source}/clone`, forever, asked);
}

async function vmOf({ world }: Flow, name: string): Promise<VmFacts & { state: string }> {
  const [vm, ...others] = await claimedVms(world, name);
  expect(others).toEqual([]);
  if (vm === undefined) throw new Error(`there is no ${name}`);
  return vm;
}

/** What it is: checked to be where, and of what, it has to be, and to be movable. */
function expectClone(flow: Flow, cell: Cell, vm: VmFacts & { state: string }, label: string): string {
  const { source, what, storage, linked, node } = cell;
  expect(vm, label).toMatchObject({ node, state: 'ready', lock: undefined, running: false });
  const original = flow.sim.world.guests[source]?.config ?? {};
  for (const key of ['net0', 'smbios1', 'vmgenid']) expect(vm.config[key], label).not.toBe(original[key]);
  const file = vm.config['scsi0']?.split(',')[0];
  const parent = Object.values(flow.sim.world.volumes).find(({ volid }) => volid === file)?.parent;
  const isLinked = linked && what === 'template';
  expect(parent !== undefined, label).toBe(isLinked);
  expect(vm.config['description']?.includes('full-not-linked'), label).toBe(linked && !isLinked);
  // Nothing but the disks themselves, where these are local, keeps it on its node.
  const drives = Object.entries(vm.config).filter(([key]) => /^(?:ide|sata|scsi|virtio)\d+$/.test(key));
  const isLocal = ([, value]: readonly [string, string]): boolean => value.startsWith('local');
  expect(drives.some(isLocal), label).toBe(storage === 'local');
  return isLinked ? 'linked' : 'full';
}

interface Kind {
  readonly title: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly customize: unknown;
  readonly tasks: readonly string[];
}

const USER_DATA = '#cloud-config\npackages: [nginx]\n';

const KINDS: readonly Kind[] = [
  {
    title: 'without user data, when ready',
    settings: {},
    customize: { tags: ['matrix'] },
    tasks: ['qmclone', 'qmconfig', 'resize'],
  },
  {
    title: 'with user data, by a task',
    settings: { PVE_TASK_TIMEOUT: '1s' },
    customize: { tags: ['matrix'], userData: { cloudInit: { inline: USER_DATA } } },
    tasks: ['imgcopy', 'qmclone', 'qmconfig', 'resize'],
  },
];

const MOMENTS = ['before', 'after'] as const;

describe('a Clone whose provider is cut off', () => {
  it.concurrent.each(KINDS)('at any call and in any task, $title, ends with one finished VM', async (kind) => {
    const flow = await start(kind.settings);
    const found: string[] = [];
    const cut = async (point: KillPoint): Promise<boolean> => {
      const flaw = await flawAt(flow, kind, point);
      if (flaw !== undefined) found.push(flaw);
      return flaw !== undefined;
    };
    for (const at of kind.tasks) for (const moment of MOMENTS) await cut({ at, moment });
    for (let at = 0, isOver = false; !isOver; at++) {
      for (const moment of MOMENTS) isOver = !(await cut({ at, moment })) || isOver;
    }
    const flaws = found.filter((flaw) => flaw !== '');
    console.log(`kill matrix: a clone ${kind.title}: ${found.length} points, ${flaws.length} flaws`);
    await flow.stop();
    expect(flaws).toEqual([]);
    expect(found.length).toBeGreaterThan(20);
  });
});

interface Answer {
  readonly id: string;
  readonly task: string | undefined;
}

async function clone(client: ProviderClient, kind: Kind, name: string, signal?: AbortSignal): Promise<Answer> {
  const request = {
    sourceVmId: '9001',
    targetName: name,
    linked: true,
    classJson: JSON.stringify({ cpu: 2, memory: '4Gi', diskDefaults: { size: '20Gi' } }),
    customizeJson: JSON.stringify(kind.customize),
  };
  const { targetVmId, task } = await client.clone(request, signal === undefined ? {} : { signal });
  return { id: targetVmId, task: task?.id };
}

/** '' for none; undefined where the clone was finished before the point. */
async function flawAt(flow: Flow, kind: Kind, point: KillPoint): Promise<string | undefined> {
  const { sim, world } = flow;
  const name = [point.at, point.moment, sim.journal.entries.length].join('-');
  const before = await stateOf(world);
  let known: Answer | undefined;
  const isReady = async (): Promise<boolean> => (await claimedVms(world, name)).some(({ state }) => state === 'ready');
  const { wasReached } = await cutOff(
    flow,
    point,
    async (client, signal) => {
      known = await clone(client, kind, name, signal);
    },
    async () => known?.task === undefined || (await isReady()),
  );
  const clock = createClock({ factor: sim.clock.factor });
  const { id, error } = await finished(flow.client, kind, name, known, clock);
  const flaw = error === '' ? await flawOf(flow, kind, name, id, before) : error;
  if (flaw !== undefined) return `${kind.title}, ${name}: ${flaw}`;
  return wasReached ? '' : undefined;
}

const RETRY_MS = 5_000;

/** The manager asks what became of the task it knows of; whoever has had no answer clones again under the same name. */
async function finished(
  client: ProviderClient,
  kind: Kind,
  name: string,
  known: Answer | undefined,
  clock: Clock,
): Promise<{ id: string; error: string }> {
  let answer = known;
  for (; answer === undefined; await clock.sleep(RETRY_MS)) {
    const outcome = await outcomeOf(clone(client, kind, name));
    if (outcome.kind !== 'ok' && outcome.kind !== 'busy') return { id: '', error: outcome.message };
    answer = outcome.answer;
  }
  const { id, task } = answer;
  if (task === undefined) return { id, error: '' };
  const { error } = await until(
    async () => await client.taskStatus({ task: { id: task } }),
    ({ done }) => done,
  );
  return { id, error };
}

async function flawOf(
  { world }: Flow,
  kind: Kind,
  name: string,
  id: string,
  before: { readonly vms: readonly number[]; readonly volumes: readonly string[] },
): Promise<string | undefined> {
  const vms = (await world.vms()).filter(({ vmid }) => !before.vms.includes(vmid));
  if (vms.length !== 1 || String(vms[0]?.vmid) !== id)
    return `VMs ${vms.map(({ vmid }) => vmid).join(', ')}, told ${id}`;
  const [vm] = await claimedVms(world, name);
  const config = vm?.config ?? {};
  const isWhole =
    vm?.state === 'ready' &&
    vm.lock === undefined &&
    config['vcpus'] === '2' &&
    config['memory'] === '4096' &&
    config['tags'] === 'matrix' &&
    /size=20G/.test(config['scsi0'] ?? '') &&
    config['description']?.includes('virtrigaud-todo') === false;
  if (!isWhole) return `${vm?.state}, lock ${vm?.lock}, ${JSON.stringify(config)}`;
  const volumes = newVolumes(before.volumes, await world.volumes());
  const isIso = (volume: string): boolean => parseIsoVolume(volume.replace(/^[^/:]+\//, '')) !== undefined;
  const named = Object.values(config).map((value) => value.split(',')[0]);
  const isos = volumes.filter(isIso);
  const attached = isos.filter((volume) => named.includes(volume));
  const wantsIso = kind.tasks.includes('imgcopy');
  // One that was uploaded for a copy that has never begun goes with those who come after it.
  if (attached.length !== (wantsIso ? 1 : 0) || isos.length !== attached.length) return `ISOs ${isos.join(', ')}`;
  const disks = volumes.filter((volume) => !isIso(volume));
  const expected = [...(wantsIso ? [] : [`vm-${id}-cloudinit`]), `vm-${id}-disk-0`];
  const isRight = disks.length === expected.length && expected.every((one) => disks.some((disk) => disk.includes(one)));
  return isRight ? undefined : `volumes ${volumes.join(', ')}`;
}
