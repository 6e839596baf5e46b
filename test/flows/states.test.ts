import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import { PowerOp } from '#rpc/contract';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { createRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { claimedVms } from '../support/world.ts';

describe('a guest', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow();
  });
  afterAll(async () => await flow.stop());

  async function running(name: string): Promise<string> {
    const { id } = await flow.client.create(createRequest({ name }));
    await flow.client.power({ id, op: PowerOp.ON });
    return id;
  }

  it.each(['paused', 'prelaunch'] as const)('that is %s is told to be on', async (qmpStatus) => {
    const id = await running(qmpStatus);
    const run = flow.sim.world.guests[Number(id)]?.run;
    if (run === undefined) throw new Error('it does not run');
    run.qmpStatus = qmpStatus;
    const { powerState, providerRawJson } = await flow.client.describe({ id });
    expect(powerState).toBe('On');
    expect(JSON.parse(providerRawJson)).toMatchObject({ qmpstatus: qmpStatus, source: 'direct' });
  });

  it('O6: that is paused is resumed by On, and refuses a shutdown with the remedy', async () => {
    const id = await running('asleep');
    const run = flow.sim.world.guests[Number(id)]?.run;
    if (run === undefined) throw new Error('it does not run');
    run.qmpStatus = 'paused';
    const refusal = { kind: 'precondition', message: expect.stringMatching(/paused.*Resume it/) };
    await expect(flow.client.power({ id, op: PowerOp.SHUTDOWN_GRACEFUL })).rejects.toMatchObject(refusal);
    await flow.client.power({ id, op: PowerOp.ON });
    expect(flow.sim.world.guests[Number(id)]?.run?.qmpStatus).toBe('running');
  });

  it('O6: that ignores a shutdown is left running, not asked again for 5 minutes, and can be powered off', async () => {
    const id = await running('stubborn');
    const guest = flow.sim.world.guests[Number(id)];
    if (guest === undefined) throw new Error('it is not there');
    guest.behaviour.shutdown = 'never';
    const graceful = { id, op: PowerOp.SHUTDOWN_GRACEFUL, gracefulTimeoutSeconds: 10 };
    const refusal = { kind: 'precondition', message: expect.stringMatching(/did not shut down within 10 s.*\(Off\)/) };
    await expect(flow.client.power(graceful)).rejects.toMatchObject(refusal);
    const since = lastRequest(flow.sim);
    await expect(flow.client.power(graceful)).rejects.toMatchObject({
      kind: 'precondition',
      message: expect.stringContaining('asked again from'),
    });
    expect(writesSince(flow.sim, since)).toEqual([]);
    expect(guest.run).toBeDefined();
    await flow.client.power({ id, op: PowerOp.OFF });
    expect(guest.run).toBeUndefined();
  });

  it('O16: has only the addresses of its own NICs, also with a bridge for containers inside', async () => {
    const { id } = await flow.client.create(createRequest({ name: 'dockered' }));
    const guest = flow.sim.world.guests[Number(id)];
    if (guest === undefined) throw new Error('it is not there');
    guest.behaviour.docker = true;
    await flow.client.power({ id, op: PowerOp.ON });
    const { ips } = await until(
      async () => await flow.client.describe({ id }),
      (described) => described.ips.length > 0,
    );
    expect(ips.some((ip) => ip.startsWith('172.17.'))).toBe(false);
    expect(ips).toHaveLength(1);
  });

  it('on a node that is down is told to be there, not absent', async () => {
    const id = await running('stranded');
    await flow.client.describe({ id });
    await flow.sim.setNodeOnline('pve2', false);
    const refusal = { kind: 'precondition', message: expect.stringMatching(/node pve2 is (offline|down)/) };
    await expect(flow.client.describe({ id })).rejects.toMatchObject(refusal);
    await expect(flow.client.power({ id, op: PowerOp.OFF })).rejects.toMatchObject(refusal);
    await flow.sim.setNodeOnline('pve2', true);
  });
});

describe('Validate', () => {
  it('stays true while PVE is down, and says what is wrong', async () => {
    const flow = await startFlow({ simulator: { timeScale: 200 } });
    expect(await flow.client.validate({})).toMatchObject({ ok: true, message: expect.stringMatching(/^PVE 9\./) });
    for (const { name } of flow.sim.nodes) await flow.sim.setNodeOnline(name, false);
    const { ok } = await until(
      async () => await flow.client.validate({}),
      ({ message }) => message.startsWith('no answer from PVE at 127.0.0.1:'),
    );
    expect(ok).toBe(true);
    await expect(flow.client.create(createRequest())).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringMatching(/no answer from PVE at 127\.0\.0\.1:.*Check that PVE runs/),
    });
    await flow.stop();
  });
});

describe('a silent agent', () => {
  it('O16: keeps nobody waiting', async () => {
    const guests = THREE_NODE.guests.map((guest) =>
      guest.vmid === 100 ? { ...guest, config: { ...guest.config, agent: '1' } } : guest,
    );
    const flow = await startFlow({ simulator: { timeScale: 1, cluster: { ...THREE_NODE, guests } } });
    await flow.client.power({ id: '100', op: PowerOp.ON });
    const since = lastRequest(flow.sim);
    const startedAt = performance.now();
    expect(await flow.client.describe({ id: '100' })).toMatchObject({ powerState: 'On', ips: [] });
    expect(await flow.client.describe({ id: '100' })).toMatchObject({ powerState: 'On', ips: [] });
    // PVE itself takes 3 s to find that an agent is silent.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(requestsSince(flow.sim, since).filter((request) => request.includes('/agent/'))).toHaveLength(1);
    await flow.stop();
  });
});

describe('a copy that takes longer than its call', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ settings: { PVE_TASK_TIMEOUT: '1s' }, simulator: { timeScale: 3 } });
  });
  afterAll(async () => await flow.stop());

  it('is answered with a task, which is done when the VM is ready', async () => {
    const answer = await flow.client.create(createRequest({ name: 'long' }));
    expect(answer.task?.id).toMatch(new RegExp(`^vrtg1\\.create\\.${answer.id}\\.[a-z2-7]{12}\\.ready\\.UPID:pve2:`));
    expect(await flow.client.create(createRequest({ name: 'long' }))).toEqual(answer);
    const task = answer.task ?? { id: '' };
    await until(
      async () => (await flow.client.taskStatus({ task })).done,
      (done) => done,
    );
    expect(await claimedVms(flow.world, 'long')).toMatchObject([{ vmid: Number(answer.id), state: 'ready' }]);
    const other = await flow.another(1);
    expect(await other.client.taskStatus({ task })).toMatchObject({ done: true, error: '' });
    expect((await flow.client.create(createRequest({ name: 'long' }))).id).toBe(answer.id);
  });

  it('keeps its VM from being powered until then', async () => {
    const { id } = await flow.client.create(createRequest({ name: 'early' }));
    await expect(flow.client.power({ id, op: PowerOp.ON })).rejects.toMatchObject({ kind: 'busy' });
    await until(
      async () =>
        await flow.client.power({ id, op: PowerOp.ON }).then(
          () => 'on',
          (error: { kind: string }) => error.kind,
        ),
      (outcome) => outcome === 'on',
    );
    expect(await claimedVms(flow.world, 'early')).toMatchObject([{ state: 'ready', running: true }]);
  });

  it('O7: judges a raw task id of PVE too, and is never an error for a reason of PVE', async () => {
    const upid = Object.keys(flow.sim.world.tasks)[0] ?? '';
    expect(await flow.client.taskStatus({ task: { id: upid } })).toMatchObject({ done: true, error: '' });
    flow.sim.faults.add([{ method: 'GET', action: { answer: { status: 596, reason: 'Connection timed out' } } }]);
    expect(await flow.client.taskStatus({ task: { id: upid } })).toMatchObject({ done: false, error: '' });
    flow.sim.faults.clear();
  });
});

describe('a call whose time is short', () => {
  it('is answered in time, writes nothing afterwards, and goes on when repeated', async () => {
    const flow = await startFlow({ simulator: { timeScale: 2 } });
    const startedAt = performance.now();
    const first = await flow.client.create(createRequest({ name: 'hurried' }), { deadlineMs: 1_600 }).then(
      ({ task }) => (task === undefined ? 'done' : 'task'),
      (error: { kind: string }) => error.kind,
    );
    expect(performance.now() - startedAt).toBeLessThan(1_600);
    expect(['task', 'busy']).toContain(first);
    const { id } = await until(
      async () => await flow.client.create(createRequest({ name: 'hurried' })),
      (answer) => answer.task === undefined,
    );
    expect(await claimedVms(flow.world, 'hurried')).toMatchObject([{ vmid: Number(id), state: 'ready' }]);
    await flow.stop();
  });
});
