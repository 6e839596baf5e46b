import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithClaim, readClaim } from '#claim/record';
import { PowerOp } from '#rpc/contract';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { createRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { claimedVms } from '../support/world.ts';
import { setQuorum } from '../pve-sim/quorum.ts';

// Never the wrong VM, and never a lie about absence.

const forever = deadlineIn(Number.POSITIVE_INFINITY);

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow();
});
afterAll(async () => await flow.stop());

/** As if somebody had edited the VM's configuration in PVE. */
function guest(id: string) {
  const found = flow.sim.world.guests[Number(id)];
  if (found === undefined) throw new Error(`there is no guest ${id}`);
  return found;
}

async function made(name: string, userData?: string): Promise<string> {
  return (await flow.client.create(createRequest({ name, ...(userData === undefined ? {} : { userData }) }))).id;
}

const unclaimed = '100';

describe('a VM that nobody has claimed', () => {
  it('is described, and told that a delete will be refused', async () => {
    const { exists, powerState, providerRawJson } = await flow.client.describe({ id: unclaimed });
    expect({ exists, powerState }).toEqual({ exists: true, powerState: 'Off' });
    expect(JSON.parse(providerRawJson)).toMatchObject({
      claim: 'none',
      on_delete: expect.stringContaining('vrtg adopt 100'),
    });
  });

  it('is powered', async () => {
    await flow.client.power({ id: unclaimed, op: PowerOp.ON });
    expect(guest(unclaimed).run).toBeDefined();
    await flow.client.power({ id: unclaimed, op: PowerOp.OFF });
    expect(guest(unclaimed).run).toBeUndefined();
  });

  it('is not deleted, and the refusal says what to do', async () => {
    const since = lastRequest(flow.sim);
    const refusal = {
      kind: 'precondition',
      message: expect.stringMatching(/^VM legacy-app \(100 on pve3\): delete: nobody has claimed it.*vrtg adopt 100/),
    };
    await expect(flow.client.delete({ id: unclaimed })).rejects.toMatchObject(refusal);
    expect(writesSince(flow.sim, since)).toEqual([]);
  });
});

describe("another provider's VM", () => {
  it('is told to be none of our business, by every call', async () => {
    const id = await made('theirs');
    const { config } = guest(id);
    config['description'] = config['description']?.replace('"i":"test/flow"', '"i":"other/one"') ?? '';
    const since = lastRequest(flow.sim);
    const refusal = {
      kind: 'precondition',
      message: expect.stringMatching(/it belongs to virtrigaud instance other\/one, VM theirs.*vrtg adopt/),
    };
    await flow.another(1).then(async ({ client }) => {
      await expect(client.describe({ id })).rejects.toMatchObject(refusal);
      await expect(client.power({ id, op: PowerOp.ON })).rejects.toMatchObject(refusal);
      await expect(client.delete({ id })).rejects.toMatchObject(refusal);
    });
    expect(writesSince(flow.sim, since)).toEqual([]);
  });

  it('with a claim of a later version counts as somebody else', async () => {
    const id = await made('later');
    const { config } = guest(id);
    config['description'] = config['description']?.replace('virtrigaud 1 ', 'virtrigaud 2 ') ?? '';
    await expect(flow.client.delete({ id })).rejects.toMatchObject({
      kind: 'precondition',
      message: expect.stringContaining('version 2'),
    });
    expect(guest(id)).toBeDefined();
  });

  it('that carries a copy of our claim, as a restored backup does, is not taken for ours', async () => {
    const id = await made('copied');
    const reading = readClaim(guest(id).config['description']);
    if (reading.kind !== 'claim') throw new Error('no claim');
    guest(unclaimed).config['description'] = describeWithClaim('restored', reading.claim, 'cut');
    await expect(flow.client.delete({ id: unclaimed })).rejects.toMatchObject({ kind: 'precondition' });
    delete guest(unclaimed).config['description'];
  });
});

describe('a VM of ours', () => {
  it('O13: that is protected is not stopped, let alone deleted', async () => {
    const id = await made('protected');
    await flow.client.power({ id, op: PowerOp.ON });
    guest(id).config['protection'] = '1';
    const since = lastRequest(flow.sim);
    await expect(flow.client.delete({ id })).rejects.toMatchObject({
      kind: 'precondition',
      message: expect.stringMatching(/protected.*Options, Protection/),
    });
    expect(writesSince(flow.sim, since)).toEqual([]);
    delete guest(id).config['protection'];
    await flow.client.delete({ id });
    expect(await claimedVms(flow.world, 'protected')).toEqual([]);
  });

  it('O13: that is locked is left alone until the lock is gone', async () => {
    const id = await made('locked');
    guest(id).config['lock'] = 'backup';
    await expect(flow.client.delete({ id })).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringContaining('locked (backup)'),
    });
    await expect(flow.client.power({ id, op: PowerOp.ON })).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringContaining('locked (backup)'),
    });
    delete guest(id).config['lock'];
    await flow.client.delete({ id });
  });

  it('O13: of which a destroy has left nothing but its lock is told with the commands that remove it', async () => {
    const id = await made('remnant');
    const { config } = guest(id);
    for (const key of Object.keys(config)) delete config[key];
    config['lock'] = 'destroyed';
    await expect(flow.client.delete({ id })).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringMatching(/locked \(destroyed\).*qm unlock \d+.*qm destroy \d+" on pve2/),
    });
    delete flow.sim.world.guests[Number(id)];
  });

  it('O13: that HA manages is not deleted without the right to release it, and nothing is stopped', async () => {
    const id = await made('ha');
    await flow.client.power({ id, op: PowerOp.ON });
    await flow.pve.post('/cluster/ha/resources', forever, { sid: `vm:${id}`, state: 'started' });
    await expect(flow.client.delete({ id })).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringMatching(/HA manages it.*Sys\.Console/),
    });
    expect(guest(id).run).toBeDefined();
    await flow.pve.delete(`/cluster/ha/resources/vm:${id}`, forever);
    await flow.client.delete({ id });
  });

  it('is deleted with its ISO, or without it and a warning where that may not be deleted', async () => {
    const id = await made('with-iso', '#cloud-config\n');
    flow.sim.faults.add([
      {
        method: 'DELETE',
        path: '/content/',
        count: 1,
        action: { answer: { status: 403, reason: 'Permission check failed (/storage/shared, Datastore.Allocate)' } },
      },
    ]);
    await flow.client.delete({ id });
    expect(await claimedVms(flow.world, 'with-iso')).toEqual([]);
    expect(
      flow.log.some((line) =>
        /WARN A cloud-init ISO is left behind.*Datastore\.Allocate on \/storage\/shared/.test(line),
      ),
    ).toBe(true);
    flow.sim.faults.clear();
  });

  it.each(['dropAfter', 'dropBefore'] as const)(
    'is deleted once although PVE never answers the call (%s)',
    async (fault) => {
      const id = await made(`lost-${fault}`);
      flow.sim.faults.add([
        {
          method: 'DELETE',
          path: `/qemu/${id}$`,
          count: 1,
          action: fault === 'dropAfter' ? { dropAfter: true } : { dropBefore: true },
        },
      ]);
      await until(
        async () =>
          await flow.client.delete({ id }).then(
            () => 'done',
            (error: { kind: string }) => error.kind,
          ),
        (outcome) => {
          expect(['done', 'busy']).toContain(outcome);
          return outcome === 'done';
        },
      );
      expect(await claimedVms(flow.world, `lost-${fault}`)).toEqual([]);
      flow.sim.faults.clear();
    },
  );
});

describe('a VM that is gone', () => {
  it('is told to be absent only after PVE has called its id free, with quorum, 15 s apart', async () => {
    const id = await made('vanishing');
    const fresh = await flow.another(2);
    await flow.pve.delete(`/nodes/pve2/qemu/${id}`, forever);
    await until(
      async () => await Promise.resolve(flow.sim.world.guests[Number(id)]),
      (found) => found === undefined,
    );
    const startedAt = flow.sim.clock.now();
    const answers = await until(
      async () =>
        await fresh.client.describe({ id }).then(
          ({ exists }) => ({ exists, kind: undefined }),
          ({ kind, message }: { kind: string; message: string }) => ({ exists: undefined, kind, message }),
        ),
      (answer) => {
        if (answer.kind !== undefined)
          expect(answer).toMatchObject({ kind: 'busy', message: expect.stringContaining('not found, confirming') });
        return answer.exists === false;
      },
    );
    expect(answers.exists).toBe(false);
    expect(flow.sim.clock.now() - startedAt).toBeGreaterThanOrEqual(15_000);
    await fresh.client.delete({ id });
  });

  it('is told to be absent at once to the provider that deleted it', async () => {
    const id = await made('deleted-here');
    await flow.client.delete({ id });
    expect((await flow.client.describe({ id })).exists).toBe(false);
  });

  it('is never told to be absent without quorum', async () => {
    setQuorum(flow.sim.world, false);
    await expect(flow.client.describe({ id: '4711' })).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringContaining('no quorum'),
    });
    setQuorum(flow.sim.world, true);
  });

  it('is not deleted without quorum, since PVE would free its disks and keep its configuration', async () => {
    const id = await made('no-quorum');
    setQuorum(flow.sim.world, false);
    const since = lastRequest(flow.sim);
    await expect(flow.client.delete({ id })).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringContaining('no quorum'),
    });
    expect(writesSince(flow.sim, since)).toEqual([]);
    setQuorum(flow.sim.world, true);
    await flow.client.delete({ id });
  });

  it('is not confused with one that may not be seen', async () => {
    const { acl } = flow.sim.world.access;
    flow.sim.world.access.acl = [
      ...acl,
      { path: '/vms/100', subject: flow.sim.token.id, role: 'NoAccess', propagate: true },
    ];
    await expect(flow.client.describe({ id: '100' })).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining('VM.Audit'),
    });
    await expect(flow.client.delete({ id: '100' })).rejects.toMatchObject({ kind: 'forbidden' });
    flow.sim.world.access.acl = acl;
  });
});
