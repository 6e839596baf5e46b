import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import { PowerOp } from '#rpc/contract';
import { lastRequest, writesSince } from '../support/journal.ts';
import { outcomeOf } from '../support/outcome.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';
import { subjectOf } from '../support/rights.ts';
import {
  clonesSince,
  createdInTheEnd,
  cut,
  deletedInTheEnd,
  expectOneVm,
  forever,
  guestOf,
  placeByHand,
  type Stage,
  slotsOf,
  startStage,
} from '../support/stage.ts';
import { until } from '../support/until.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

// Answers that do not come, come too late, are older than the world, or say that a part of the work has failed: what was
// asked for is finished by repeating it, or what is left is told with its remedy. Never two VMs, never a lie.

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => {
  stage.moments.clear();
  stage.sim.faults.clear();
});
afterAll(async () => await stage.stop());

const SHORT = { deadlineMs: 1_800 };

describe('a network that is cut while `quorate` is still 1', () => {
  it("does not keep the majority's endpoint from working, and the minority's tells nothing that is not proven", async () => {
    const split = await startStage({ simulator: { timeScale: 20 } });
    const minority = await split.another(0);
    const majority = await split.another(2);
    const doomed = await createdInTheEnd(majority, 'split-deleted');
    const kept = await createdInTheEnd(majority, 'split-kept');
    const heal = cut(split, [['pve1'], ['pve2', 'pve3']]);

    // Both sides believe that they have quorum, and only one is right.
    const told = (await split.pve.get('/cluster/status', forever)) as { type: string; quorate?: number }[];
    expect(told.find(({ type }) => type === 'cluster')?.quorate).toBe(1);
    const deletion = deletedInTheEnd(majority, doomed);
    const seen: string[] = [];
    const watched = until(
      async () => {
        const outcomes = await Promise.all([
          outcomeOf(minority.client.describe({ id: doomed }, SHORT)),
          outcomeOf(minority.client.delete({ id: kept }, SHORT)),
          outcomeOf(minority.client.create(createRequest({ name: 'split-new' }), SHORT)),
          outcomeOf(minority.client.create(createRequest({ name: 'split-kept' }), SHORT)),
        ]);
        const [described, deleted, created, again] = outcomes;
        if (described.kind === 'ok' && described.answer?.exists === false) seen.push('a lie about absence');
        if (deleted.kind === 'ok') seen.push('a delete that was none');
        if (created.kind === 'ok' && created.answer?.task === undefined) seen.push('a create that was none');
        if (again.kind === 'ok' && again.answer?.id !== kept) seen.push('a second VM');
        return outcomes;
      },
      (outcomes) => outcomes.some(({ message }) => message.includes('no quorum')),
    );
    await Promise.all([deletion, watched]);
    // Longer than absence takes to be confirmed.
    const until20s = split.sim.clock.now() + 20_000;
    await until(
      async () => await outcomeOf(minority.client.describe({ id: doomed }, SHORT)),
      ({ kind, answer }) => {
        if (kind === 'ok' && answer?.exists === false) seen.push('a lie about absence');
        return split.sim.clock.now() > until20s;
      },
    );
    expect(seen).toEqual([]);
    expect(split.sim.world.guests[Number(kept)]).toBeDefined();
    const id = await createdInTheEnd(majority, 'split-new');
    heal();
    await until(
      async () => await outcomeOf(minority.client.create(createRequest({ name: 'split-new' }))),
      ({ answer }) => answer?.id === id,
    );
    expect(await claimedVms(split.world, 'split-new')).toHaveLength(1);
    expect(await claimedVms(split.world, 'split-kept')).toHaveLength(1);
    await split.stop();
  });
});

describe('a view that lags', () => {
  // Slow enough for names and states to be ten seconds old, and for a new VM to be missing for half a second.
  const storages = THREE_NODE.storages.map((one) => ({ ...one, allocateMs: 10, bytesPerSecond: 1e12 }));
  const simulator = {
    timeScale: 10,
    cluster: { ...THREE_NODE, storages },
    durations: { listLagMs: 500, cloneSetupMs: 10 },
  };

  it('does not show a new VM for half a second: the same create elsewhere, at once and later, finds it all the same', async () => {
    const lagging = await startStage({ simulator });
    const other = await lagging.another(2);
    for (let round = 0; round < 4; round++) {
      const name = `not-yet-${round}`;
      const elsewhere: Promise<string>[] = [];
      // The moment at which the copy has begun, and nobody's list has it.
      lagging.moments.at({ method: 'POST', path: /\/clone$/ }, () => {
        elsewhere.push(createdInTheEnd(other, name));
      });
      const id = await createdInTheEnd(lagging, name);
      expect(elsewhere).toHaveLength(1);
      expect(await Promise.all(elsewhere)).toEqual([id]);
      await expectOneVm(lagging, name, id);
      // Alone it takes one call.
      await lagging.client.create(createRequest({ name: `alone-${round}` }));
      // Right after it, by a process that has not seen it yet.
      const fresh = await lagging.another(1);
      expect(await createdInTheEnd(fresh, name)).toBe(id);
    }
    await lagging.stop();
  });

  it("shows a reused id under its predecessor's name and state: a stranger there is not taken for ours", async () => {
    const lagging = await startStage({ simulator });
    const name = 'predecessor';
    const id = await createdInTheEnd(lagging, name);
    await lagging.client.power({ id, op: PowerOp.ON });
    await until(
      async () => await lagging.pve.get('/cluster/resources', forever, { type: 'vm' }),
      (rows) => (rows as { vmid: number; name?: string }[]).some((row) => row.vmid === Number(id) && row.name === name),
    );
    await lagging.pve.post(`/nodes/pve2/qemu/${id}/status/stop`, forever);
    await until(
      async () => await Promise.resolve(guestOf(lagging, id).run),
      (run) => run === undefined,
    );
    await lagging.pve.delete(`/nodes/pve2/qemu/${id}`, forever);
    await until(
      async () => await Promise.resolve(lagging.sim.world.guests[Number(id)]),
      (guest) => guest === undefined,
    );
    const stranger = await placeByHand(lagging, Number(id), 'pve3', { name: 'stranger' });
    const rows = (await lagging.pve.get('/cluster/resources', forever, { type: 'vm' })) as Record<string, unknown>[];
    expect(rows.find((row) => row['vmid'] === Number(id))).toMatchObject({ name, node: 'pve3' });

    const before = structuredClone(stranger.config);
    const since = lastRequest(lagging.sim);
    const { providerRawJson } = await lagging.client.describe({ id });
    expect(JSON.parse(providerRawJson)).toMatchObject({ claim: 'none', node: 'pve3', status: 'stopped' });
    expect((await outcomeOf(lagging.client.delete({ id }))).kind).toBe('precondition');
    expect(writesSince(lagging.sim, since)).toEqual([]);
    const again = await createdInTheEnd(lagging, name);
    expect(again).not.toBe(id);
    expect(await claimedVms(lagging.world, name)).toMatchObject([{ vmid: Number(again), state: 'ready' }]);
    expect(guestOf(lagging, id).config).toEqual(before);
    await lagging.stop();
  });
});

describe('a pool', () => {
  it('that alone gives the right to make the VM is joined by the copy itself, also when its lock is contended', async () => {
    const pooled = await startStage({ settings: { PVE_POOL: 'tenants' } });
    const { access, pools } = pooled.sim.world;
    pools['tenants'] = { id: 'tenants', comment: undefined, vms: [9001], storages: [] };
    const own = access.roles['VrtgVM'] ?? [];
    access.roles['Tenant'] = [...own, 'Pool.Allocate', 'Pool.Audit'];
    const subjects = [subjectOf(pooled.sim, 'token'), subjectOf(pooled.sim, 'user')];
    access.acl = [
      ...access.acl.filter(({ path }) => path !== '/vms'),
      ...subjects.map((subject) => ({ path: '/pool/tenants', subject, role: 'Tenant', propagate: true })),
    ];
    const { client } = await pooled.another(1);
    const release = await pooled.sim.holdLock('user.cfg', 120_000);
    const since = lastRequest(pooled.sim);
    const making = createdInTheEnd({ client }, 'tenant');
    const hasFailed = ({ exitstatus }: { exitstatus?: string | undefined }): boolean =>
      exitstatus?.includes("can't add VM") === true;
    await until(
      async () => await Promise.resolve(Object.values(pooled.sim.world.tasks)),
      (tasks) => tasks.some(hasFailed),
    );
    release?.();
    const id = await making;
    await expectOneVm(pooled, 'tenant', id);
    expect(pools['tenants'].vms).toContain(Number(id));
    expect(clonesSince(pooled, since)).toBeGreaterThan(1);
    expect(writesSince(pooled.sim, since)).not.toContain('PUT /pools');
    const copies = pooled.sim.journal.after(since).filter(({ path }) => path.endsWith('/clone'));
    expect(new Set(copies.map(({ params }) => params['pool']))).toEqual(new Set(['tenants']));
    expect((await client.describe({ id })).exists).toBe(true);
    await deletedInTheEnd({ client }, id);
    expect(strayVolumes(pooled.sim)).toEqual([]);
    await pooled.stop();
  });
});

describe('a delete that ends in `lock: destroyed`', () => {
  it('is Aborted with the commands of root until root has cleared it; Describe tells no state, and no absence', async () => {
    const id = await createdInTheEnd(stage, 'half-destroyed');
    const release = await stage.sim.holdLock('user.cfg', 40_000);
    const remedy = expect.stringMatching(
      new RegExp(`locked \\(destroyed\\).*qm unlock ${id}.*qm destroy ${id}" on pve2`),
    );
    const first = await outcomeOf(stage.client.delete({ id }));
    expect(first).toMatchObject({ kind: 'busy', message: remedy });
    release?.();
    expect(guestOf(stage, id).config).toEqual({ lock: 'destroyed' });
    const fresh = await stage.another(1);
    const until60s = stage.sim.clock.now() + 60_000;
    for (const { client } of [stage, fresh]) {
      await until(
        async () => {
          expect(await outcomeOf(client.delete({ id }))).toMatchObject({ kind: 'busy', message: remedy });
          expect(await outcomeOf(client.describe({ id }))).toMatchObject({ kind: 'busy', message: remedy });
          expect((await outcomeOf(client.power({ id, op: PowerOp.ON }))).kind).toBe('busy');
        },
        () => stage.sim.clock.now() > until60s,
      );
    }
    // As root does: qm unlock, qm destroy.
    delete guestOf(stage, id).config['lock'];
    expect((await outcomeOf(stage.client.delete({ id }))).kind).not.toBe('ok');
    await stage.pve.delete(`/nodes/pve2/qemu/${id}`, forever);
    await deletedInTheEnd(fresh, id);
    expect(stage.sim.world.guests[Number(id)]).toBeUndefined();
    expect(strayVolumes(stage.sim)).toEqual([]);
  });

  it('does not keep its name from being made again elsewhere', async () => {
    const name = 'destroyed-and-again';
    const id = await createdInTheEnd(stage, name);
    const release = await stage.sim.holdLock('user.cfg', 40_000);
    expect((await outcomeOf(stage.client.delete({ id }))).kind).toBe('busy');
    release?.();
    const again = await createdInTheEnd(stage, name);
    expect(again).not.toBe(id);
    expect(guestOf(stage, id).config).toEqual({ lock: 'destroyed' });
    expect(await claimedVms(stage.world, name)).toMatchObject([{ vmid: Number(again), state: 'ready' }]);
    delete stage.sim.world.guests[Number(id)];
  });
});

/** Every kind of work that a create does: copy, ISO, configuration, disk. */
const FULL = { networks: [nic()], disks: [rootDisk(20)], userData: '#cloud-config\n', tags: ['web'] };

describe('`got no worker upid`', () => {
  it.each(['qmclone', 'imgcopy', 'qmconfig', 'resize'])('on %s, of a create, once and again: one VM', async (task) => {
    const name = `no-worker-${task}`;
    stage.sim.faults.add([{ task, count: 2, action: { noWorker: true } }]);
    const since = lastRequest(stage.sim);
    const id = await createdInTheEnd(stage, name, FULL);
    await expectOneVm(stage, name, id);
    const refused = stage.sim.journal.after(since).filter(({ reason }) => reason?.includes('got no worker upid'));
    expect(refused).toHaveLength(2);
  });

  it.each(['imgdel', 'qmdestroy', 'qmstop'])(
    'on %s, of a delete, once and again: gone, with its disk and its ISO',
    async (task) => {
      const id = await createdInTheEnd(stage, `no-worker-${task}`, FULL);
      await stage.client.power({ id, op: PowerOp.ON });
      stage.sim.faults.add([{ task, count: 2, action: { noWorker: true } }]);
      const since = lastRequest(stage.sim);
      await deletedInTheEnd(stage, id);
      expect(stage.sim.world.guests[Number(id)]).toBeUndefined();
      expect(strayVolumes(stage.sim)).toEqual([]);
      const refused = stage.sim.journal.after(since).filter(({ reason }) => reason?.includes('got no worker upid'));
      expect(refused).toHaveLength(2);
    },
  );

  it('on a start, once and again: started', async () => {
    const id = await createdInTheEnd(stage, 'no-worker-qmstart');
    stage.sim.faults.add([{ task: 'qmstart', count: 2, action: { noWorker: true } }]);
    const since = lastRequest(stage.sim);
    await stage.client.power({ id, op: PowerOp.ON });
    expect(guestOf(stage, id).run).toBeDefined();
    expect(writesSince(stage.sim, since)).toHaveLength(3);
  });

  it('on a create by hand leaves a stub in our slot: skipped after its half minute, and named until then', async () => {
    const name = 'stub-in-slot';
    const [first = 0] = slotsOf(name);
    stage.sim.faults.add([{ task: 'qmcreate', count: 1, action: { noWorker: true } }]);
    const made = await outcomeOf(
      stage.pve.post('/nodes/pve3/qemu', forever, { vmid: first, name: 'stub', memory: 512 }),
    );
    expect(made.message).toContain('got no worker upid');
    expect(guestOf(stage, first).config).toEqual({ lock: 'create' });
    const began = stage.sim.clock.now();
    const id = await createdInTheEnd(stage, name);
    expect(stage.sim.clock.now() - began).toBeGreaterThanOrEqual(30_000);
    expect(stage.log.some((line) => line.includes(`VM ${first} on pve3 is locked (create)`))).toBe(true);
    expect(Number(id)).not.toBe(first);
    expect(guestOf(stage, first).config).toEqual({ lock: 'create' });
    delete stage.sim.world.guests[first];
  });
});

describe('a task that PVE has forgotten', () => {
  it.each(['qmclone', 'qmconfig', 'resize'])('(%s) is looked for in the VM itself: one VM', async (task) => {
    const name = `forgotten-${task}`;
    const action = { answer: { status: 400, reason: 'no such task' } };
    stage.sim.faults.add([{ method: 'GET', path: `:${task}:.*/status$`, count: 1, action }]);
    await expectOneVm(stage, name, await createdInTheEnd(stage, name, FULL));
    expect(stage.sim.journal.entries.filter(({ reason }) => reason === 'no such task').length).toBeGreaterThan(0);
  });

  it('(qmdestroy) is looked for in the VM itself: OK only when it is gone', async () => {
    const id = await createdInTheEnd(stage, 'forgotten-qmdestroy', FULL);
    const action = { answer: { status: 400, reason: 'no such task' } };
    stage.sim.faults.add([{ method: 'GET', path: ':qmdestroy:.*/status$', count: 1, action }]);
    await until(
      async () => await outcomeOf(stage.client.delete({ id })),
      ({ kind }) => {
        if (kind === 'ok') expect(stage.sim.world.guests[Number(id)]).toBeUndefined();
        return kind === 'ok';
      },
    );
    expect(strayVolumes(stage.sim)).toEqual([]);
  });
});

describe('a lost answer', () => {
  const fates = [
    { fate: 'was carried out', action: { dropAfter: true } },
    { fate: 'was not', action: { dropBefore: true } },
  ] as const;
  const ofCreate = ['POST .*/clone$', 'POST .*/upload$', 'POST .*/config$', 'PUT .*/resize$', 'PUT .*/config$'];
  const ofDelete = ['PUT .*/config$', 'POST .*/status/stop$', 'DELETE .*/content/', 'DELETE .*/qemu/\\d+$'];

  function rule(write: string, action: { dropAfter: true } | { dropBefore: true }) {
    const [method = '', path = ''] = write.split(' ');
    return { method, path, count: 1, action };
  }

  /** The rows are all there is: no write is left out. */
  async function expectOnly(patterns: readonly string[], work: () => Promise<unknown>): Promise<void> {
    const since = lastRequest(stage.sim);
    await work();
    const writes = writesSince(stage.sim, since);
    expect(writes.length).toBeGreaterThanOrEqual(patterns.length);
    expect(writes.filter((write) => !patterns.some((pattern) => new RegExp(`^${pattern}`).test(write)))).toEqual([]);
  }

  it.each(fates)('to any write of a create, which $fate: one VM', async ({ fate, action }) => {
    await expectOnly(ofCreate, async () => await createdInTheEnd(stage, `answered-${fate}`.replaceAll(' ', '-'), FULL));
    for (const [nth, write] of ofCreate.entries()) {
      const name = `unanswered-${nth}-${fate}`.replaceAll(' ', '-');
      stage.sim.faults.add([rule(write, action)]);
      await expectOneVm(stage, name, await createdInTheEnd(stage, name, FULL));
      stage.sim.faults.clear();
    }
  });

  it.each(fates)('to any write of a delete, which $fate: gone, and OK is told only then', async ({ fate, action }) => {
    const begin = async (nth: number): Promise<string> => {
      const id = await createdInTheEnd(stage, `undeleted-${nth}-${fate}`.replaceAll(' ', '-'), FULL);
      await stage.client.power({ id, op: PowerOp.ON });
      return id;
    };
    const counted = await begin(99);
    await expectOnly(ofDelete, async () => await stage.client.delete({ id: counted }));
    for (const [nth, write] of ofDelete.entries()) {
      const id = await begin(nth);
      stage.sim.faults.add([rule(write, action)]);
      await until(
        async () => await outcomeOf(stage.client.delete({ id })),
        ({ kind }) => {
          if (kind === 'ok') expect(stage.sim.world.guests[Number(id)]).toBeUndefined();
          return kind === 'ok';
        },
      );
      stage.sim.faults.clear();
    }
    expect(strayVolumes(stage.sim)).toEqual([]);
  });

  it.each(fates)('to a start, a shutdown or a stop, which $fate: as it was wanted', async ({ fate, action }) => {
    const id = await createdInTheEnd(stage, `unpowered-${fate}`.replaceAll(' ', '-'));
    for (const [op, write, isOn] of [
      [PowerOp.ON, 'POST .*/status/start$', true],
      [PowerOp.SHUTDOWN_GRACEFUL, 'POST .*/status/shutdown$', false],
      [PowerOp.ON, 'POST .*/status/start$', true],
      [PowerOp.OFF, 'POST .*/status/stop$', false],
    ] as const) {
      stage.sim.faults.add([rule(write, action)]);
      await stage.client.power({ id, op });
      expect(guestOf(stage, id).run !== undefined).toBe(isOn);
      stage.sim.faults.clear();
    }
  });
});
