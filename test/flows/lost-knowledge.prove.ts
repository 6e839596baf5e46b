import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PowerOp } from '#rpc/contract';
import { lastRequest, writesSince } from '../support/journal.ts';
import { isTaskPoll } from '../support/moments.ts';
import { outcomeOf } from '../support/outcome.ts';
import { createRequest } from '../support/requests.ts';
import { forbid, revoke, type Subject } from '../support/rights.ts';
import {
  clonesSince,
  createdInTheEnd,
  deletedInTheEnd,
  expectOneVm,
  guestOf,
  placeByHand,
  type Stage,
  slotsOf,
  startStage,
} from '../support/stage.ts';
import { until } from '../support/until.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

// What the provider does not know, or cannot know any more: no create that doubles, no `exists=false` and no Delete that
// succeeds while the VM is there, and an error that names the privilege or the node.

/** Real ms of a call that is going to wait in vain, of which the provider keeps the last second. */
const SHORT = { deadlineMs: 1_800 };
const dashed = (...words: readonly string[]): string =>
  words
    .join('-')
    .replaceAll(/[^a-z0-9]+/gi, '-')
    .toLowerCase();

let stage: Stage;
let restore: (() => void) | undefined;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => {
  restore?.();
  restore = undefined;
  stage.moments.clear();
  stage.sim.faults.clear();
});
afterAll(async () => await stage.stop());

async function outcomeOfCreate(name: string, client = stage.client) {
  return await outcomeOf(client.create(createRequest({ name })));
}

/** As many calls as an operation makes when nothing goes wrong. */
async function callsOf(work: () => Promise<unknown>): Promise<number> {
  const since = lastRequest(stage.sim);
  await work();
  return stage.sim.journal.after(since).filter(({ path }) => !isTaskPoll(path)).length;
}

const SUBJECTS: Subject[][] = [['user'], ['token']];
const AUDIT = /VM\.Audit/;

describe('VM.Audit that is revoked in the middle of a create', () => {
  const moments = [
    { when: 'between look and copy', call: { method: 'GET', path: /^\/cluster\/tasks$/ } },
    { when: 'between copy and second look', call: { method: 'POST', path: /\/clone$/ } },
  ] as const;
  const rows = moments.flatMap((moment) =>
    SUBJECTS.flatMap((subjects) => ['/vms', 'the one VM'].map((path) => ({ ...moment, subjects, path }))),
  );
  it.each(rows)('$when, for the $subjects, on $path, is named, and there is one VM in the end', async (row) => {
    const name = dashed('audit', ...row.subjects, row.path, row.when);
    const path = row.path === '/vms' ? '/vms' : `/vms/${slotsOf(name)[0]}`;
    const isMet = stage.moments.at(row.call, () => {
      restore = revoke(stage.sim, 'VM.Audit', path, row.subjects);
    });
    const outcome = await outcomeOfCreate(name);
    expect(isMet()).toBe(true);
    expect(outcome).toMatchObject({ kind: 'forbidden', message: expect.stringMatching(/Grant VM\.Audit on \/vms/) });
    restore?.();
    await expectOneVm(stage, name, await createdInTheEnd(stage, name));
  });

  it('at any of its calls never leads to a second VM', async () => {
    const calls = await callsOf(async () => await createdInTheEnd(stage, 'audit-count'));
    expect(calls).toBeGreaterThan(8);
    const met: boolean[] = [];
    for (let nth = 1; nth <= calls; nth++) {
      const name = `audit-at-call-${nth}`;
      const isMet = stage.moments.atCall(nth, () => {
        restore = revoke(stage.sim, 'VM.Audit', '/vms', ['token']);
      });
      const { kind, message } = await outcomeOfCreate(name);
      met.push(isMet());
      stage.moments.clear();
      if (kind !== 'ok') expect([kind, message]).toEqual(['forbidden', expect.stringMatching(AUDIT)]);
      restore?.();
      await expectOneVm(stage, name, await createdInTheEnd(stage, name));
    }
    expect(met.filter(Boolean).length).toBeGreaterThan(8);
  });

  const takes: [string, (vmid: number) => () => void][] = [
    ['on /vms', () => revoke(stage.sim, 'VM.Audit', '/vms', ['token'])],
    ['on the one VM', (vmid) => revoke(stage.sim, 'VM.Audit', `/vms/${vmid}`, ['user'])],
    ['on the one VM with all other rights', (vmid) => forbid(stage.sim, `/vms/${vmid}`, ['token'])],
  ];
  it.each(takes)(
    "%s, hides the owner's finished VM in a later slot behind a free one: no second VM",
    async (how, take) => {
      const name = dashed('later', how);
      const [first = 0] = slotsOf(name);
      await placeByHand(stage, first, 'pve3');
      const id = await createdInTheEnd(stage, name);
      expect(Number(id)).not.toBe(first);
      delete stage.sim.world.guests[first];
      restore = take(Number(id));
      const since = lastRequest(stage.sim);
      const fresh = await stage.another(1);
      const outcome = await outcomeOfCreate(name, fresh.client);
      expect(outcome).toMatchObject({ kind: 'forbidden', message: expect.stringMatching(/Grant VM\.Audit on \/vms/) });
      expect(clonesSince(stage, since)).toBe(0);
      restore();
      expect(await createdInTheEnd(stage, name)).toBe(id);
    },
  );

  it('and is back before the rights are read does not hide a finished VM in a later slot', async () => {
    const name = 'audit-flips';
    const [first = 0] = slotsOf(name);
    await placeByHand(stage, first, 'pve3');
    const id = await createdInTheEnd(stage, name);
    delete stage.sim.world.guests[first];
    const { client } = await stage.another(1);
    const giveBack = revoke(stage.sim, 'VM.Audit', `/vms/${id}`, ['token']);
    const isMet = stage.moments.at({ method: 'GET', path: /^\/cluster\/resources$/ }, giveBack);
    await outcomeOfCreate(name, client);
    expect(isMet()).toBe(true);
    await expectOneVm(stage, name, await createdInTheEnd({ client }, name));
  });
});

describe('VM.Audit that is revoked during Describe', () => {
  const ways: [string, (vmid: string) => () => void][] = [
    ['for the user on /vms', () => revoke(stage.sim, 'VM.Audit', '/vms', ['user'])],
    ['for the token on /vms', () => revoke(stage.sim, 'VM.Audit', '/vms', ['token'])],
    ['for the token on the one VM', (id) => revoke(stage.sim, 'VM.Audit', `/vms/${id}`, ['token'])],
    ['for the user on the one VM with all other rights', (id) => forbid(stage.sim, `/vms/${id}`, ['user'])],
  ];
  it.each(ways)('%s, at any of its calls, is named and never taken for absence', async (how, take) => {
    const id = await createdInTheEnd(stage, dashed('describe', how));
    // Before the call, and after the view, configuration, status and so on have been read.
    for (let nth = 0; nth <= 5; nth++) {
      const { client } = await stage.another(nth % 3);
      const act = (): void => {
        restore = take(id);
      };
      if (nth === 0) act();
      else stage.moments.atCall(nth, act);
      // A view from before may be told for six seconds.
      const refused = await until(
        async () => await outcomeOf(client.describe({ id })),
        ({ kind, answer }) => {
          if (kind === 'ok') expect(answer?.exists).toBe(true);
          return kind !== 'ok';
        },
      );
      expect([refused.kind, refused.message]).toEqual(['forbidden', expect.stringMatching(AUDIT)]);
      restore?.();
    }
  });
});

describe('VM.Audit that is revoked during Delete', () => {
  it('on /vms or on the one VM, at any of its calls, is named; OK only for a VM that is gone', async () => {
    const begin = async (nth: number): Promise<string> => {
      const id = await createdInTheEnd(stage, `delete-at-call-${nth}`);
      await stage.client.power({ id, op: PowerOp.ON });
      return id;
    };
    const counted = await begin(0);
    const calls = await callsOf(async () => await stage.client.delete({ id: counted }));
    expect(calls).toBeGreaterThan(8);
    const ids = await Promise.all(Array.from({ length: calls }, async (_, index) => await begin(index + 1)));
    const kinds: string[] = [];
    for (const [index, id] of ids.entries()) {
      stage.moments.atCall(index + 1, () => {
        restore = revoke(stage.sim, 'VM.Audit', index % 2 === 0 ? '/vms' : `/vms/${id}`, ['token']);
      });
      const { kind, message } = await outcomeOf(stage.client.delete({ id }));
      kinds.push(kind);
      if (kind === 'ok') expect(stage.sim.world.guests[Number(id)]).toBeUndefined();
      else expect([kind, message]).toEqual(['forbidden', expect.stringMatching(AUDIT)]);
      stage.moments.clear();
      restore?.();
      await deletedInTheEnd(stage, id);
      expect(stage.sim.world.guests[Number(id)]).toBeUndefined();
    }
    expect(kinds.filter((kind) => kind === 'forbidden').length).toBeGreaterThan(4);
    expect(strayVolumes(stage.sim)).toEqual([]);
  });
});

describe('Sys.Audit that is missing', () => {
  it('on / is named by create, describe of a VM that does not show, and delete, and nothing is written', async () => {
    const id = await createdInTheEnd(stage, 'sys-audit');
    restore = revoke(stage.sim, 'Sys.Audit', '/', ['token']);
    const since = lastRequest(stage.sim);
    const { client } = await stage.another(1);
    const refusal = { kind: 'forbidden', message: expect.stringContaining('Grant Sys.Audit on /') };
    expect(await outcomeOfCreate('sys-audit-create', client)).toMatchObject(refusal);
    expect(await outcomeOf(client.describe({ id: '4711' }))).toMatchObject(refusal);
    expect(await outcomeOf(client.delete({ id }))).toMatchObject(refusal);
    expect(await outcomeOf(client.delete({ id: '4711' }))).toMatchObject(refusal);
    expect((await client.describe({ id })).exists).toBe(true);
    expect(writesSince(stage.sim, since)).toEqual([]);
  });

  it('on a node only: an unfinished VM there is not finished blindly, not doubled and not told to be absent', async () => {
    const name = 'node-audit';
    const giveUp = new AbortController();
    const first = outcomeOf(stage.client.create(createRequest({ name }), { signal: giveUp.signal }));
    await until(
      async () => await Promise.resolve(stage.sim.world.guests[slotsOf(name)[0] ?? 0]),
      (guest) => guest?.config['lock'] === 'clone',
    );
    giveUp.abort();
    expect((await first).kind).toBe('cancelled');
    restore = revoke(stage.sim, 'Sys.Audit', '/nodes/pve2', ['token']);
    const { client } = await stage.another(1);
    const since = lastRequest(stage.sim);
    const named = expect.stringContaining('Grant Sys.Audit on /nodes/pve2');
    const outcome = await until(
      async () => await outcomeOfCreate(name, client),
      ({ kind }) => kind !== 'busy',
    );
    expect(outcome).toMatchObject({ kind: 'forbidden', message: named });
    expect(clonesSince(stage, since)).toBe(0);
    const [vm] = await claimedVms(stage.world, name);
    const described = await outcomeOf(client.describe({ id: String(vm?.vmid) }));
    expect(described).toMatchObject({ kind: 'forbidden', message: named });
    restore();
    await expectOneVm(stage, name, await createdInTheEnd({ client }, name));
  });
});

describe('a node that is off', () => {
  it('is named by a create whose template is there, and nothing is made', async () => {
    const name = 'off-before';
    await stage.sim.setNodeOnline('pve2', false);
    restore = () => void stage.sim.setNodeOnline('pve2', true);
    const since = lastRequest(stage.sim);
    expect(await outcomeOfCreate(name)).toMatchObject({
      kind: 'precondition',
      message: expect.stringMatching(/node pve2 is down.*Bring the node back/),
    });
    expect(writesSince(stage.sim, since)).toEqual([]);
    await stage.sim.setNodeOnline('pve2', true);
    await expectOneVm(stage, name, await createdInTheEnd(stage, name));
  });

  it('in the middle of the copy: the create waits for it, and leaves the stub that only root can remove', async () => {
    const off = await startStage();
    const [first = 0] = slotsOf('off-during');
    const began = outcomeOf(off.client.create(createRequest({ name: 'off-during' }), SHORT));
    await until(
      async () => await Promise.resolve(off.sim.world.guests[first]),
      (guest) => guest?.config['lock'] === 'clone',
    );
    await off.sim.setNodeOnline('pve2', false);
    const task = { id: (await began).answer?.task?.id ?? '' };
    expect(task.id).toMatch(/^vrtg1\.create\./);
    expect((await off.client.taskStatus({ task })).done).toBe(false);
    // Also where nothing is remembered.
    const fresh = await off.another(2);
    const since = lastRequest(off.sim);
    const waiting = await outcomeOf(fresh.client.create(createRequest({ name: 'off-during' }), SHORT));
    expect(waiting).toMatchObject({
      kind: 'busy',
      message: expect.stringMatching(new RegExp(`VM ${first} on pve2 cannot be read`)),
    });
    expect(clonesSince(off, since)).toBe(0);
    const described = await outcomeOf(fresh.client.describe({ id: String(first) }));
    expect(described).toMatchObject({ kind: 'precondition', message: expect.stringContaining('node pve2') });
    expect((await outcomeOf(fresh.client.delete({ id: String(first) }))).message).toContain('node pve2');

    await off.sim.setNodeOnline('pve2', true);
    const id = await createdInTheEnd(fresh, 'off-during');
    expect(Number(id)).not.toBe(first);
    expect(await claimedVms(off.world, 'off-during')).toMatchObject([{ vmid: Number(id), state: 'ready' }]);
    expect(guestOf(off, first).config['lock']).toBe('clone');
    const left = strayVolumes(off.sim);
    expect(left.filter((volume) => !volume.includes(`vm-${first}-`))).toEqual([]);
    await off.stop();
  });

  it("holds the owner's finished VM: a fresh process that is asked to create it again waits, and names node and VM", async () => {
    const name = 'off-after';
    const id = await createdInTheEnd(stage, name);
    await stage.sim.setNodeOnline('pve2', false);
    restore = () => void stage.sim.setNodeOnline('pve2', true);
    const { client } = await stage.another(2);
    const since = lastRequest(stage.sim);
    const outcome = await outcomeOf(client.create(createRequest({ name }), SHORT));
    expect(outcome).toMatchObject({
      kind: 'busy',
      message: expect.stringMatching(new RegExp(`VM ${id} on pve2 cannot be read`)),
    });
    expect(writesSince(stage.sim, since)).toEqual([]);
    const refusal = { kind: 'precondition', message: expect.stringMatching(/node pve2 is (down|offline)/) };
    expect(await outcomeOf(client.describe({ id }))).toMatchObject(refusal);
    expect(await outcomeOf(client.delete({ id }))).toMatchObject(refusal);
    await stage.sim.setNodeOnline('pve2', true);
    expect(await createdInTheEnd({ client }, name)).toBe(id);
    await expectOneVm(stage, name, id);
  });
});

describe('a daemon of the node', () => {
  // `api` answers for the node, `worker` does what needs root. Stopped: 595 at once; hung: 596 after 30 s.
  const rows = (['api', 'worker'] as const).flatMap((daemon) =>
    (['stopped', 'frozen'] as const).map((state) => ({ daemon, state })),
  );
  it.each(rows)(
    '($daemon) that is $state is named by create, describe and delete; nothing doubles',
    async ({ daemon, state }) => {
      const made = await createdInTheEnd(stage, dashed('there', daemon, state));
      const name = dashed('daemon', daemon, state);
      await stage.sim.setDaemon('pve2', daemon, state);
      restore = () => void stage.sim.setDaemon('pve2', daemon, 'running');
      const { client } = await stage.another(0);
      const why =
        state === 'stopped' ? /node pve2 is down \("Connection refused"\)/ : /node pve2 did not answer in time/;
      const expected = state === 'stopped' ? 'precondition' : 'busy';
      const short = { deadlineMs: 2_500 };
      /** Asks like the manager: a call whose time is over before anything was heard is repeated. */
      const refused = async (ask: () => Promise<unknown>): Promise<string> => {
        const { kind } = await until(
          async () => await outcomeOf(ask()),
          (outcome) => {
            expect([expected, 'busy'], outcome.message).toContain(outcome.kind);
            return why.test(outcome.message);
          },
        );
        return kind;
      };
      expect(await refused(async () => await client.create(createRequest({ name }), short))).toBe(expected);
      expect(await refused(async () => await client.describe({ id: made }, short))).toBe(expected);
      expect(await refused(async () => await client.delete({ id: made }, short))).toBe(expected);
      expect(await claimedVms(stage.world, dashed('there', daemon, state))).toHaveLength(1);
      await stage.sim.setDaemon('pve2', daemon, 'running');
      await expectOneVm(stage, name, await createdInTheEnd({ client }, name));
    },
  );

  it('that answers the copy too late (596 after 30 s) has made it all the same: one VM', async () => {
    const name = 'late-copy';
    const since = lastRequest(stage.sim);
    stage.sim.faults.add([{ method: 'POST', path: '/clone$', count: 1, action: { slowMs: 40_000 } }]);
    await expectOneVm(stage, name, await createdInTheEnd(stage, name));
    const late = stage.sim.journal.after(since).filter(({ status }) => status === 596);
    expect(late.map(({ path }) => path)).toEqual(['/nodes/pve2/qemu/9001/clone']);
  });
});
