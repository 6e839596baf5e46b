import { expect, it } from 'vitest';
import { deadlineIn } from '#runtime/deadline';
import type { StorageType } from '#pve-sim/world/world';
import { PowerOp } from '#rpc/contract';
import type { ProviderClient } from '#rpc/client';
import { startFlow, type Flow } from '../support/flow.ts';
import { arm, type KillPoint, pathOf, received, VICTIM_NODE } from '../support/kill-matrix.ts';
import { outcomeOf } from '../support/outcome.ts';
import { addStorage, type Disks, FOLDER, ourVm, toldSnapshots } from '../support/snapshots.ts';
import { cut, guestOf, type Stage, startStage } from '../support/stage.ts';
import { until } from '../support/until.ts';

// Snapshots on every kind of storage, and whoever dies in the middle of them.

const START = { simulator: { timeScale: 100 } };

interface Kind {
  readonly type: StorageType;
  readonly format?: string;
  readonly isFolder?: boolean;
  readonly chains?: boolean;
}

const ABLE: readonly Kind[] = [
  { type: 'lvmthin' },
  { type: 'rbd' },
  { type: 'btrfs', format: 'raw', isFolder: true },
  { type: 'dir', format: 'qcow2', isFolder: true },
  { type: 'nfs', format: 'qcow2', isFolder: true },
  { type: 'cifs', format: 'qcow2', isFolder: true },
  { type: 'cephfs', format: 'qcow2', isFolder: true },
];
const NEWEST_ONLY: readonly Kind[] = [{ type: 'zfspool' }, { type: 'lvm', format: 'qcow2', chains: true }];
const UNABLE: readonly Kind[] = [
  { type: 'dir', format: 'raw', isFolder: true },
  { type: 'nfs', format: 'vmdk', isFolder: true },
  { type: 'lvm' },
  { type: 'iscsi' },
];

function vmOn(stage: Stage, { type, format, isFolder, chains = false }: Kind): string {
  const id = ['on', type, format ?? '', chains ? 'chains' : ''].filter((part) => part !== '').join('-');
  addStorage(stage, { id, type, volumeChains: chains, ...(isFolder === true ? FOLDER : {}) });
  return ourVm(stage, { scsi0: [id, format] });
}

const NAMES = ['s1', 's2', 's3', 's4', 's5'] as const;
/** Taken of a guest that runs, with its memory; the others of one that is off. */
const isLive = (name: string): boolean => name === 's2' || name === 's4';

/** Five in a row, each of another configuration. */
async function grow({ client, sim }: Stage, id: string): Promise<void> {
  for (const name of NAMES) {
    await client.power({ id, op: isLive(name) ? PowerOp.ON : PowerOp.OFF });
    const guest = sim.world.guests[Number(id)];
    if (guest !== undefined) guest.config['tags'] = name;
    const order = { vmId: id, nameHint: name, includeMemory: isLive(name), description: `at ${name}` };
    expect(await client.snapshotCreate(order)).toMatchObject({ snapshotId: name });
  }
}

async function expectAt(stage: Stage, id: string, name: string, claim: string | undefined): Promise<void> {
  const { config, run } = guestOf(stage, id);
  expect([config['tags'], config['parent'], config['lock'], run !== undefined]).toEqual([
    name,
    name,
    undefined,
    isLive(name),
  ]);
  expect(config['description']).toBe(claim);
  const { current, byName } = await toldSnapshots(stage, id);
  expect(current).toBe(name);
  const tree = NAMES.filter((one) => byName[one] !== undefined).map((one) => [one, byName[one]?.memory]);
  expect(tree).toEqual(
    Object.keys(byName)
      .toSorted()
      .map((one) => [one, isLive(one)]),
  );
}

it('a tree of depth 5, with and without memory, is gone up and down on each storage that can', async () => {
  for (const profile of ['9.1', '8.4', '7.4']) {
    const stage = await startStage({ simulator: { timeScale: 100, profile } });
    for (const kind of profile === '9.1' ? ABLE : ABLE.slice(0, 1)) {
      const id = vmOn(stage, kind);
      const claim = guestOf(stage, id).config['description'];
      await grow(stage, id);
      for (const name of ['s3', 's1', 's5', 's2', 's4', 's4'] as const) {
        await stage.client.snapshotRevert({ vmId: id, snapshotId: name });
        await expectAt(stage, id, name, claim);
      }
      for (const name of ['s3', 's1', 's5', 's4', 's2'])
        await stage.client.snapshotDelete({ vmId: id, snapshotId: name });
      expect(guestOf(stage, id).snapshots).toEqual({});
      const volumes = Object.values(stage.sim.world.volumes).filter(({ vmid }) => vmid === Number(id));
      expect(volumes.map(({ snapshots }) => snapshots)).toEqual([{}]);
    }
    await stage.stop();
  }
});

it('a storage that goes back to the newest alone is refused by naming the newer ones; the others by their reason', async () => {
  const stage = await startStage(START);
  for (const kind of NEWEST_ONLY) {
    const id = vmOn(stage, kind);
    const claim = guestOf(stage, id).config['description'];
    await grow(stage, id);
    await stage.client.power({ id, op: PowerOp.ON });
    const before = structuredClone(guestOf(stage, id));
    for (const [name, newer] of [
      ['s3', 's4, s5'],
      ['s1', 's2, s3, s4, s5'],
    ] as const) {
      const { kind: fault, message } = await outcomeOf(stage.client.snapshotRevert({ vmId: id, snapshotId: name }));
      expect([fault, message]).toEqual([
        'precondition',
        expect.stringContaining(`newer than ${name} are ${newer}. Delete those`),
      ]);
    }
    expect(guestOf(stage, id)).toEqual(before);
    for (const name of NAMES.toReversed()) {
      await stage.client.snapshotRevert({ vmId: id, snapshotId: name });
      await expectAt(stage, id, name, claim);
      await stage.client.snapshotDelete({ vmId: id, snapshotId: name });
    }
    expect(guestOf(stage, id).snapshots).toEqual({});
  }
  for (const kind of UNABLE) {
    const id = vmOn(stage, kind);
    const before = structuredClone(guestOf(stage, id));
    const { kind: fault, message } = await outcomeOf(stage.client.snapshotCreate({ vmId: id, nameHint: 's1' }));
    const reason = new RegExp(`no snapshots are possible of scsi0 on on-${kind.type}.* \\(.*\\)\\. Move them`);
    expect([fault, message]).toEqual(['precondition', expect.stringMatching(reason)]);
    expect(guestOf(stage, id)).toEqual(before);
  }
  await stage.stop();
});

it('without quorum nothing is gone back to, and the guest runs on', async () => {
  const stage = await startStage(START);
  const id = ourVm(stage);
  await stage.client.snapshotCreate({ vmId: id, nameHint: 'before' });
  await stage.client.power({ id, op: PowerOp.ON });
  const before = structuredClone(guestOf(stage, id));
  const heal = cut(stage, [['pve1'], ['pve2'], ['pve3']]);
  // For some seconds PVE believes in its quorum, and so does whoever asks it.
  await until(
    async () => (await stage.pve.get('/cluster/status', deadlineIn(60_000))) as { type: string; quorate?: number }[],
    (rows) => rows.find(({ type }) => type === 'cluster')?.quorate === 0,
  );
  const { client } = await stage.another(1);
  const order = { vmId: id, snapshotId: 'before' };
  const noQuorum = { kind: 'busy', message: expect.stringContaining('no quorum') };
  await until(
    async () => await outcomeOf(client.snapshotRevert(order, { deadlineMs: 1_500 })),
    ({ message }) => message.includes('no quorum'),
  );
  expect(await outcomeOf(client.snapshotDelete(order, { deadlineMs: 1_500 }))).toMatchObject(noQuorum);
  expect(guestOf(stage, id)).toEqual(before);
  heal();
  await toTheEnd(async () => await client.snapshotRevert(order));
  expect(guestOf(stage, id).run).toBeUndefined();
  await stage.stop();
});

const TWO_DISKS: Disks = { scsi0: ['local-lvm'], scsi1: ['local-lvm'] };

interface Operation {
  readonly task: string;
  /** Ms after the start of its worker at which it works under its lock, and others around them. */
  readonly killedAfterMs: readonly number[];
  /** How the VM is before. */
  prepare(flow: Flow, id: string): Promise<void>;
  run(client: ProviderClient, id: string, signal?: AbortSignal): Promise<unknown>;
  /** What of the VM has to be so afterwards. */
  readonly ends: {
    readonly snapshots: readonly string[];
    readonly parent: string | undefined;
    readonly tags: string;
    readonly runs: boolean;
  };
}

const take = async (client: ProviderClient, vmId: string, nameHint: string, options = {}) =>
  await client.snapshotCreate({ vmId, nameHint, includeMemory: true }, options);
const withOption = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };

async function takenTwo(flow: Flow, id: string): Promise<void> {
  await flow.client.power({ id, op: PowerOp.ON });
  for (const name of ['one', 'two']) {
    guestOf(flow, id).config['tags'] = name;
    await take(flow.client, id, name);
  }
  guestOf(flow, id).config['tags'] = 'now';
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  create: {
    task: 'qmsnapshot',
    killedAfterMs: [30, 500, 900, 1_400],
    prepare: takenTwo,
    run: async (client, id, signal) => await take(client, id, 'three', withOption(signal)),
    ends: { snapshots: ['one', 'three', 'two'], parent: 'three', tags: 'now', runs: true },
  },
  delete: {
    task: 'qmdelsnapshot',
    killedAfterMs: [30, 150, 300, 450],
    prepare: takenTwo,
    run: async (client, id, signal) => await client.snapshotDelete({ vmId: id, snapshotId: 'two' }, withOption(signal)),
    ends: { snapshots: ['one'], parent: 'one', tags: 'now', runs: true },
  },
  revert: {
    task: 'qmrollback',
    killedAfterMs: [30, 560, 650, 740],
    prepare: takenTwo,
    run: async (client, id, signal) => await client.snapshotRevert({ vmId: id, snapshotId: 'one' }, withOption(signal)),
    ends: { snapshots: ['one', 'two'], parent: 'one', tags: 'one', runs: true },
  },
};

function flawOf(flow: Flow, id: string, claim: string | undefined, { ends }: Operation): string | undefined {
  const { config, run, snapshots } = guestOf(flow, id);
  const names = Object.keys(snapshots).toSorted();
  const volumes = Object.values(flow.sim.world.volumes).filter(({ vmid }) => vmid === Number(id));
  const states = volumes
    .filter(({ volid }) => volid.includes('-state-'))
    .map(({ volid }) => volid.replace(/.*-state-/, ''));
  const disks = volumes.filter(({ volid }) => volid.includes('-disk-'));
  const is = {
    snapshots: names,
    states: states.toSorted(),
    disks: disks.map((disk) => Object.keys(disk.snapshots ?? {}).toSorted()),
    incomplete: Object.values(snapshots).some((one) => one['snapstate'] !== undefined),
    parent: config['parent'],
    tags: config['tags'],
    runs: run !== undefined,
    lock: config['lock'],
    claim: config['description'],
  };
  const wanted = {
    ...ends,
    states: ends.snapshots,
    disks: [ends.snapshots, ends.snapshots],
    incomplete: false,
    lock: undefined,
    claim,
  };
  const differs = (Object.keys(wanted) as (keyof typeof wanted)[]).filter(
    (key) => JSON.stringify(is[key]) !== JSON.stringify(wanted[key]),
  );
  return differs.length === 0 ? undefined : differs.map((key) => `${key} ${JSON.stringify(is[key])}`).join(', ');
}

/** As the manager does what is not refused: again and again. */
async function toTheEnd(run: () => Promise<unknown>): Promise<void> {
  await until(
    async () => await outcomeOf(run()),
    ({ kind, message }) => {
      expect(['ok', 'busy'], message).toContain(kind);
      return kind === 'ok';
    },
  );
}

/** @returns undefined where the operation was over before the point, '' where all ended well */
async function flawAt(flow: Flow, operation: Operation, point: KillPoint): Promise<string | undefined> {
  const { sim } = flow;
  const id = ourVm(flow, TWO_DISKS);
  await operation.prepare(flow, id);
  const claim = guestOf(flow, id).config['description'];
  const victim = await flow.another(VICTIM_NODE.index);
  const since = sim.journal.entries.length;
  arm(sim, point);
  const hangUp = new AbortController();
  let isOver = false;
  const call = outcomeOf(operation.run(victim.client, id, hangUp.signal)).finally(() => {
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
  await toTheEnd(async () => await operation.run(flow.client, id));
  const flaw = flawOf(flow, id, claim, operation);
  if (flaw !== undefined) return `${point.moment} ${point.at}: ${flaw}`;
  return wasReached ? '' : undefined;
}

it.each(Object.entries(OPERATIONS))(
  'a provider that dies at any call of a %s, or in its task, is followed by one that finishes it',
  async (title, operation) => {
    const flow = await startFlow({ ...START, node: 1 });
    const flaws: string[] = [];
    for (const moment of ['before', 'after'] as const) {
      flaws.push((await flawAt(flow, operation, { at: operation.task, moment })) ?? 'not reached');
      for (let at = 0; ; at++) {
        const flaw = await flawAt(flow, operation, { at, moment });
        if (flaw === undefined) break;
        flaws.push(flaw);
      }
    }
    console.log(`snapshots: ${title}: ${flaws.length} kill points`);
    await flow.stop();
    expect(flaws.filter((flaw) => flaw !== '')).toEqual([]);
    expect(flaws.length).toBeGreaterThan(10);
  },
);

it.each(Object.entries(OPERATIONS))(
  "a worker of PVE's that is killed in a %s leaves a lock that is told, and the next call goes on once root has removed it",
  async (_title, operation) => {
    const flow = await startFlow({ simulator: { timeScale: 20 } });
    let locked = 0;
    for (const afterMs of operation.killedAfterMs) {
      const id = ourVm(flow, TWO_DISKS);
      await operation.prepare(flow, id);
      const claim = guestOf(flow, id).config['description'];
      flow.sim.faults.add([{ task: operation.task, count: 1, action: { killWorker: 'KILL', afterMs } }]);
      await outcomeOf(operation.run(flow.client, id));
      flow.sim.faults.clear();
      if (guestOf(flow, id).config['lock'] !== undefined) {
        locked += 1;
        const short = new AbortController();
        const waiting = operation.run(flow.client, id, short.signal).catch(() => undefined);
        await until(
          async () =>
            await Promise.resolve(
              flow.log.some(
                (line) => line.includes('Waits') && line.includes(`vmid=${id}`) && line.includes('qm unlock'),
              ),
            ),
          (isTold) => isTold,
        );
        short.abort();
        await waiting;
        delete guestOf(flow, id).config['lock'];
      }
      await toTheEnd(async () => await operation.run(flow.client, id));
      expect(flawOf(flow, id, claim, operation)).toBeUndefined();
    }
    await flow.stop();
    expect(locked).toBeGreaterThan(0);
  },
);
