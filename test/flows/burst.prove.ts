import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeName, Vmid } from '#pve/ids';
import { cloneVm } from '#pve/qemu/clone';
import { requireSuccess, waitForTask } from '#pve/tasks';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, startFlow } from '../support/flow.ts';
import { startProviderProcess } from '../support/processes.ts';
import { createRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { claimedVms } from '../support/world.ts';

// Many creates at once from one template, in a world with PVE's own lock waits, on a storage that takes 0.8 s for a new
// volume, as thin pools and network storages under load do. PVE's storage lock is waited for 10 s.

const BURST = 20;
const names = (prefix: string): string[] => Array.from({ length: BURST }, (_, index) => `${prefix}-${index}`);

const cluster = {
  ...THREE_NODE,
  storages: THREE_NODE.storages.map((storage) =>
    storage.id === 'local-lvm' ? { ...storage, allocateMs: 800 } : storage,
  ),
};

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 10, cluster } });
});
afterAll(async () => await flow.stop());

describe('twenty creates at once from one template', () => {
  it('all succeed', async () => {
    const answers = await Promise.all(
      names('burst').map(async (name) => await flow.client.create(createRequest({ name }))),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(BURST);
    const vms = (await claimedVms(flow.world)).filter((vm) => vm.config['name']?.startsWith('burst-'));
    expect(vms.filter((vm) => vm.state === 'ready')).toHaveLength(BURST);
  });

  it('fail at least once for a client of the same PVE that does not queue', async () => {
    const call = deadlineIn(60_000);
    const source = { node: 'pve2' as NodeName, vmid: 9001 as Vmid };
    const outcomes = await Promise.allSettled(
      names('naive').map(async (name, index) => {
        const options = { newid: (500 + index) as Vmid, name, description: name, full: true };
        requireSuccess(await waitForTask(flow.pve, await cloneVm(flow.pve, source, options, call), call));
      }),
    );
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(failures.length).toBeGreaterThanOrEqual(1);
    expect(failures.map(({ reason }) => String(reason)).join('\n')).toMatch(/got timeout|got lock request timeout/);
  });
});

describe('a lock that is held for longer than PVE waits for it', () => {
  it.each(['storage:local-lvm', 'vm:9001'])('delays a create, and does not fail it (%s)', async (lock) => {
    const release = await flow.sim.holdLock(lock, 13_000, 'pve2');
    expect(release).toBeDefined();
    const name = `patient-${lock.replace(':', '-')}`;
    const { id } = await flow.client.create(createRequest({ name }));
    expect(await claimedVms(flow.world, name)).toMatchObject([{ vmid: Number(id), state: 'ready' }]);
    expect(flow.log.some((line) => /got timeout/.test(line))).toBe(true);
  });
});

describe('SIGTERM during twenty creates', () => {
  it('loses none and doubles none', async () => {
    const first = await startProviderProcess(flow.sim, 0);
    const running = names('drained').map(
      async (name) =>
        await first.client.create(createRequest({ name })).then(
          ({ id }) => id,
          () => undefined,
        ),
    );
    await until(
      async () => await claimedVms(flow.world),
      (vms) => vms.some((vm) => vm.config['name']?.startsWith('drained-') === true && vm.state === 'ready'),
    );
    expect(await first.kill('SIGTERM')).toBe(0);
    const told = await Promise.all(running);

    const second = await startProviderProcess(flow.sim, 2);
    const ids = await Promise.all(
      names('drained').map(async (name) => (await second.client.create(createRequest({ name }))).id),
    );
    expect(told.every((id, index) => id === undefined || id === ids[index])).toBe(true);
    expect(told.some((id) => id !== undefined)).toBe(true);
    const vms = (await claimedVms(flow.world)).filter((vm) => vm.config['name']?.startsWith('drained-'));
    expect(vms.map((vm) => `${vm.vmid} ${vm.state}`).sort()).toEqual(ids.map((id) => `${id} ready`).sort());
    await second.kill('SIGTERM');
  });
});
