import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { slotsFor } from '#claim/slots';
import type { Vmid } from '#pve/ids';
import type { ProviderClient } from '#rpc/client';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { createRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { claimedVms, newVolumes } from '../support/world.ts';

// Two runs of one create that were led to different slots by a stranger who came and went, and what dead ones leave.

const forever = deadlineIn(Number.POSITIVE_INFINITY);
const kindOf = (error: { kind: string }): string => error.kind;

let flow: Flow;
let other: ProviderClient;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 20 } });
  ({ client: other } = await flow.another(2));
});
afterAll(async () => await flow.stop());
beforeEach(() => flow.sim.faults.clear());

function slotOf(name: string, k: number): Vmid {
  const slots = slotsFor({ instance: 'test/flow', kind: 'vm', owner: name }, { low: 100_000, high: 999_999 });
  const slot = slots[k];
  if (slot === undefined) throw new Error(`${name} has no slot ${k}`);
  return slot;
}

/** A stranger's VM at an id, and how it goes again: by hand, without a task that would make the id rest. */
async function occupy(vmid: Vmid): Promise<() => void> {
  await flow.pve.post('/nodes/pve3/qemu', forever, { vmid, name: 'stranger' });
  await until(
    async () => await Promise.resolve(flow.sim.world.guests[vmid]),
    (guest) => guest !== undefined && guest.config['lock'] === undefined,
  );
  return () => void delete flow.sim.world.guests[vmid];
}

/** Like the manager, asks again where it is told to. */
async function createUntilDone(client: ProviderClient, name: string): Promise<string> {
  return await until(
    async () =>
      await client.create(createRequest({ name })).then(
        ({ id }) => id,
        (error: { kind: string }) => {
          if (error.kind !== 'busy') throw error;
          return '';
        },
      ),
    (id) => id !== '',
  );
}

/** Starts a create that has looked while a stranger had its first slot, and whose clone of the second is on its way. */
async function beginAtSecondSlot(name: string, cloneDelayMs: number): Promise<{ outcome: Promise<string> }> {
  const leave = await occupy(slotOf(name, 0));
  flow.sim.faults.add([{ node: 'pve1', method: 'POST', path: '/clone$', count: 1, action: { delayMs: cloneDelayMs } }]);
  const since = lastRequest(flow.sim);
  const outcome = createUntilDone(flow.client, name);
  await until(
    async () => await Promise.resolve(requestsSince(flow.sim, since)),
    (requests) => requests.includes('GET /cluster/tasks'),
  );
  leave();
  return { outcome };
}

async function expectOneVm(name: string, id: string, volumesBefore: readonly string[]): Promise<void> {
  const vms = await claimedVms(flow.world, name);
  expect(vms.map((vm) => [String(vm.vmid), vm.state, vm.lock])).toEqual([[id, 'ready', undefined]]);
  expect(newVolumes(volumesBefore, await flow.world.volumes())).toEqual(volumesOf(id));
}

const volumesOf = (id: string): string[] => [`pve2/local-lvm:vm-${id}-cloudinit`, `pve2/local-lvm:vm-${id}-disk-0`];

describe('two creates of one VM that met a stranger', () => {
  it('end with the finished one: the later copy is taken out by who made it', async () => {
    const name = 'finished-first';
    const volumes = await flow.world.volumes();
    const { outcome } = await beginAtSecondSlot(name, 10_000);
    const id = await createUntilDone(other, name);
    expect(id).toBe(String(slotOf(name, 0)));
    const since = lastRequest(flow.sim);
    expect(await outcome).toBe(id);
    const lost = `/qemu/${slotOf(name, 1)}`;
    const writes = writesSince(flow.sim, since).filter((write) => write.includes(lost));
    expect(writes.map((write) => write.replace(/ .*/, ''))).toEqual(['PUT', 'DELETE']);
    await expectOneVm(name, id, volumes);
  });

  it('leave nothing of the later copy where its destroy meets a busy lock at first', async () => {
    const name = 'busy-destroy';
    const volumes = await flow.world.volumes();
    const { outcome } = await beginAtSecondSlot(name, 10_000);
    const id = await createUntilDone(other, name);
    const busy = "can't lock file '/var/lock/qemu-server/lock-1.conf' - got timeout";
    flow.sim.faults.add([
      { node: 'pve1', method: 'DELETE', path: '/qemu/', count: 1, action: { answer: { status: 500, reason: busy } } },
    ]);
    expect(await outcome).toBe(id);
    await expectOneVm(name, id, volumes);
  });

  it('end with the earlier slot where neither is finished: the later one is taken out before it can be ready', async () => {
    const name = 'both-unfinished';
    const volumes = await flow.world.volumes();
    const { outcome } = await beginAtSecondSlot(name, 2_000);
    // The other one's copy is there, and its configuration is held up.
    flow.sim.faults.add([{ node: 'pve3', method: 'POST', path: '/config$', count: 1, action: { delayMs: 20_000 } }]);
    const ids = await Promise.all([outcome, createUntilDone(other, name)]);
    expect(ids).toEqual([String(slotOf(name, 0)), String(slotOf(name, 0))]);
    await expectOneVm(name, ids[0], volumes);
  });
});

describe('a create that fails for good', () => {
  it('leaves nothing of its copy, also where that has the protection of its template', async () => {
    const volumes = await flow.world.volumes();
    const template = flow.sim.world.guests[9001];
    if (template === undefined) throw new Error('there is no template 9001');
    template.config['protection'] = '1';
    const refusal = { answer: { status: 400, reason: 'Parameter verification failed.' } };
    flow.sim.faults.add([{ method: 'POST', path: '/config$', count: 1, action: refusal }]);
    await expect(flow.client.create(createRequest({ name: 'of-protected' }))).rejects.toMatchObject({
      kind: 'invalid-spec',
    });
    delete template.config['protection'];
    expect(await claimedVms(flow.world, 'of-protected')).toEqual([]);
    expect(newVolumes(volumes, await flow.world.volumes())).toEqual([]);
  });

  it('is not begun a third time where PVE removes nothing of what it has left', async () => {
    const name = 'left-behind';
    // Two back-offs of half a minute and a minute pass.
    const fast = await startFlow({ simulator: { timeScale: 200 } });
    const refusal = { answer: { status: 400, reason: 'Parameter verification failed.' } };
    fast.sim.faults.add([
      { method: 'POST', path: '/config$', action: refusal },
      { method: 'DELETE', path: '/qemu/', action: { answer: { status: 403, reason: 'Permission check failed' } } },
    ]);
    const since = lastRequest(fast.sim);
    const message = await until(
      async () =>
        await fast.client.create(createRequest({ name })).then(
          () => 'made',
          (error: Error) => error.message,
        ),
      (text) => text.includes('vrtg orphans'),
    );
    expect(message).toMatch(/VMs \d+, \d+, which PVE does not let us remove/);
    expect(writesSince(fast.sim, since).filter((write) => write.endsWith('/clone'))).toHaveLength(2);
    fast.sim.faults.clear();
    const id = await until(
      async () =>
        await fast.client.create(createRequest({ name })).then(
          (answer) => answer.id,
          () => '',
        ),
      (answer) => answer !== '',
    );
    expect((await claimedVms(fast.world, name)).map(({ vmid }) => String(vmid))).toEqual([id]);
    await fast.stop();
  });
});

describe('what a worker that was killed hard has left', () => {
  it('is stepped over when nobody has worked on it for half a minute, and never written to', async () => {
    const name = 'killed-hard';
    const volumes = await flow.world.volumes();
    flow.sim.faults.add([{ task: 'qmclone', count: 1, action: { killWorker: 'KILL', afterMs: 1_000 } }]);
    await expect(flow.client.create(createRequest({ name }))).rejects.toMatchObject({ kind: 'busy' });
    const stub = slotOf(name, 0);
    expect(flow.sim.world.guests[stub]?.config['lock']).toBe('clone');
    const since = lastRequest(flow.sim);
    const startedAt = flow.sim.clock.now();
    const id = await createUntilDone(other, name);
    expect(flow.sim.clock.now() - startedAt).toBeGreaterThanOrEqual(30_000);
    expect(id).toBe(String(slotOf(name, 1)));
    expect(writesSince(flow.sim, since).filter((write) => write.includes(`/${stub}`))).toEqual([]);
    const made = newVolumes(volumes, await flow.world.volumes()).filter((volume) => !volume.includes(`-${stub}-`));
    expect(made).toEqual(volumesOf(id));
  });

  it('is waited for while a copy that can be its origin runs', async () => {
    const name = 'slow-origin';
    const release = await flow.sim.holdLock('storage:local-lvm', 8_000, 'pve2');
    const first = flow.client.create(createRequest({ name })).then(({ id }) => id, kindOf);
    await until(
      async () => await Promise.resolve(flow.sim.world.guests[slotOf(name, 0)]?.config['lock']),
      (lock) => lock === 'clone',
    );
    const second = createUntilDone(other, name);
    release?.();
    const id = String(slotOf(name, 0));
    expect(await Promise.all([first, second])).toEqual([id, id]);
    expect(await claimedVms(flow.world, name)).toHaveLength(1);
  });
});

describe('a create whose process has died', () => {
  it('is finished by another one: its task is done, there is no VM, and the create is repeated', async () => {
    const slow = await startFlow({ settings: { PVE_TASK_TIMEOUT: '1s' }, simulator: { timeScale: 20 } });
    const successor = await slow.another(1);
    const { id, task } = await slow.client.create(createRequest({ name: 'orphaned' }));
    const ref = { id: task?.id ?? '' };
    // Dead to the world: whatever it sends from here on is cut off.
    slow.sim.faults.add([{ node: 'pve1', action: { dropBefore: true } }]);
    expect((await successor.client.taskStatus({ task: ref })).done).toBe(false);
    await expect(successor.client.describe({ id })).rejects.toMatchObject({ kind: 'busy' });
    await until(
      async () => (await successor.client.taskStatus({ task: ref })).done,
      (done) => done,
    );
    expect(await claimedVms(slow.world, 'orphaned')).toMatchObject([{ state: 'creating', lock: undefined }]);
    expect((await successor.client.describe({ id })).exists).toBe(false);
    expect((await successor.client.create(createRequest({ name: 'orphaned' }))).id).toBe(id);
    expect(await claimedVms(slow.world, 'orphaned')).toMatchObject([{ state: 'ready' }]);
    expect((await successor.client.describe({ id })).exists).toBe(true);
    slow.sim.faults.clear();
    await slow.stop();
  });
});
