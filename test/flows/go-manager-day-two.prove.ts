import { describe, expect, it } from 'vitest';
import { guestOf } from '../support/stage.ts';
import { startClusterService } from '../support/go-manager/cluster-service.ts';
import type { GoManager, GoManagerOptions } from '../support/go-manager/manager.ts';
import {
  type AtEnd,
  changeSpec,
  COUNTED,
  endings,
  everyObject,
  isSettled,
  manage,
  startWatchedFlow,
  statusOf,
  type WatchedFlow,
} from '../support/go-manager/stage.ts';
import type { Objects, VirtualMachineSpec } from '../support/go-manager/virtual-machine.ts';
import { runningVm, settledVm } from '../support/go-manager/wishes.ts';
import { rootDisk } from '../support/requests.ts';
import { takenByHand } from '../support/snapshots.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

// The model of VirtRigaud's manager on the second day of its VMs, while PVE, the credentials, a backup, people and other
// managers are in the way. It asks for a snapshot, its removal or a clone once, and takes every error for final.

const MINUTE_MS = 60_000;
const SMALL: VirtualMachineSpec = { tags: ['web'] };
const LARGE: VirtualMachineSpec = {
  class: { CPU: 4, MemoryMiB: 8192 },
  disks: [rootDisk(3), { Name: 'data', SizeGiB: 1, Type: '' }],
};

/** Four VMs that run, of one of which there is a snapshot `old`, and their manager. */
interface Stand {
  readonly flow: WatchedFlow;
  readonly manager: GoManager;
  /** Names of the objects. */
  readonly changed: string;
  readonly kept: string;
  readonly freed: string;
  readonly source: string;
  readonly idOf: (name: string) => string;
}

async function stand(atEnd: AtEnd, flow: WatchedFlow, options: Partial<GoManagerOptions> = {}): Promise<Stand> {
  const ids = await Promise.all([1, 2, 3, 4].map(async () => await runningVm(flow)));
  const objects: Objects = new Map(ids.map((id) => [`vm-${id}`, settledVm(id, SMALL)]));
  const manager = manage(atEnd, flow, { objects, ...options });
  const [changed = '', kept = '', freed = '', source = ''] = objects.keys();
  manager.snapshot('old', { vm: freed });
  await manager.until(() => manager.snapshots.get('old')?.status.phase === 'Ready');
  return { flow, manager, changed, kept, freed, source, idOf: (name) => objects.get(name)?.status.id ?? '' };
}

function askForAll({ manager, changed, kept, source }: Stand): void {
  changeSpec(manager, changed, LARGE);
  manager.snapshot('new', { vm: kept, config: { includeMemory: true } });
  manager.clone('copy', { source, target: 'copied', customization: { tags: ['copy'] } });
  manager.deleteSnapshot('old');
}

function phases({ manager }: Stand): { snapshot: string; clone: string } {
  const snapshot = manager.snapshots.get('new')?.status.phase ?? '';
  return { snapshot, clone: manager.clones.get('copy')?.status.phase ?? '' };
}

const hasEnded = (phase: string): boolean => phase === 'Ready' || phase === 'Failed';

async function untilAllIsOver(a: Stand): Promise<void> {
  const { manager, changed } = a;
  await manager.until(() => {
    const { snapshot, clone } = phases(a);
    const isChanged = statusOf(manager, changed)?.currentResources?.cpu === 4;
    return isChanged && hasEnded(snapshot) && hasEnded(clone) && !manager.snapshots.has('old');
  });
  await manager.until(everyObject(manager, isSettled));
}

/** What was asked for is there, once, and nothing else. */
async function expectAll({ flow, manager, changed, kept, freed, idOf }: Stand): Promise<void> {
  const vm = guestOf(flow, idOf(changed));
  expect(vm.config).toMatchObject({ vcpus: '4', scsi0: expect.stringContaining('size=3G') });
  expect(vm.pending).toEqual({ memory: '8192' });
  expect(Object.keys(guestOf(flow, idOf(kept)).snapshots)).toEqual(['new']);
  expect(Object.keys(guestOf(flow, idOf(freed)).snapshots)).toEqual([]);
  expect(await claimedVms(flow.world, 'copied')).toMatchObject([{ state: 'ready', running: true, lock: undefined }]);
  expect(await claimedVms(flow.world)).toHaveLength(5);
  // The memory is in no configuration but the snapshot's.
  expect(strayVolumes(flow.sim)).toEqual([`pve2/local-lvm:vm-${idOf(kept)}-state-new`]);
  expect(flow.doubled).toEqual(new Set());
  expectNoHarm(manager);
}

function expectNoHarm(manager: GoManager): void {
  expect(manager.breakerOpenings).toBe(0);
  expect(endings(manager, COUNTED)).toEqual([]);
  expect(manager.record.refusedWrites).toEqual([]);
  expect(manager.record.saidMissing).toEqual([]);
}

interface Trouble {
  begin(a: Stand): Promise<void> | void;
  end(a: Stand): Promise<void> | void;
  readonly timeScale?: number;
}

const setLock = ({ flow, idOf, changed, kept, freed, source }: Stand, lock: string | undefined): void => {
  for (const name of [changed, kept, freed, source]) {
    const { config } = guestOf(flow, idOf(name));
    if (lock === undefined) delete config['lock'];
    else config['lock'] = lock;
  }
};

const refusal = { answer: { status: 401, reason: 'invalid token value!' } } as const;

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'a PVE that is stopped': {
    begin: async ({ flow }) => await flow.sim.setDaemon('pve1', 'api', 'stopped'),
    end: async ({ flow }) => await flow.sim.setDaemon('pve1', 'api', 'running'),
  },
  'a PVE that is silent': {
    begin: async ({ flow }) => await flow.sim.setDaemon('pve1', 'api', 'frozen'),
    end: async ({ flow }) => await flow.sim.setDaemon('pve1', 'api', 'running'),
    // Validate waits for PVE in real time, and the manager takes one that is late for a provider that is gone.
    timeScale: 10,
  },
  'a token that PVE refuses': {
    begin: ({ flow }) => flow.sim.faults.add([{ action: refusal }]),
    end: ({ flow }) => flow.sim.faults.clear(),
  },
  'a backup': { begin: (a) => setLock(a, 'backup'), end: (a) => setLock(a, undefined) },
};

describe.concurrent('what passes within two minutes is waited for by what is asked once, and repeated by the rest', () => {
  it.for(Object.entries(TROUBLES))('%s', async ([, trouble], { onTestFinished: atEnd }) => {
    const { timeScale = 50 } = trouble;
    const a = await stand(atEnd, await startWatchedFlow(atEnd, { simulator: { timeScale } }));
    await trouble.begin(a);
    const endsAt = a.flow.sim.clock.now() + 2 * MINUTE_MS;
    askForAll(a);
    await a.manager.until(() => a.flow.sim.clock.now() >= endsAt);
    await trouble.end(a);
    await untilAllIsOver(a);
    expect(a.manager.record.failures.filter(({ rpc }) => /snapshot|clone|validate/i.test(rpc))).toEqual([]);
    await expectAll(a);
  });

  it('a conflict at the write of what was answered makes none a second time', async ({ onTestFinished: atEnd }) => {
    const refused: string[] = [];
    const conflicts = (kind: string, name: string, { phase }: { readonly phase: string }): boolean => {
      if (name === 'old' || refused.filter((one) => one === kind).length === 2) return false;
      refused.push(kind);
      return phase !== '';
    };
    const a = await stand(atEnd, await startWatchedFlow(atEnd), { conflicts });
    askForAll(a);
    await untilAllIsOver(a);
    expect(refused.toSorted()).toEqual(['VMClone', 'VMClone', 'VMSnapshot', 'VMSnapshot']);
    expect(a.manager.record.codes.get('snapshotCreate OK')).toBe(4);
    await expectAll(a);
  });

  it('a provider that is replaced hands what PVE works on to its successor', async ({ onTestFinished: atEnd }) => {
    const durations = { saveStateMs: 2 * MINUTE_MS, cloneSetupMs: 2 * MINUTE_MS };
    const flow = await startWatchedFlow(atEnd, { simulator: { durations } });
    const service = await startClusterService();
    atEnd(async () => await service.close());
    const first = await flow.another(0);
    service.pointTo(first.provider.port);
    const a = await stand(atEnd, flow, { endpoint: () => service.address });
    askForAll(a);
    const isRunning = (type: string): boolean =>
      Object.values(flow.sim.world.tasks).some((task) => task.type === type && task.exitstatus === undefined);
    await a.manager.until(() => isRunning('qmclone') && isRunning('qmsnapshot'));
    service.pointTo(flow.provider.port);
    await first.end();
    await untilAllIsOver(a);
    expect(phases(a)).toEqual({ snapshot: 'Ready', clone: 'Ready' });
    await expectAll(a);
  });
});

describe.concurrent('what the manager makes of it is no better than the manager', () => {
  it('a backup that is longer than its calls fails snapshot and clone for good, with the reason, and nothing is left', async ({
    onTestFinished: atEnd,
  }) => {
    const a = await stand(atEnd, await startWatchedFlow(atEnd));
    setLock(a, 'backup');
    askForAll(a);
    await a.manager.until(() => Object.values(phases(a)).every(hasEnded) && !a.manager.snapshots.has('old'));
    expect(phases(a)).toEqual({ snapshot: 'Failed', clone: 'Failed' });
    const told = a.manager.record.failures.filter(({ rpc }) => /snapshot|clone/i.test(rpc));
    expect(told.map(({ rpc, code }) => `${rpc} ${code}`).toSorted()).toEqual([
      'clone Aborted',
      'snapshotCreate Aborted',
      'snapshotDelete Aborted',
    ]);
    for (const { message } of told) expect(message).toContain('backup');
    expect(Object.keys(guestOf(a.flow, a.idOf(a.kept)).snapshots)).toEqual([]);
    expect(Object.keys(guestOf(a.flow, a.idOf(a.freed)).snapshots)).toEqual(['old']);
    expect(await claimedVms(a.flow.world)).toHaveLength(4);

    setLock(a, undefined);
    a.manager.deleteClone('copy');
    a.manager.deleteSnapshot('new');
    await a.flow.client.snapshotDelete({ vmId: a.idOf(a.freed), snapshotId: 'old' });
    await a.manager.until(() => a.manager.snapshots.size === 0);
    askForAll(a);
    await untilAllIsOver(a);
    await expectAll(a);
  });

  it('a snapshot that was wanted while the provider was away is said to be ready, and was never asked for', async ({
    onTestFinished: atEnd,
  }) => {
    const flow = await startWatchedFlow(atEnd);
    let isAway = false;
    const endpoint = (): string | undefined => (isAway ? undefined : `127.0.0.1:${flow.provider.port}`);
    const a = await stand(atEnd, flow, { endpoint });
    isAway = true;
    a.manager.snapshot('new', { vm: a.kept });
    await a.manager.until(() => phases(a).snapshot === 'Ready');
    expect(a.manager.snapshots.get('new')?.status.snapshotId).toBe('');
    expect(a.manager.record.codes.get('snapshotCreate OK')).toBe(1);
    expect(Object.keys(guestOf(flow, a.idOf(a.kept)).snapshots)).toEqual([]);
  });

  it('resources of the object are believed to be there, and never sent', async ({ onTestFinished: atEnd }) => {
    const a = await stand(atEnd, await startWatchedFlow(atEnd));
    changeSpec(a.manager, a.changed, { resources: { cpu: 6 } });
    await a.manager.until(() => statusOf(a.manager, a.changed)?.currentResources?.cpu === 6);
    expect(guestOf(a.flow, a.idOf(a.changed)).config['vcpus']).toBe('2');
    expectNoHarm(a.manager);
  });
});

describe('people', () => {
  it('who edit a VM keep their edits, and whose mistakes harm nobody but themselves', async ({
    onTestFinished: atEnd,
  }) => {
    const a = await stand(atEnd, await startWatchedFlow(atEnd));
    const { flow, manager } = a;
    const id = a.idOf(a.changed);
    await takenByHand(flow, a.idOf(a.source), 'release');
    manager.snapshot('release', { vm: a.source });
    manager.clone('nonsense', { source: a.source, target: 'nonsense', class: { cpu: 2, memory: 'lots' } });
    manager.clone('unnamed', { source: a.source, target: 'x'.repeat(64) });
    changeSpec(manager, a.freed, { class: { CPU: 4 }, disks: [{ Name: 'data', SizeGiB: 1, Type: 'granite' }] });
    await manager.until(() => manager.record.failures.filter(({ rpc }) => rpc === 'reconfigure').length >= 20);
    const told = Object.fromEntries(manager.record.failures.map(({ rpc, about, code }) => [`${rpc} ${about}`, code]));
    expect(told).toEqual({
      [`reconfigure ${a.freed}`]: 'InvalidArgument',
      'snapshotCreate release': 'AlreadyExists',
      'clone nonsense': 'InvalidArgument',
      'clone unnamed': 'InvalidArgument',
    });
    changeSpec(manager, a.freed, { disks: null });
    manager.deleteSnapshot('release');

    const { config } = guestOf(flow, id);
    config['description'] = `Call me first\n${config['description'] ?? ''}`;
    config['net5'] = 'e1000=AA:BB:CC:00:00:01,bridge=vmbr2';
    config['tags'] = 'web;by-hand';
    askForAll(a);
    await untilAllIsOver(a);
    await expectAll(a);
    expect(config['description']).toMatch(/^Call me first\n/);
    expect(config).toMatchObject({ net5: 'e1000=AA:BB:CC:00:00:01,bridge=vmbr2', tags: 'web;by-hand' });
    expect(Object.keys(guestOf(flow, a.idOf(a.source)).snapshots)).toEqual(['release']);
    expect(guestOf(flow, a.idOf(a.freed)).config['vcpus']).toBe('4');
  });
});
