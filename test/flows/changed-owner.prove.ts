import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Owner } from '#domain/owner';
import { PowerOp } from '#rpc/contract';
import { lastRequest, writesSince } from '../support/journal.ts';
import { outcomeOf } from '../support/outcome.ts';
import { createRequest, reconfigureRequest } from '../support/requests.ts';
import { createdInTheEnd, expectOneVm, forever, guestOf, type Stage, slotsOf, startStage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { claimedVms, isSeedIso, strayVolumes } from '../support/world.ts';

// Who asks is not who asked before, or does not ask for the same: a resource that was deleted and made again under its name
// while the old delete is still on its way, another uid, a request that has changed.

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => {
  stage.moments.clear();
  stage.sim.faults.clear();
});
afterAll(async () => await stage.stop());

const owner = (name: string, uid: string): Owner => ({ namespace: 'team', name, uid });
/** Ms of the world. Longer than it takes to make the VM again. */
const STALL_MS = 200_000;
const CUT_SHORT = { deadlineMs: 3_000 };

describe('a resource that is deleted and made again under its name while the old delete is stalled', () => {
  const stalls = [
    { at: 'the HA release', method: 'DELETE', path: '^/cluster/ha/resources/' },
    { at: 'the stop', method: 'POST', path: '/status/stop$' },
    { at: 'the mark of the claim', method: 'PUT', path: '/config$' },
    { at: 'the destroy', method: 'DELETE', path: '/qemu/\\d+$' },
  ];
  const rows = stalls.flatMap((stall) =>
    [true, false].flatMap((hasUid) => ['the same', 'another'].map((process) => ({ ...stall, hasUid, process }))),
  );
  it.each(rows)('at $at (uid sent: $hasUid, made again by $process process): the new VM survives', async (row) => {
    const { access } = stage.sim.world;
    const console = access.roles['VrtgCluster'] ?? [];
    if (!console.includes('Sys.Console')) access.roles['VrtgCluster'] = [...console, 'Sys.Console'];
    const name = `again-${row.at}-${row.hasUid}-${row.process}`.replaceAll(/[ ]+/g, '-').toLowerCase();
    const old = row.hasUid ? owner(name, `${name}-1`) : { name };
    const young = row.hasUid ? owner(name, `${name}-2`) : { name };
    const id = await createdInTheEnd(stage, name, {}, old);
    if (row.at === 'the HA release') {
      await stage.pve.post('/cluster/ha/resources', forever, { sid: `vm:${id}`, state: 'stopped' });
    } else {
      await stage.client.power({ id, op: PowerOp.ON });
    }
    const incarnation = guestOf(stage, id).config['smbios1'];
    stage.sim.faults.add([{ method: row.method, path: row.path, count: 1, action: { delayMs: STALL_MS } }]);
    const since = lastRequest(stage.sim);
    const deletion = outcomeOf(stage.client.delete({ id }, { owner: old }));
    await until(
      async () => await Promise.resolve(writesSince(stage.sim, since)),
      (writes) => writes.some((write) => new RegExp(`^${row.method} .*${row.path.replace('^', '')}`).test(write)),
    );
    const maker = row.process === 'the same' ? stage : await stage.another(1);
    const first = await createdInTheEnd(maker, name, {}, young);
    const isNew = guestOf(stage, first).config['smbios1'] !== incarnation;
    const made = isNew ? guestOf(stage, first).config['smbios1'] : undefined;
    await deletion;
    // Whatever was on its way has arrived, and has done what it does.
    await until(
      async () => await Promise.resolve(stage.sim),
      ({ journal, world }) =>
        journal.after(since).every(({ status }) => status !== undefined) &&
        Object.values(world.tasks).every(({ exitstatus }) => exitstatus !== undefined),
    );
    // A manager that is told that its VM is gone makes it again.
    const described = await until(
      async () => await outcomeOf(maker.client.describe({ id: first }, { owner: young })),
      ({ kind }) => kind !== 'busy',
    );
    const last = described.answer?.exists === true ? first : await createdInTheEnd(maker, name, {}, young);
    if (isNew) expect([last, guestOf(stage, last).config['smbios1']]).toEqual([first, made]);
    expect(guestOf(stage, last).config['smbios1']).not.toBe(incarnation);
    expect(await claimedVms(stage.world, name)).toMatchObject([{ vmid: Number(last), state: 'ready' }]);
    expect(strayVolumes(stage.sim)).toEqual([]);
  });
});

describe('another uid', () => {
  it('is refused by every call that names the id, wired or not, and nothing is written', async () => {
    const mine = owner('by-uid', 'by-uid-1');
    const id = await createdInTheEnd(stage, 'by-uid', {}, mine);
    await stage.client.snapshotCreate({ vmId: id, nameHint: 'old' }, { owner: mine });
    const before = structuredClone(guestOf(stage, id));
    const since = lastRequest(stage.sim);
    const other = { owner: owner('by-uid', 'by-uid-2') };
    const { client } = stage;
    const refusal = { kind: 'precondition', message: expect.stringMatching(/VM team\/by-uid with another uid/) };
    const wired = [
      client.describe({ id }, other),
      client.power({ id, op: PowerOp.ON }, other),
      client.delete({ id }, other),
      client.reconfigure(reconfigureRequest(id, { name: 'by-uid', class: { CPU: 5 } }), other),
      client.hardwareUpgrade({ id, targetVersion: 9 }, other),
      client.getDiskInfo({ vmId: id }, other),
      client.clone({ sourceVmId: id, targetName: 'y' }, other),
      client.snapshotCreate({ vmId: id, nameHint: 'new' }, other),
      client.snapshotDelete({ vmId: id, snapshotId: 'old' }, other),
      client.snapshotRevert({ vmId: id, snapshotId: 'old' }, other),
    ];
    for (const outcome of await Promise.all(wired.map(outcomeOf<unknown>))) expect(outcome).toMatchObject(refusal);
    expect(await outcomeOf(client.exportDisk({ vmId: id }, other))).toMatchObject({ kind: 'unsupported' });
    expect(writesSince(stage.sim, since)).toEqual([]);
    expect(guestOf(stage, id)).toEqual(before);
  });
});

describe('a request that has changed', () => {
  const ISO = { userData: '#cloud-config\n' };

  /** Leaves the owner's VM unfinished, with its disk and its ISO: PVE never answers its last write. */
  async function leftUnfinished(name: string, by: Partial<Owner>): Promise<string> {
    stage.sim.faults.add([{ method: 'PUT', path: '/config$', action: { dropBefore: true } }]);
    const { kind } = await outcomeOf(stage.client.create(createRequest({ name, ...ISO }), { owner: by, ...CUT_SHORT }));
    expect(kind).not.toBe('ok');
    stage.sim.faults.clear();
    const vms = await claimedVms(stage.world, name);
    expect(vms).toMatchObject([{ state: 'creating' }]);
    expect((await stage.world.volumes()).filter(isSeedIso)).not.toHaveLength(0);
    return String(vms[0]?.vmid);
  }

  it('with a uid replaces the unfinished VM, and nothing of the old one is left', async () => {
    const by = owner('changed', 'changed-1');
    const old = await leftUnfinished('changed', by);
    const { smbios1 } = guestOf(stage, old).config;
    const { client } = await stage.another(1);
    const id = await createdInTheEnd({ client }, 'changed', { class: { CPU: 3 } }, by);
    await expectOneVm(stage, 'changed', id);
    expect(guestOf(stage, id).config).toMatchObject({ vcpus: '3' });
    expect(guestOf(stage, id).config['smbios1']).not.toBe(smbios1);
    expect((await stage.world.volumes()).filter((volume) => volume.includes('vrtg-'))).toEqual([]);
  });

  it('without a uid is Aborted until the unfinished VM is 15 minutes old, and replaces it then', async () => {
    const slow = await startStage({ simulator: { timeScale: 200 } });
    const begun = slow.sim.clock.now();
    slow.sim.faults.add([{ method: 'PUT', path: '/config$', action: { dropBefore: true } }]);
    await outcomeOf(slow.client.create(createRequest({ name: 'patient', ...ISO }), CUT_SHORT));
    slow.sim.faults.clear();
    const [unfinished] = await claimedVms(slow.world, 'patient');
    expect(unfinished).toMatchObject({ state: 'creating' });
    const { client } = await slow.another(1);
    const { answer } = await until(
      async () => await outcomeOf(client.create(createRequest({ name: 'patient', class: { CPU: 3 } }))),
      ({ kind, message }) => {
        const why = expect.stringMatching(
          new RegExp(`VM ${unfinished?.vmid}.*is being made from another request.*15 minutes`),
        );
        if (kind !== 'ok') expect([kind, message]).toEqual(['busy', why]);
        return kind === 'ok';
      },
    );
    expect(slow.sim.clock.now() - begun).toBeGreaterThan(14 * 60_000);
    await expectOneVm(slow, 'patient', answer?.id ?? '');
    expect(guestOf(slow, answer?.id ?? '').config).toMatchObject({ vcpus: '3' });
    await slow.stop();
  });

  it.each([owner('finished', 'finished-1'), { name: 'finished-too' }])(
    'after the VM is finished is AlreadyExists with the VMID',
    async (by) => {
      const { name } = by;
      const id = await createdInTheEnd(stage, name, {}, by);
      const since = lastRequest(stage.sim);
      for (const { client } of [stage, await stage.another(1)]) {
        const outcome = await outcomeOf(client.create(createRequest({ name, class: { CPU: 3 } }), { owner: by }));
        expect(outcome).toMatchObject({
          kind: 'already-exists',
          message: expect.stringMatching(new RegExp(`VM ${id} of .*from another request.*use it under its id ${id}`)),
        });
      }
      expect(writesSince(stage.sim, since)).toEqual([]);
      expect(slotsOf(by.uid ?? name)).toContain(Number(id));
    },
  );

  it('in two processes at once, of one uid, ends with one VM of one of the requests', async () => {
    // Each replaces what the other has not finished yet: calls must not take longer here than they do for PVE.
    const torn = await startStage({ simulator: { timeScale: 20 } });
    for (let round = 0; round < 3; round++) {
      const name = `torn-${round}`;
      const by = owner(name, `${name}-uid`);
      const makers = [await torn.another(0), await torn.another(2)];
      const outcomes = await Promise.all(
        makers.map(
          async ({ client }, index) =>
            await until(
              async () =>
                await outcomeOf(client.create(createRequest({ name, class: { CPU: 3 + index } }), { owner: by })),
              ({ kind, answer }) => (kind === 'ok' && answer?.task === undefined) || kind === 'already-exists',
            ),
        ),
      );
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['already-exists', 'ok']);
      const winner = outcomes.findIndex(({ kind }) => kind === 'ok');
      const id = outcomes[winner]?.answer?.id ?? '';
      await expectOneVm(torn, name, id);
      expect(guestOf(torn, id).config['vcpus']).toBe(String(3 + winner));
    }
    await torn.stop();
  });
});
