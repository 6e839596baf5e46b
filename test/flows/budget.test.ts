import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PowerOp } from '#rpc/contract';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, requestsSince, taskPollsSince, writesSince } from '../support/journal.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';

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
    expect(writesSince(flow.sim, before)).toEqual([]);
    expect(requestsSince(flow.sim, before).length).toBeLessThanOrEqual(Math.ceil(viewReads + validations));
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
