import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PowerOp } from '#rpc/contract';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, requestsSince, taskPollsSince, writesSince } from '../support/journal.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';
import { GOLDEN, IMPORT, prepareSources, SOURCES } from '../support/sources.ts';

// How often PVE is asked. Simulator only: the figures come from its request journal.

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow();
});
afterAll(async () => await flow.stop());

const CREATE_BUDGET = 15;
const CREATE_WITH_ISO_BUDGET = 18;
const WARM_CREATE_BUDGET = 13;

describe('a create from a template by name, with nothing known yet', () => {
  const parts = { networks: [nic(), nic({ Name: 'dmz', VLAN: 7 })], disks: [rootDisk(40)], tags: ['web'] };

  it('takes at most 15 requests with two NICs, a grown disk, tags and native cloud-init', async () => {
    const fresh = await flow.another(1);
    const before = lastRequest(flow.sim);
    const startedAt = flow.sim.clock.now();
    await fresh.client.create(createRequest({ name: 'frugal', ...parts }));
    const requests = requestsSince(flow.sim, before);
    expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(CREATE_BUDGET);
    const seconds = (flow.sim.clock.now() - startedAt) / 1000;
    // Three tasks: the copy, the configuration, the disk.
    expect(taskPollsSince(flow.sim, before)).toBeLessThanOrEqual(3 * 4 + seconds);
  });

  it('takes at most 18 with user data', async () => {
    const fresh = await flow.another(1);
    const before = lastRequest(flow.sim);
    await fresh.client.create(createRequest({ name: 'frugal-iso', ...parts, userData: '#cloud-config\n' }));
    const requests = requestsSince(flow.sim, before);
    expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(CREATE_WITH_ISO_BUDGET);
  });
});

describe('a create of a provider that knows its cluster', () => {
  it('takes at most 13 requests with two NICs, a grown disk, tags and native cloud-init', async () => {
    await flow.client.create(createRequest({ name: 'first', networks: [nic()] }));
    const before = lastRequest(flow.sim);
    await flow.client.create(
      createRequest({ name: 'second', networks: [nic()], disks: [rootDisk(40)], tags: ['web'] }),
    );
    const requests = requestsSince(flow.sim, before);
    expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(WARM_CREATE_BUDGET);
  });
});

describe('a create from something else', () => {
  type Row = readonly [title: string, cold: number, warm: number, image: Record<string, unknown>, host?: string];
  const blank = { TemplateName: '', Blank: true, Storage: 'zfs' };
  const rows: readonly Row[] = [
    ['linked', 15, 13, { CloneMode: 'linked' }],
    ['snapshot', 17, 15, { TemplateName: 'legacy-app', Snapshot: GOLDEN }],
    ['elsewhere', 15, 13, { TemplateName: 'shared-template' }, 'pve3'],
    ['iso', 14, 12, { TemplateName: 'local:iso/debian-12.iso', Storage: 'zfs' }, 'pve1'],
    ['blank', 13, 11, blank, 'pve2'],
    ['imported', 17, 15, { TemplateName: IMPORT, Storage: 'zfs' }, 'pve2'],
  ];

  it('takes as many requests as its source needs, with nothing known yet and in a running provider', async () => {
    const sources = await startFlow({ simulator: { cluster: SOURCES, timeScale: 10 } });
    await prepareSources(sources);
    // Three at a time, each through an endpoint of its own, by which their requests are told apart.
    const asked = await Promise.all([0, 1, 2].map(async (index) => await askedThrough(sources, index)));
    await sources.stop();
    for (const [title, cold, warm] of rows) {
      const [first = 0, second = 0] = asked.flat().find((one) => one.title === title)?.requests ?? [];
      expect([title, first <= cold, second <= warm], `${first} and ${second}`).toEqual([title, true, true]);
    }
    console.log(asked.flat());
  });

  async function askedThrough(sources: Flow, index: number): Promise<{ title: string; requests: number[] }[]> {
    const counts: { title: string; requests: number[] }[] = [];
    for (const [title, , , image, host] of rows.filter((_, row) => row % 3 === index)) {
      const { client, end } = await sources.another(index);
      const requests: number[] = [];
      for (const round of ['cold', 'warm']) {
        const before = lastRequest(sources.sim);
        const placement = host === undefined ? {} : { placement: { Host: host } };
        const parts = { image, networks: [nic()], disks: [rootDisk(20)], tags: ['web'], ...placement };
        await client.create(createRequest({ name: `${title}-${round}`, ...parts }));
        requests.push(requestsSince(sources.sim, before, `pve${index + 1}`).length);
      }
      counts.push({ title, requests });
      await end();
    }
    return counts;
  }
});

describe('a manager that asks again and again', () => {
  it('costs PVE no more than the shared view, however many VMs it has', async () => {
    const ids = await Promise.all(
      ['steady-a', 'steady-b', 'steady-c'].map(async (name) => (await flow.client.create(createRequest({ name }))).id),
    );
    await Promise.all(ids.map(async (id) => await flow.client.power({ id, op: PowerOp.OFF })));
    const settledAt = flow.sim.clock.now() + 16_000;
    while (flow.sim.clock.now() < settledAt) await round(ids);
    const before = lastRequest(flow.sim);
    const startedAt = flow.sim.clock.now();
    for (let rounds = 0; rounds < 30; rounds++) await round(ids);
    const viewReads = (flow.sim.clock.now() - startedAt) / 6_000 + 1;
    const validations = (flow.sim.clock.now() - startedAt) / 5_000 + 1;
    const permissionReads = (flow.sim.clock.now() - startedAt) / 60_000 + 1;
    expect(writesSince(flow.sim, before)).toEqual([]);
    const budget = Math.ceil(viewReads + validations + permissionReads);
    expect(requestsSince(flow.sim, before).length).toBeLessThanOrEqual(budget);
  });

  async function round(ids: readonly string[]): Promise<void> {
    await flow.client.validate({});
    await Promise.all(ids.map(async (id) => await flow.client.describe({ id })));
  }
});

describe('an operation that is done already', () => {
  it.each([
    ['off', PowerOp.OFF],
    ['shut down', PowerOp.SHUTDOWN_GRACEFUL],
  ])('writes nothing to a VM that is %s', async (_words, op) => {
    const { id } = await flow.client.create(createRequest({ name: 'idle' }));
    const before = lastRequest(flow.sim);
    await flow.client.power({ id, op });
    expect(writesSince(flow.sim, before)).toEqual([]);
  });
});
