import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { createRequest, rootDisk } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

// The pool of a new VM: PVE joins it last, fails a whole task for it, or says nothing where the pool has gone meanwhile.

const kindOf = (error: { kind: string }): string => error.kind;

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 50 }, settings: { PVE_POOL: 'tenants' } });
  const { access, pools } = flow.sim.world;
  for (const id of ['tenants', 'own']) pools[id] = { id, comment: undefined, vms: [], storages: [] };
  access.roles['Pools'] = ['Pool.Allocate', 'Pool.Audit'];
  for (const subject of [flow.sim.token.id, flow.sim.token.id.replace(/!.*/, '')]) {
    access.acl.push({ path: '/pool', subject, role: 'Pools', propagate: true });
  }
});
afterAll(async () => await flow.stop());

function membersOf(pool: string): readonly number[] {
  return flow.sim.world.pools[pool]?.vms ?? [];
}

describe('the pool of a new VM', () => {
  it('is the one of the settings, joined after the copy and before the VM is told to be ready', async () => {
    const before = lastRequest(flow.sim);
    const { id } = await flow.client.create(createRequest({ name: 'pooled' }));
    expect(membersOf('tenants')).toContain(Number(id));
    const writes = writesSince(flow.sim, before);
    expect(writes.filter((write) => write === 'PUT /pools')).toHaveLength(1);
    expect(writes.indexOf('PUT /pools')).toBeGreaterThan(writes.findIndex((write) => write.endsWith('/clone')));
    expect(writes.at(-1)).toMatch(/^PUT .*\/config$/);
  });

  it('is the one of the request where it names one', async () => {
    const { id } = await flow.client.create(createRequest({ name: 'own-pool', placement: { Pool: 'own' } }));
    expect(membersOf('own')).toEqual([Number(id)]);
    expect(membersOf('tenants')).not.toContain(Number(id));
  });

  it('that does not exist is refused before anything is made', async () => {
    const before = lastRequest(flow.sim);
    const request = createRequest({ name: 'no-pool', placement: { Pool: 'nowhere' } });
    await expect(flow.client.create(request)).rejects.toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringMatching(/placement_json\.Pool: there is no pool "nowhere".*Pools: own, tenants/),
    });
    expect(writesSince(flow.sim, before)).toEqual([]);
  });

  it('is joined all the same where the answer is lost, or its lock is not to be had for a while', async () => {
    flow.sim.faults.add([
      { method: 'PUT', path: '^/pools', count: 1, action: { dropAfter: true } },
      {
        method: 'PUT',
        path: '^/pools',
        skip: 1,
        count: 1,
        action: {
          answer: {
            status: 500,
            reason: "update pools failed: cfs-lock 'file-user_cfg' error: got lock request timeout",
          },
        },
      },
    ]);
    const one = await flow.client.create(createRequest({ name: 'lost-join' }));
    const other = await flow.client.create(createRequest({ name: 'late-join' }));
    expect(membersOf('tenants')).toEqual(expect.arrayContaining([Number(one.id), Number(other.id)]));
    flow.sim.faults.clear();
  });

  it('that vanishes meanwhile leaves no VM that is told to be ready, and nothing else', async () => {
    flow.sim.world.pools['doomed'] = { id: 'doomed', comment: undefined, vms: [], storages: [] };
    const before = await flow.world.volumes();
    const outcome = flow.client.create(createRequest({ name: 'poolless', placement: { Pool: 'doomed' } }));
    const refused = expect(outcome).rejects.toMatchObject({
      kind: 'invalid-spec',
      message: expect.stringContaining("pool 'doomed' does not exist"),
    });
    await until(
      async () =>
        await Promise.resolve(Object.values(flow.sim.world.guests).some((one) => one.config['lock'] === 'clone')),
      (isCopying) => isCopying,
    );
    delete flow.sim.world.pools['doomed'];
    await refused;
    expect(await claimedVms(flow.world, 'poolless')).toEqual([]);
    expect(await flow.world.volumes()).toEqual(before);
  });

  it('that loses a member behind our back is joined again before the VM is told to be ready', async () => {
    flow.sim.faults.add([
      { method: 'PUT', path: '^/pools', count: 1, action: { answer: { status: 200, reason: 'OK' } } },
    ]);
    const id = await until(
      async () =>
        await flow.client.create(createRequest({ name: 'forgotten-join' })).then((answer) => answer.id, kindOf),
      (outcome) => outcome !== 'busy',
    );
    expect(membersOf('tenants')).toContain(Number(id));
    flow.sim.faults.clear();
  });

  it('that a new VM has to be made in leaves no disk where its lock is not to be had', async () => {
    const { access } = flow.sim.world;
    const { acl } = access;
    const everything = access.roles['VrtgVM'] ?? [];
    access.roles['InPool'] = [...everything, 'Pool.Allocate', 'Pool.Audit'];
    access.roles['NoAllocate'] = everything.filter((privilege) => privilege !== 'VM.Allocate');
    const subjects = [flow.sim.token.id, flow.sim.token.id.replace(/!.*/, '')];
    access.acl = [
      ...acl.map((entry) => (entry.path === '/vms' ? { ...entry, role: 'NoAllocate' } : entry)),
      ...subjects.map((subject) => ({ path: '/pool/own', subject, role: 'InPool', propagate: true })),
    ];
    const { client, end } = await flow.another(1);
    await flow.sim.holdLock('user.cfg', 60_000);
    const { id } = await client.create(
      createRequest({
        name: 'made-in-pool',
        image: { TemplateName: 'local:iso/debian-12.iso', Storage: 'local-lvm' },
        disks: [rootDisk(5)],
        placement: { Pool: 'own' },
      }),
    );
    const failed = Object.values(flow.sim.world.tasks).filter(({ exitstatus = '' }) => /can't add VM/.test(exitstatus));
    expect(failed.length).toBeGreaterThan(0);
    expect(membersOf('own')).toContain(Number(id));
    expect(strayVolumes(flow.sim)).toEqual([]);
    await end();
    access.acl = acl;
  });

  it('needs Pool.Allocate, which the error names', async () => {
    const { access } = flow.sim.world;
    const acl = access.acl;
    access.acl = acl.filter(({ role }) => role !== 'Pools');
    const fresh = await flow.another(1);
    await expect(fresh.client.create(createRequest({ name: 'no-right' }))).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining('Grant Pool.Allocate on /pool/tenants'),
    });
    access.acl = acl;
  });
});
