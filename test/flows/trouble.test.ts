import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import { slotsFor } from '#claim/slots';
import { PowerOp } from '#rpc/contract';
import { deadlineIn } from '#runtime/deadline';
import { startFlow } from '../support/flow.ts';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { startProviderProcess } from '../support/processes.ts';
import { createRequest } from '../support/requests.ts';
import { type Stage, startStage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { claimedVms, newVolumes } from '../support/world.ts';
import { setQuorum } from '../pve-sim/quorum.ts';

// What goes wrong between the steps of an operation, and what has to be true afterwards all the same.

const forever = deadlineIn(Number.POSITIVE_INFINITY);
const kindOf = (error: { kind: string }): string => error.kind;

let flow: Stage;
beforeAll(async () => {
  flow = await startStage({ simulator: { timeScale: 20 } });
});
afterAll(async () => await flow.stop());

function guest(id: string | number) {
  const found = flow.sim.world.guests[Number(id)];
  if (found === undefined) throw new Error(`there is no guest ${id}`);
  return found;
}

async function made(name: string, userData?: string): Promise<string> {
  return (await flow.client.create(createRequest({ name, ...(userData === undefined ? {} : { userData }) }))).id;
}

describe('a create that has outlived its call', () => {
  it('goes on after a node that is silent for a while, a backup and a lock', async () => {
    const slow = await startFlow({ settings: { PVE_TASK_TIMEOUT: '1s' }, simulator: { timeScale: 10 } });
    slow.sim.faults.add([
      { method: 'POST', path: '/config$', count: 6, action: { answer: { status: 595, reason: 'No route to host' } } },
      {
        method: 'PUT',
        path: '/config$',
        count: 2,
        action: { answer: { status: 500, reason: 'VM is locked (backup)' } },
      },
    ]);
    const { id, task } = await slow.client.create(createRequest({ name: 'troubled' }));
    expect(task).toBeDefined();
    await until(
      async () => (await slow.client.taskStatus({ task: { id: task?.id ?? '' } })).done,
      (done) => done,
    );
    expect(await claimedVms(slow.world, 'troubled')).toMatchObject([{ vmid: Number(id), state: 'ready' }]);
    await slow.stop();
  });

  it('does not bring its VM back when that was deleted meanwhile', async () => {
    const slow = await startFlow({ settings: { PVE_TASK_TIMEOUT: '1s' }, simulator: { timeScale: 10 } });
    const { id, task } = await slow.client.create(createRequest({ name: 'unwanted' }));
    expect(task).toBeDefined();
    await slow.client.delete({ id }).catch(kindOf);
    await until(
      async () => await slow.client.delete({ id }).then(() => 'done', kindOf),
      (outcome) => outcome === 'done',
    );
    await until(
      async () => (await slow.client.taskStatus({ task: { id: task?.id ?? '' } })).done,
      (done) => done,
    );
    expect(await claimedVms(slow.world, 'unwanted')).toEqual([]);
    expect(writesSince(slow.sim, 0).filter((write) => write.endsWith('/clone'))).toHaveLength(1);
    await slow.stop();
  });

  it('does not copy again when its copy has failed: the manager is told that there is no VM', async () => {
    const slow = await startFlow({ settings: { PVE_TASK_TIMEOUT: '1s' }, simulator: { timeScale: 10 } });
    slow.sim.faults.add([{ task: 'qmclone', action: { killWorker: 'TERM', afterMs: 1_500 } }]);
    const { id, task } = await slow.client.create(createRequest({ name: 'failing' }));
    await until(
      async () => (await slow.client.taskStatus({ task: { id: task?.id ?? '' } })).done,
      (done) => done,
    );
    const exists = await until(
      async () => await slow.client.describe({ id }).then((answer) => String(answer.exists), kindOf),
      (answer) => answer !== 'busy',
    );
    expect(exists).toBe('false');
    expect(writesSince(slow.sim, 0).filter((write) => write.endsWith('/clone'))).toHaveLength(1);
    await slow.stop();
  });

  it('that fails for good leaves nothing, and is not tried again at once', async () => {
    const slow = await startFlow({ settings: { PVE_TASK_TIMEOUT: '1s' }, simulator: { timeScale: 10 } });
    const refusal = { answer: { status: 400, reason: 'Parameter verification failed.' } };
    slow.sim.faults.add([{ method: 'POST', path: '/config$', count: 1, action: refusal }]);
    const before = await slow.world.volumes();
    const { id, task } = await slow.client.create(createRequest({ name: 'refused' }));
    await until(
      async () => (await slow.client.taskStatus({ task: { id: task?.id ?? '' } })).done,
      (done) => done,
    );
    expect((await slow.client.describe({ id })).exists).toBe(false);
    expect(await claimedVms(slow.world, 'refused')).toEqual([]);
    expect(await slow.world.volumes()).toEqual(before);
    const since = lastRequest(slow.sim);
    const again = { kind: 'invalid-spec', message: expect.stringMatching(/tried again after \d{4}-\d\d-\d\dT/) };
    await expect(slow.client.create(createRequest({ name: 'refused' }))).rejects.toMatchObject(again);
    expect(requestsSince(slow.sim, since)).toEqual([]);
    const made = await until(
      async () => await slow.client.create(createRequest({ name: 'refused' })).then((answer) => answer.id, kindOf),
      (outcome) => outcome !== 'invalid-spec',
    );
    expect(made).toMatch(/^\d+$/);
    await slow.stop();
  });

  it('keeps nobody from deleting a VM that it cannot finish', async () => {
    const slow = await startFlow({ settings: { PVE_TASK_TIMEOUT: '1s' }, simulator: { timeScale: 10 } });
    const { id, task } = await slow.client.create(createRequest({ name: 'stuck', class: { CPU: 7 } }));
    expect(task).toBeDefined();
    slow.sim.faults.add([{ method: 'POST', path: '/config$', count: 1, action: { delayMs: 3_000 } }]);
    await until(
      async () => await claimedVms(slow.world, 'stuck'),
      ([vm]) => vm !== undefined && vm.lock === undefined,
    );
    await slow.pve.post(`/nodes/pve2/qemu/${id}/status/start`, forever);
    await until(
      async () => await Promise.resolve(slow.log.some((line) => line.includes('not in force yet'))),
      (isStuck) => isStuck,
    );
    await slow.client.delete({ id });
    expect(await claimedVms(slow.world, 'stuck')).toEqual([]);
    await slow.stop();
  });

  it('is not handed over by a provider that has to stop: its caller is told to repeat the call', async () => {
    const sim = flow.sim;
    const provider = await startProviderProcess(sim, 0);
    const outcome = provider.client
      .create(createRequest({ name: 'stopped' }))
      .then(({ task }) => task?.id ?? 'done', kindOf);
    await until(
      async () => await Promise.resolve(Object.values(sim.world.guests).some((one) => one.config['lock'] === 'clone')),
      (isCopying) => isCopying,
    );
    // The copy is held up for longer than a drain waits.
    const release = await sim.holdLock('storage:local-lvm', 9_000, 'pve2');
    await provider.kill('SIGTERM');
    release?.();
    expect(await outcome).toMatch(/^(busy|done)$/);
    const { id } = await until(
      async () => await flow.client.create(createRequest({ name: 'stopped' })),
      (answer) => answer.task === undefined,
    );
    expect(await claimedVms(flow.world, 'stopped')).toMatchObject([{ vmid: Number(id), state: 'ready' }]);
  });

  it('writes nothing once its caller has given up', async () => {
    const giveUp = new AbortController();
    const request = createRequest({ name: 'given-up' });
    const outcome = flow.client.create(request, { signal: giveUp.signal }).then(() => 'done', kindOf);
    const before = Object.keys(flow.sim.world.guests);
    const [vmid] = await until(
      async () => await Promise.resolve(Object.keys(flow.sim.world.guests).filter((key) => !before.includes(key))),
      (added) => added.length > 0,
    );
    giveUp.abort();
    expect(await outcome).toBe('cancelled');
    const since = lastRequest(flow.sim);
    // Long enough for the copy to end and for all that would follow it.
    await made('after-it');
    expect(await claimedVms(flow.world, 'given-up')).toMatchObject([{ vmid: Number(vmid), state: 'creating' }]);
    expect(writesSince(flow.sim, since).filter((write) => write.includes(`/qemu/${vmid}/`))).toEqual([]);
  });
});

describe('a create', () => {
  it('does not copy a VM that has got the id of the template meanwhile', async () => {
    // Slow enough for the view to show the template for some seconds more, as PVE's does.
    const lagging = await startFlow({ simulator: { timeScale: 2 } });
    const template = lagging.sim.world.guests[9000];
    if (template === undefined) throw new Error('there is no template 9000');
    template.config['name'] = 'payroll-db';
    delete template.config['template'];
    const byName = createRequest({ name: 'fooled-by-name', image: { TemplateName: 'debian-12-template' } });
    const renamed = { kind: 'busy', message: expect.stringContaining('it has another name now') };
    await expect(lagging.client.create(byName)).rejects.toMatchObject(renamed);
    const byId = createRequest({ name: 'fooled-by-id', image: { TemplateName: '9000' } });
    const changed = { kind: 'busy', message: expect.stringContaining('shows it as a template still') };
    await expect(lagging.client.create(byId)).rejects.toMatchObject(changed);
    expect(writesSince(lagging.sim, 0)).toEqual([]);
    await lagging.stop();
  });

  it('is not ready while PVE has not taken over what it was told', async () => {
    const name = 'started-too-early';
    flow.sim.faults.add([{ method: 'POST', path: '/config$', count: 1, action: { delayMs: 4_000 } }]);
    const outcome = flow.client
      .create(createRequest({ name, class: { CPU: 7 } }), { deadlineMs: 4_000 })
      .then(({ id }) => id, kindOf);
    const [vm] = await until(
      async () => await claimedVms(flow.world, name),
      ([found]) => found !== undefined && found.lock === undefined,
    );
    await flow.pve.post(`/nodes/pve2/qemu/${vm?.vmid}/status/start`, forever);
    expect(await outcome).toBe('busy');
    expect(await claimedVms(flow.world, name)).toMatchObject([{ state: 'creating' }]);
    await flow.pve.post(`/nodes/pve2/qemu/${vm?.vmid}/status/stop`, forever);
    const { id } = await flow.client.create(createRequest({ name, class: { CPU: 7 } }));
    expect(guest(id).config['vcpus']).toBe('7');
    flow.sim.faults.clear();
  });

  it('resumed with another ISO storage, after an ISO was uploaded and not attached, leaves one ISO', async () => {
    const request = createRequest({ name: 'one-iso', userData: '#cloud-config\n' });
    const before = await flow.world.volumes();
    flow.sim.faults.add([
      {
        method: 'POST',
        path: '/config$',
        count: 1,
        action: { answer: { status: 400, reason: 'Parameter verification failed.' } },
      },
    ]);
    await expect(flow.client.create(request)).rejects.toMatchObject({ kind: 'invalid-spec' });
    flow.sim.faults.clear();
    const other = await startProviderProcess(flow.sim, 1, { PVE_ISO_STORAGE: 'local' });
    const { id } = await other.client.create(request);
    const isos = newVolumes(before, await flow.world.volumes()).filter((volume) => volume.includes('vrtg-'));
    expect(isos).toEqual([expect.stringMatching(new RegExp(`^pve2/local:iso/vrtg-${id}-`))]);
    await other.client.delete({ id });
    expect(newVolumes(before, await flow.world.volumes())).toEqual([]);
    await other.kill('SIGTERM');
  });

  it('is not protected against its deletion by what its template is protected by', async () => {
    guest(9001).config['protection'] = '1';
    const id = await made('inherits');
    delete guest(9001).config['protection'];
    expect(guest(id).config['protection']).toBeUndefined();
    await flow.client.delete({ id });
  });
});

describe('two creates at once', () => {
  it('leave one VM when the window has changed while one of them was queued', async () => {
    const seed = { instance: 'test/flow', kind: 'vm', owner: 'contested' } as const;
    const [first = 0] = slotsFor(seed, { low: 100_000, high: 999_999 });
    const foreign = {
      vmid: first,
      node: 'pve3',
      template: false,
      config: { name: 'in-the-way', memory: '512' },
      disks: [],
    };
    const storages = THREE_NODE.storages.map((one) => (one.id === 'local-lvm' ? { ...one, allocateMs: 2_000 } : one));
    const cluster = { ...THREE_NODE, storages, guests: [...THREE_NODE.guests, foreign] };
    const busy = await startFlow({ simulator: { cluster, timeScale: 20 } });
    const other = await busy.another(1);
    const clones = (): number => writesSince(busy.sim, 0).filter((write) => write.endsWith('/clone')).length;

    // Four copies from one template fill the queue of the first provider.
    const crowd = ['a', 'b', 'c', 'd'].map(
      async (name) => await busy.client.create(createRequest({ name: `crowd-${name}` })),
    );
    await until(
      async () => await Promise.resolve(clones()),
      (count) => count === 4,
    );
    const looked = lastRequest(busy.sim);
    const queued = busy.client.create(createRequest({ name: 'contested' }));
    await until(
      async () => await Promise.resolve(requestsSince(busy.sim, looked)),
      (requests) => requests.some((request) => request.endsWith('/qemu/9001/config')),
    );
    delete busy.sim.world.guests[first];
    const direct = other.client.create(createRequest({ name: 'contested' }));

    const ids = await Promise.all([queued, direct]);
    expect(ids.map(({ id }) => id)).toEqual([String(first), String(first)]);
    expect(await claimedVms(busy.world, 'contested')).toHaveLength(1);
    await Promise.all(crowd);
    await busy.stop();
  });
});

describe('a delete', () => {
  it('that is repeated by another provider while the first one runs sends no second destroy', async () => {
    const slow = await startFlow({ simulator: { timeScale: 10, durations: { freeVolumeMs: 3_000 } } });
    const other = await slow.another(1);
    const { id } = await slow.client.create(createRequest({ name: 'twice-deleted' }));
    const since = lastRequest(slow.sim);
    const destroys = (): string[] =>
      writesSince(slow.sim, since).filter((write) => write === `DELETE /nodes/pve2/qemu/${id}`);
    const first = slow.client.delete({ id });
    await until(
      async () => await Promise.resolve(destroys()),
      ({ length }) => length > 0,
    );
    await Promise.all([first, other.client.delete({ id }).catch(kindOf)]);
    expect(destroys()).toHaveLength(1);
    expect(await claimedVms(slow.world, 'twice-deleted')).toEqual([]);
    await slow.stop();
  });

  it('that leaves a remnant is no success', async () => {
    const id = await made('half-deleted');
    const release = await flow.sim.holdLock('user.cfg', 30_000);
    await expect(flow.client.delete({ id })).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringContaining('destroyed'),
    });
    release?.();
    expect(guest(id).config).toEqual({ lock: 'destroyed' });
    delete flow.sim.world.guests[Number(id)];
  });

  it('frees nothing when quorum is lost while the VM stops', async () => {
    const id = await made('quorum-lost', '#cloud-config\n');
    await flow.client.power({ id, op: PowerOp.ON });
    const volumes = await flow.world.volumes();
    const since = lastRequest(flow.sim);
    const outcome = flow.client.delete({ id }).then(() => 'done', kindOf);
    await until(
      async () => await Promise.resolve(writesSince(flow.sim, since)),
      (writes) => writes.some((write) => write.endsWith('/status/stop')),
    );
    setQuorum(flow.sim.world, false);
    expect(await outcome).toBe('busy');
    expect(await flow.world.volumes()).toEqual(volumes);
    setQuorum(flow.sim.world, true);
    await flow.client.delete({ id });
  });

  it('goes on without an ISO whose storage has been disabled', async () => {
    const id = await made('iso-gone', '#cloud-config\n');
    const shared = flow.sim.world.storages['shared'];
    if (shared === undefined) throw new Error('there is no shared storage');
    shared.disabled = true;
    await flow.client.delete({ id });
    shared.disabled = false;
    expect(await claimedVms(flow.world, 'iso-gone')).toEqual([]);
  });
});

describe("another owner's VM", () => {
  it('is refused to who sends another uid, and given to who sends none', async () => {
    const owner = { namespace: 'a', name: 'owned', uid: 'uid-1' };
    const { id } = await flow.client.create(createRequest({ name: 'owned' }), { owner });
    const other = { owner: { namespace: 'b', name: 'owned', uid: 'uid-2' } };
    const refusal = { kind: 'precondition', message: expect.stringMatching(/VM a\/owned with another uid/) };
    await expect(flow.client.describe({ id }, other)).rejects.toMatchObject(refusal);
    await expect(flow.client.power({ id, op: PowerOp.ON }, other)).rejects.toMatchObject(refusal);
    await expect(flow.client.delete({ id }, other)).rejects.toMatchObject(refusal);
    expect((await flow.client.describe({ id })).exists).toBe(true);
    await flow.client.delete({ id }, { owner });
  });
});

describe('the memory of a deleted VM', () => {
  it('does not speak for its absence when another provider has made it again', async () => {
    // A single id, so that it is taken again although something was destroyed there a moment ago.
    const narrow = await startFlow({ settings: { PVE_VMID_RANGE: '500-500' } });
    const { client, sim } = narrow;
    const { id } = await client.create(createRequest({ name: 'back-again' }));
    await client.delete({ id });
    const other = await narrow.another(1);
    expect((await other.client.create(createRequest({ name: 'back-again' }))).id).toBe(id);
    const { acl } = sim.world.access;
    const hidden = { path: `/vms/${id}`, subject: sim.token.id, role: 'NoAccess', propagate: true };
    sim.world.access.acl = [...acl, hidden];
    await expect(client.describe({ id })).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(client.delete({ id })).rejects.toMatchObject({ kind: 'forbidden' });
    sim.world.access.acl = acl;
    await client.delete({ id });
    await narrow.stop();
  });
});

describe('a cloud-init drive that gives way to an ISO', () => {
  it('is gone also where its storage was too busy for PVE to free it', async () => {
    const volumes = await flow.world.volumes();
    // From the moment the ISO is there, for longer than PVE waits for it.
    const isMet = flow.moments.at(
      { method: 'POST', path: /\/upload$/ },
      () => void flow.sim.holdLock('storage:local-lvm', 15_000, 'pve2'),
    );
    const { id } = await flow.client.create(createRequest({ name: 'busy-storage', userData: '#cloud-config\n' }));
    expect(isMet()).toBe(true);
    expect(flow.log.some((line) => line.includes('Deleted a cloud-init drive that PVE had left behind'))).toBe(true);
    const left = newVolumes(volumes, await flow.world.volumes()).map((volume) =>
      volume.replace(/-[a-z2-7]{12}-\w+/, ''),
    );
    expect(left).toEqual([`pve2/local-lvm:vm-${id}-disk-0`, `shared:iso/vrtg-${id}.iso`]);
  });
});

describe('a task id', () => {
  it('that PVE has forgotten, or whose VM has become another one, is done', async () => {
    const forgotten = 'UPID:pve2:00001234:00005678:6553F100:qmclone:9001:virtrigaud@pve!vrtg:';
    expect(await flow.client.taskStatus({ task: { id: forgotten } })).toMatchObject({ done: true, error: '' });
    const id = await made('another-one');
    const task = { id: `vrtg1.create.${id}.aaaaaaaaaaaa.ready.${forgotten}` };
    expect(await flow.client.taskStatus({ task })).toMatchObject({ done: true, error: '' });
  });
});

describe('a reboot', () => {
  it('whose answer is lost is not repeated', async () => {
    const id = await made('rebooted-once');
    await flow.client.power({ id, op: PowerOp.ON });
    await until(
      async () => await flow.client.describe({ id }),
      ({ ips }) => ips.length > 0,
    );
    const since = lastRequest(flow.sim);
    flow.sim.faults.add([{ method: 'POST', path: '/status/reboot$', count: 1, action: { dropAfter: true } }]);
    await flow.client.power({ id, op: PowerOp.REBOOT });
    flow.sim.faults.clear();
    expect(writesSince(flow.sim, since)).toEqual([`POST /nodes/pve2/qemu/${id}/status/reboot`]);
    expect(guest(id).run?.qmpStatus).toBe('running');
    const sinceThen = lastRequest(flow.sim);
    await flow.client.power({ id, op: PowerOp.REBOOT }, { askedSecondsAgo: 3600 });
    expect(writesSince(flow.sim, sinceThen)).toEqual([]);
    await flow.sim.clock.sleep(5000);
    await flow.client.power({ id, op: PowerOp.REBOOT }, { askedSecondsAgo: 0 });
    expect(writesSince(flow.sim, sinceThen)).toEqual([`POST /nodes/pve2/qemu/${id}/status/reboot`]);
  });
});

describe('a reboot that the guest refuses', () => {
  it('is told as refused also when its answer was lost', async () => {
    const id = await made('refuses');
    await flow.client.power({ id, op: PowerOp.ON });
    guest(id).behaviour.shutdown = 'never';
    const reboot = { id, op: PowerOp.REBOOT, gracefulTimeoutSeconds: 5 };
    flow.sim.faults.add([{ method: 'POST', path: '/status/reboot$', count: 1, action: { dropAfter: true } }]);
    const refusal = { kind: 'precondition', message: expect.stringContaining('did not shut down within 5 s') };
    await expect(flow.client.power(reboot)).rejects.toMatchObject(refusal);
    flow.sim.faults.clear();
    await flow.client.power({ id, op: PowerOp.OFF });
    await flow.client.delete({ id });
  });
});

describe('a VMID that somebody else has taken over between two looks', () => {
  it('is not described as ours any more', async () => {
    const id = await made('replaced');
    expect(JSON.parse((await flow.client.describe({ id })).providerRawJson)).toMatchObject({ claim: 'ready' });
    await flow.pve.delete(`/nodes/pve2/qemu/${id}`, forever);
    await until(
      async () => await Promise.resolve(flow.sim.world.guests[Number(id)]),
      (found) => found === undefined,
    );
    await flow.pve.post('/nodes/pve2/qemu', forever, { vmid: Number(id), name: 'stranger', memory: 512 });
    const seen = await until(
      async () => JSON.parse((await flow.client.describe({ id })).providerRawJson) as { claim: string },
      ({ claim }) => claim === 'none',
    );
    expect(seen.claim).toBe('none');
    await flow.pve.delete(`/nodes/pve2/qemu/${id}`, forever);
  });
});

describe('many silent agents', () => {
  it('do not keep an operation on another VM of their node waiting', async () => {
    const silent = Array.from({ length: 8 }, (_, index) => ({
      vmid: 300 + index,
      node: 'pve3',
      template: false,
      config: { name: `silent-${index}`, agent: '1', memory: '512', net0: 'virtio,bridge=vmbr0' },
      disks: [],
      behaviour: { agent: 'silent' as const },
    }));
    const quiet = await startFlow({
      simulator: { timeScale: 2, cluster: { ...THREE_NODE, guests: [...THREE_NODE.guests, ...silent] } },
    });
    await Promise.all(silent.map(async ({ vmid }) => await quiet.client.power({ id: String(vmid), op: PowerOp.ON })));
    await Promise.all(silent.map(async ({ vmid }) => await quiet.client.describe({ id: String(vmid) })));
    const since = lastRequest(quiet.sim);
    const startedAt = quiet.sim.clock.now();
    await quiet.client.power({ id: '100', op: PowerOp.ON });
    // A start takes 1 s here; eight agents, one after the other, 24 s.
    expect(quiet.sim.clock.now() - startedAt).toBeLessThan(4_000);
    expect(requestsSince(quiet.sim, since).filter((request) => request.includes('/agent/')).length).toBeLessThanOrEqual(
      2,
    );
    await quiet.stop();
  });
});
