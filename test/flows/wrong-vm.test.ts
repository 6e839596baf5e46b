import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeWithClaim, readClaim } from '#claim/record';
import type { Guest } from '#pve-sim/world/world';
import { PowerOp } from '#rpc/contract';
import { lastRequest, writesSince } from '../support/journal.ts';
import { isTaskPoll } from '../support/moments.ts';
import { type Outcome, outcomeOf } from '../support/outcome.ts';
import { createRequest, nic, reconfigureRequest, rootDisk } from '../support/requests.ts';
import { ourVm } from '../support/snapshots.ts';
import { strayVolumes } from '../support/world.ts';
import {
  clonesSince,
  createdInTheEnd,
  deletedInTheEnd,
  expectOneVm,
  forever,
  guestOf,
  placeByHand,
  type Stage,
  slotsOf,
  startStage,
} from '../support/stage.ts';

// VMs that are not ours, or not ours any more: they are not powered, not changed and not deleted, whatever their id was
// before, and whatever their description says.

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => {
  stage.moments.clear();
  stage.sim.faults.clear();
});
afterAll(async () => await stage.stop());

/** A claim as another instance of the provider, or another version of it, would have it. */
function claimOf(vmid: number, change: Record<string, string>): string {
  const reading = readClaim(
    `<!-- virtrigaud 1 {"c":"abcdefgh2345","d":"1aaaaaaaaaaaaaaaa","i":"test/flow","k":"vm","n":"x","s":"ready","t":1,"v":${vmid}} -->`,
  );
  if (reading.kind !== 'claim') throw new Error('no claim');
  return describeWithClaim('', { ...reading.claim, ...change }, 'refuse');
}

const STRANGERS = {
  'an unclaimed VM': (vmid: number): Record<string, string> => ({ name: `payroll-${vmid}`, memory: '512' }),
  "another instance's VM": (vmid: number) => ({
    name: `payroll-${vmid}`,
    memory: '512',
    description: claimOf(vmid, { instance: 'other/one', name: 'payroll' }),
  }),
} as const;

/**
 * Our VM is deleted by hand, and somebody else's is at its id on another node, complete and running.
 * @returns what it was then
 */
function replace(vmid: number, config: Record<string, string>, type: Guest['type'] = 'qemu'): Guest {
  const { world } = stage.sim;
  const ours = world.guests[vmid];
  for (const [key, volume] of Object.entries(world.volumes)) if (volume.vmid === vmid) delete world.volumes[key];
  const stranger: Guest = {
    vmid,
    type,
    node: 'pve3',
    config: { ...config, smbios1: `uuid=stranger-${vmid}`, vmgenid: `stranger-${vmid}` },
    pending: {},
    pendingDelete: {},
    cloudinit: {},
    // Its own, of the same names.
    snapshots: structuredClone(withoutTexts(ours?.snapshots ?? {})),
    run: structuredClone(ours?.run),
    behaviour: ours?.behaviour ?? { agent: 'silent', shutdown: 'normal', docker: false },
  };
  world.guests[vmid] = stranger;
  return structuredClone(stranger);
}

function withoutTexts(snapshots: Guest['snapshots']): Guest['snapshots'] {
  return Object.fromEntries(
    Object.entries(snapshots).map(([name, section]) => [name, { ...section, description: '' }]),
  );
}

function expectUntouched(stranger: Guest): void {
  const now = stage.sim.world.guests[stranger.vmid];
  expect(now && { ...now, behaviour: undefined }).toEqual({ ...stranger, behaviour: undefined });
}

async function callsOf(work: () => Promise<unknown>): Promise<number> {
  const since = lastRequest(stage.sim);
  await work();
  return stage.sim.journal.after(since).filter(({ path }) => !isTaskPoll(path)).length;
}

/** Every call that names a VM, and is wired. */
async function askedEverything(client: Stage['client'], id: string): Promise<Outcome<unknown>[]> {
  return await Promise.all([
    outcomeOf(client.describe({ id })),
    outcomeOf(client.power({ id, op: PowerOp.ON })),
    outcomeOf(client.delete({ id })),
    outcomeOf(client.reconfigure(reconfigureRequest(id))),
    outcomeOf(client.snapshotCreate({ vmId: id, nameHint: 'new' })),
    outcomeOf(client.snapshotDelete({ vmId: id, snapshotId: 'old' })),
    outcomeOf(client.snapshotRevert({ vmId: id, snapshotId: 'old' })),
  ]);
}

const dashed = (...words: readonly string[]): string =>
  words
    .join('-')
    .replaceAll(/[^a-z0-9]+/gi, '-')
    .toLowerCase();

/** What is live and what waits, a larger disk, a new NIC. No new disk: what a task makes for a VM that is gone stays. */
async function changed(id: string): Promise<unknown> {
  const disks = [rootDisk(60)];
  const networks = [nic(), nic()];
  const { name = '' } = stage.sim.world.guests[Number(id)]?.config ?? {};
  return await stage.client.reconfigure(
    reconfigureRequest(id, { name, class: { CPU: 4, MemoryMiB: 8192 }, disks, networks }),
  );
}

const OPERATIONS = {
  'a start': async (id: string) => await stage.client.power({ id, op: PowerOp.ON }),
  'a stop': async (id: string) => await stage.client.power({ id, op: PowerOp.OFF }),
  'a reconfigure': async (id: string) => await changed(id),
  'a delete': async (id: string) => await stage.client.delete({ id }),
  'a snapshot': async (id: string) => await stage.client.snapshotCreate({ vmId: id, nameHint: 'new' }),
  "a snapshot's delete": async (id: string) => await stage.client.snapshotDelete({ vmId: id, snapshotId: 'old' }),
  'a revert': async (id: string) => await stage.client.snapshotRevert({ vmId: id, snapshotId: 'old' }),
} as const;

async function withSnapshot(): Promise<string> {
  const id = ourVm(stage);
  await stage.client.snapshotCreate({ vmId: id, nameHint: 'old' });
  return id;
}

/** At so many of its calls at least. */
const LEAST_REPLACED: Readonly<Record<string, number>> = {
  'a delete': 8,
  'a reconfigure': 5,
  'a snapshot': 3,
  "a snapshot's delete": 5,
  'a revert': 5,
};

describe('a VMID that a stranger has got', () => {
  const rows = Object.entries(STRANGERS).flatMap(([who, config]) =>
    Object.entries(OPERATIONS).map(([what, operate]) => ({ who, config, what, operate })),
  );
  it.each(rows)(
    '($who) in the middle of $what, at any of its calls: it stays as it is',
    async ({ who, config, what, operate }) => {
      const begin = async (nth: number): Promise<string> => {
        if (what.includes('snapshot') || what === 'a revert') return await withSnapshot();
        const id = await createdInTheEnd(stage, dashed(who, what, String(nth)));
        if (what !== 'a start') await stage.client.power({ id, op: PowerOp.ON });
        return id;
      };
      const first = await begin(0);
      const calls = await callsOf(async () => await operate(first));
      expect(calls).toBeGreaterThanOrEqual(3);
      const ids = await Promise.all(Array.from({ length: calls }, async (_, nth) => await begin(nth + 1)));
      let replaced = 0;
      for (const [nth, id] of ids.entries()) {
        // A VM that nobody has claimed is powered, and snapshotted, for whoever asks; not for who has asked for another one.
        const isHarmless = ['a start', 'a stop', 'a snapshot', 'a reconfigure'].includes(what);
        if (isHarmless && who === 'an unclaimed VM' && nth < 2) continue;
        let stranger: Guest | undefined;
        stage.moments.atCall(nth + 1, () => {
          stranger = replace(Number(id), config(Number(id)));
        });
        await outcomeOf<unknown>(operate(id));
        stage.moments.clear();
        if (stranger === undefined) continue;
        replaced += 1;
        expectUntouched(stranger);
        delete stage.sim.world.guests[Number(id)];
      }
      expect(replaced).toBeGreaterThanOrEqual(LEAST_REPLACED[what] ?? 1);
    },
  );

  it.each(Object.entries(STRANGERS))(
    '(%s) while a create finishes its copy, at any of its calls: it stays, and one VM is made elsewhere',
    async (who, config) => {
      let copyAt = 0;
      const count = async (): Promise<void> => {
        const since = lastRequest(stage.sim);
        await createdInTheEnd(stage, dashed('finish', who, 'count'));
        const calls = stage.sim.journal.after(since).filter(({ path }) => !isTaskPoll(path));
        copyAt = calls.findIndex(({ path }) => path.endsWith('/clone'));
      };
      const calls = await callsOf(count);
      let replaced = 0;
      for (let nth = copyAt + 2; nth < calls; nth++) {
        const name = dashed('finish', who, String(nth));
        let stranger: Guest | undefined;
        stage.moments.atCall(nth, ({ method, path }) => {
          // After the last write it is finished.
          if (method === 'PUT' && path.endsWith('/config')) return;
          const [vm] = Object.values(stage.sim.world.guests).filter((guest) => guest.config['name'] === name);
          if (vm !== undefined) stranger = replace(vm.vmid, config(vm.vmid));
        });
        const id = await createdInTheEnd(stage, name);
        stage.moments.clear();
        if (stranger === undefined) continue;
        replaced += 1;
        expectUntouched(stranger);
        expect(id).not.toBe(String(stranger.vmid));
        await expectOneVm(stage, name, id);
        delete stage.sim.world.guests[stranger.vmid];
      }
      expect(replaced).toBeGreaterThanOrEqual(3);
    },
  );

  it('(a container) is refused by every call, and stays', async () => {
    const id = await createdInTheEnd(stage, 'to-be-a-container');
    const stranger = replace(Number(id), { hostname: 'dns', memory: '512' }, 'lxc');
    for (const { client } of [stage, await stage.another(1)]) {
      const refusal = { kind: 'invalid-spec', message: expect.stringContaining('container') };
      for (const outcome of await askedEverything(client, id)) expect(outcome).toMatchObject(refusal);
    }
    expectUntouched(stranger);
    // And its slot is somebody else's for a create.
    const again = await createdInTheEnd(stage, 'to-be-a-container');
    expect(again).not.toBe(id);
    expectUntouched(stranger);
  });
});

describe('a claim that was copied', () => {
  it.each(['a clone', 'a restore'])(
    'by %s, is none: neither deleted, nor taken for the VM by a create',
    async (how) => {
      const name = dashed('copied', how);
      const id = await createdInTheEnd(stage, name);
      const [first, second = 0] = slotsOf(name);
      expect(Number(id)).toBe(first);
      const { description = '' } = guestOf(stage, id).config;
      // At the very id where a second VM of the owner would be.
      await placeByHand(stage, second, 'pve3', { name: 'the-copy' });
      guestOf(stage, second).config['description'] = description;
      const copy = structuredClone(guestOf(stage, second));
      const since = lastRequest(stage.sim);
      const refused = await outcomeOf(stage.client.delete({ id: String(second) }));
      expect(refused).toMatchObject({
        kind: 'precondition',
        message: expect.stringContaining('nobody has claimed it'),
      });
      expect(await createdInTheEnd(stage, name)).toBe(id);
      expect(writesSince(stage.sim, since)).toEqual([]);
      await deletedInTheEnd(stage, id);
      const again = await createdInTheEnd(stage, name);
      expect(again).not.toBe(String(second));
      expect(guestOf(stage, second).config).toEqual(copy.config);
      delete stage.sim.world.guests[second];
    },
  );
});

type Edit = (description: string) => string | undefined;
const EDITS: Record<string, Edit> = {
  'edited away': () => undefined,
  damaged: (text) => text.replace('"s":', '"S":'),
  'of a later version': (text) => text.replace('virtrigaud 1 ', 'virtrigaud 2 '),
};

function edit(vmid: string | number, change: Edit): void {
  const { config } = guestOf(stage, vmid);
  const text = change(config['description'] ?? '');
  if (text === undefined) delete config['description'];
  else config['description'] = text;
}

describe('a claim that is', () => {
  it.each(Object.entries(EDITS))('%s, between two calls: the VM is not deleted', async (how, change) => {
    const id = await createdInTheEnd(stage, dashed('between', how));
    edit(id, change);
    const since = lastRequest(stage.sim);
    for (const { client } of [stage, await stage.another(1)]) {
      expect(await outcomeOf(client.delete({ id }))).toMatchObject({
        kind: 'precondition',
        message: expect.stringContaining(`vrtg adopt ${id}`),
      });
    }
    expect(writesSince(stage.sim, since)).toEqual([]);
  });

  it.each(Object.entries(EDITS))(
    '%s, in the middle of a delete, at any of its calls before the last: refused',
    async (how, change) => {
      const begin = async (nth: number): Promise<string> => {
        const id = await createdInTheEnd(stage, dashed('middle', how, String(nth)));
        await stage.client.power({ id, op: PowerOp.ON });
        return id;
      };
      const first = await begin(0);
      const calls = await callsOf(async () => await stage.client.delete({ id: first }));
      const ids = await Promise.all(Array.from({ length: calls - 2 }, async (_, nth) => await begin(nth + 1)));
      const kinds: string[] = [];
      for (const [nth, id] of ids.entries()) {
        stage.moments.atCall(nth + 1, () => edit(id, change));
        const { kind } = await outcomeOf(stage.client.delete({ id }));
        kinds.push(kind);
        stage.moments.clear();
        if (kind !== 'ok') expect(stage.sim.world.guests[Number(id)]).toBeDefined();
      }
      expect(kinds.filter((kind) => kind === 'precondition').length).toBeGreaterThan(4);
    },
  );

  it.each(Object.entries(EDITS))(
    '%s, in the middle of a create, each time: a clear error, and no second VM',
    async (how, change) => {
      const name = dashed('stripped', how);
      // Somebody's tool, which does it to every new VM.
      const strip = (): void => {
        for (const { vmid, config } of Object.values(stage.sim.world.guests)) {
          if (config['name'] === name && config['lock'] === undefined) edit(vmid, change);
        }
      };
      const since = lastRequest(stage.sim);
      const looks = (): number =>
        stage.sim.journal.after(since).filter(({ path }) => path === '/cluster/resources').length;
      const kinds: string[] = [];
      // Past what is answered from memory: PVE is asked again, and again.
      while (looks() < 6) {
        stage.moments.at({ method: 'POST', path: /\/config$/ }, strip);
        const { kind, message } = await outcomeOf(stage.client.create(createRequest({ name, class: { CPU: 7 } })));
        kinds.push(kind);
        if (kind === 'busy') continue;
        const remedy = /somebody has removed the claim.*Delete VM \d+ in PVE, or keep it.*vrtg adopt/;
        expect([kind, message]).toEqual(['precondition', expect.stringMatching(remedy)]);
      }
      expect(kinds).toContain('precondition');
      expect(clonesSince(stage, since)).toBe(1);
      const [first] = Object.values(stage.sim.world.guests).filter((guest) => guest.config['name'] === name);
      await stage.pve.delete(`/nodes/pve2/qemu/${first?.vmid}`, forever);
      stage.moments.clear();
      await expectOneVm(stage, name, await createdInTheEnd(stage, name));
    },
  );
});

describe('an instance that is renamed', () => {
  it('finds all its VMs to be of another one, and makes the same name elsewhere', async () => {
    const name = 'renamed';
    const before = await startStage();
    const id = await createdInTheEnd(before, name);
    const running = structuredClone(guestOf(before, id).config);
    const { client } = await before.another(0, { PVE_INSTANCE: 'test/renamed' });
    const refusal = {
      kind: 'precondition',
      message: expect.stringMatching(new RegExp(`belongs to virtrigaud instance test/flow.*vrtg adopt ${id}`)),
    };
    for (const outcome of await askedEverything(client, id)) expect(outcome).toMatchObject(refusal);
    const other = await createdInTheEnd({ client }, name);
    expect(slotsOf(name)).not.toContain(Number(other));
    await deletedInTheEnd({ client }, other);
    expect(guestOf(before, id).config).toEqual(running);
    await before.stop();
  });
});

describe('PVE_UNCLAIMED', () => {
  const left: Record<string, (guest: Guest) => void> = {
    'a template': ({ config }) => {
      config['template'] = '1';
    },
    'a locked VM': ({ config }) => {
      config['lock'] = 'backup';
    },
    'a VM whose description leaves no room': ({ config }) => {
      config['description'] = 'x'.repeat(8_150);
    },
    "another instance's VM": (guest) => {
      guest.config['description'] = claimOf(guest.vmid, { instance: 'other/one' });
    },
    'a VM with a damaged claim': (guest) => {
      guest.config['description'] = claimOf(guest.vmid, {}).replace('"s":', '"S":');
    },
  };
  const modes = { refuse: /refused, claim it first with "vrtg adopt 100"/, accept: /destroys it, although nobody/ };

  it.each(Object.entries(modes))('=%s: described with what a delete will do, and powered', async (mode, word) => {
    const one = await startStage({ settings: { PVE_UNCLAIMED: mode } });
    const { config } = guestOf(one, 100);
    const before = structuredClone(config);
    const { exists, providerRawJson } = await one.client.describe({ id: '100' });
    expect(exists).toBe(true);
    expect(JSON.parse(providerRawJson)).toMatchObject({ claim: 'none', on_delete: expect.stringMatching(word) });
    await one.client.power({ id: '100', op: PowerOp.ON });
    expect(guestOf(one, 100).run).toBeDefined();
    expect(guestOf(one, 100).config).toEqual(before);
    const { kind } = await outcomeOf(one.client.delete({ id: '100' }));
    expect(kind).toBe(mode === 'accept' ? 'ok' : 'precondition');
    expect(one.sim.world.guests[100] === undefined).toBe(mode === 'accept');
    if (mode === 'accept') expect(strayVolumes(one.sim)).toEqual([]);
    else expect(guestOf(one, 100).run).toBeDefined();
    await one.stop();
  });

  it("=claim: claimed once, with the person's description kept, and then ours to delete", async () => {
    const one = await startStage({ settings: { PVE_UNCLAIMED: 'claim' } });
    guestOf(one, 100).config['description'] = 'Do not touch.\nAsk Erna.';
    const since = lastRequest(one.sim);
    const other = await one.another(1);
    for (const { client } of [one, one, other, one, other]) {
      expect((await client.describe({ id: '100' })).exists).toBe(true);
    }
    expect(writesSince(one.sim, since)).toEqual(['PUT /nodes/pve3/qemu/100/config']);
    const reading = readClaim(guestOf(one, 100).config['description']);
    expect(reading).toMatchObject({
      kind: 'claim',
      text: 'Do not touch.\nAsk Erna.',
      claim: { name: 'legacy-app', state: 'ready', instance: 'test/flow', vmid: 100 },
    });
    await one.client.power({ id: '100', op: PowerOp.ON });
    await one.client.delete({ id: '100' });
    expect(one.sim.world.guests[100]).toBeUndefined();
    expect(strayVolumes(one.sim)).toEqual([]);
    await one.stop();
  });

  it.each(Object.entries(left))('=claim leaves %s alone, whatever is asked for', async (_, make) => {
    const one = await startStage({ settings: { PVE_UNCLAIMED: 'claim' } });
    make(guestOf(one, 100));
    const before = structuredClone(guestOf(one, 100));
    const since = lastRequest(one.sim);
    await outcomeOf(one.client.describe({ id: '100' }));
    expect((await outcomeOf(one.client.delete({ id: '100' }))).kind).toMatch(/^(precondition|busy)$/);
    expect(writesSince(one.sim, since)).toEqual([]);
    expect(guestOf(one, 100)).toEqual(before);
    await one.stop();
  });

  it('=claim leaves a container alone', async () => {
    const one = await startStage({ settings: { PVE_UNCLAIMED: 'claim' } });
    const before = structuredClone(guestOf(one, 101));
    const since = lastRequest(one.sim);
    expect((await outcomeOf(one.client.describe({ id: '101' }))).kind).toBe('invalid-spec');
    expect((await outcomeOf(one.client.delete({ id: '101' }))).kind).toBe('invalid-spec');
    expect(writesSince(one.sim, since)).toEqual([]);
    expect(guestOf(one, 101)).toEqual(before);
    await one.stop();
  });
});
