import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClock } from '#runtime/clock';
import { hasPrivilege, readPermissions } from '#pve/access/permissions';
import { isVmidFree } from '#pve/cluster/nextid';
import { listGuests } from '#pve/cluster/resources';
import { readClusterStatus } from '#pve/cluster/status';
import { formatNet, parseNet } from '#pve/codec/net';
import { tokenAuthenticator } from '#pve/connection/authenticate';
import type { Pve } from '#pve/connection/pve';
import { isUnknownOutcome, PveError } from '#pve/errors';
import type { NodeName, Upid, Vmid } from '#pve/ids';
import { listBridges } from '#pve/nodes/network';
import { listStorages } from '#pve/nodes/storage';
import { activeTasks } from '#pve/nodes/tasks';
import { networkInterfaces } from '#pve/qemu/agent';
import { cloneVm } from '#pve/qemu/clone';
import { readConfig, updateConfig } from '#pve/qemu/config';
import { destroyVm } from '#pve/qemu/destroy';
import { readPending } from '#pve/qemu/pending';
import { resizeDisk } from '#pve/qemu/resize';
import { listSnapshots } from '#pve/qemu/snapshots';
import { changePower, readStatus } from '#pve/qemu/status';
import { readPower } from '#pve/rules/power';
import { saidBy } from '#pve/said';
import { uploadIso } from '#pve/storage/upload';
import { deleteVolume, listVolumes } from '#pve/storage/volumes';
import { requireSuccess, waitForTask } from '#pve/tasks';
import { readVersion } from '#pve/version';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { call, connectTo, failureOf } from './scripted-pve.ts';

const TIME_SCALE = 10;
const pve1 = 'pve1' as NodeName;
const template = { node: pve1, vmid: 9000 as Vmid };
describe('against a simulated cluster, over TLS, through another node than the VM’s', () => {
  let sim: Simulator;
  let pve: Pve;

  beforeAll(async () => {
    sim = await startSimulator({ cluster: 'three-node', timeScale: TIME_SCALE });
    pve = connectTo(sim.nodes[2]?.url ?? '', {
      ca: sim.ca,
      clock: createClock({ factor: TIME_SCALE }),
      authenticator: tokenAuthenticator(sim.token.id, sim.token.secret),
    });
  });

  afterAll(async () => {
    await pve.close();
    await sim.stop();
  });

  const clone = async (vmid: Vmid, name: string) =>
    await cloneVm(pve, template, { newid: vmid, name, description: 'claim', full: true }, call());

  test('the cluster tells about itself', async () => {
    expect((await readVersion(pve, call())).major).toBe(9);
    expect(await readClusterStatus(pve, call())).toMatchObject({ quorate: true, nodes: { length: 3 } });
    expect(hasPrivilege(await readPermissions(pve, call()), '/vms/100', 'VM.Clone')).toBe(true);
    expect((await listBridges(pve, pve1, call())).map((bridge) => bridge.name)).toContain('vmbr0');
    expect((await listStorages(pve, pve1, call(), 'iso')).map((entry) => entry.storage)).toContain('local');
    expect((await listGuests(pve, call())).map((guest) => guest.vmid)).toContain(9000);
  });

  test('a VM is cloned, changed, grown, started, asked, stopped and destroyed', async () => {
    const vm = { node: pve1, vmid: 500_001 as Vmid };
    expect(await isVmidFree(pve, vm.vmid, call())).toBe(true);
    const upid = await clone(vm.vmid, 'web');
    expect(await isVmidFree(pve, vm.vmid, call())).toBe(false);
    expect((await activeTasks(pve, pve1, call())).map((task) => task.upid)).toContain(upid);
    requireSuccess(await waitForTask(pve, upid, call()));

    const copy = await readConfig(pve, vm, call());
    expect(copy.lock).toBeUndefined();
    expect(copy.values).toMatchObject({ name: 'web', description: 'claim' });
    const net = parseNet(copy.values['net0'] ?? '');
    expect(net?.mac).toMatch(/^BC:24:11:/i);

    const set = { cores: 4, memory: 4096, net0: formatNet({ ...net, model: 'virtio', bridge: 'vmbr1', tag: 7 }) };
    requireSuccess(await updateConfig(pve, vm, { digest: copy.digest, set }, call()));
    const stale = updateConfig(pve, vm, { digest: copy.digest, set: { cores: 1 } }, call()).then(requireSuccess);
    expect(saidBy(await failureOf(stale))?.kind).toBe('digest-mismatch');

    const { digest } = await readConfig(pve, vm, call());
    requireSuccess(await resizeDisk(pve, vm, { disk: 'scsi0', size: '20G', digest }, call()));
    const grown = await readConfig(pve, vm, call());
    expect(grown.values).toMatchObject({ cores: '4', memory: '4096' });
    expect(grown.values['scsi0']).toContain('size=20G');
    expect(grown.values['net0']).toBe(formatNet({ ...net, model: 'virtio', bridge: 'vmbr1', tag: 7 }));
    const shrunk = resizeDisk(pve, vm, { disk: 'scsi0', size: '1G', digest: grown.digest }, call()).then(
      requireSuccess,
    );
    expect(saidBy(await failureOf(shrunk))?.kind).toBe('disk-shrink');

    requireSuccess(await waitForTask(pve, await changePower(pve, vm, 'start', call()), call()));
    expect(readPower(await readStatus(pve, vm, call()))).toBe('running');
    expect(await readPending(pve, vm, call())).toEqual([]);
    expect(await listSnapshots(pve, vm, call())).toEqual([]);
    await expect
      .poll(async () => await networkInterfaces(pve, vm, call()), { timeout: 15_000 })
      .toContainEqual(expect.objectContaining({ mac: net?.mac?.toUpperCase() }));

    const tooEarly = failureOf(destroyVm(pve, vm, call()));
    expect(saidBy(await tooEarly)?.kind).toBe('running');
    requireSuccess(await waitForTask(pve, await changePower(pve, vm, 'stop', call()), call()));
    requireSuccess(await waitForTask(pve, await destroyVm(pve, vm, call(), { purge: true }), call()));
    expect(await isVmidFree(pve, vm.vmid, call())).toBe(true);
    const gone = await failureOf(readConfig(pve, vm, call()));
    expect(saidBy(gone)).toEqual({ kind: 'vm-missing', details: { node: 'pve1', vmid: '500001' } });
  });

  test('waiting for a clone costs at most 4 looks and one a second', async () => {
    const before = sim.journal.entries.length;
    const upid = await clone(500_004 as Vmid, 'counted');
    requireSuccess(await waitForTask(pve, upid, call()));
    const [copy, ...looks] = sim.journal.after(before);
    expect(copy?.path).toBe('/nodes/pve1/qemu/9000/clone');
    expect(looks.length).toBeGreaterThan(1);
    for (const [index, look] of looks.entries()) {
      expect(look.path).toContain(`/tasks/${upid}/status`);
      expect(index + 1).toBeLessThanOrEqual(4 + (look.at - (copy?.at ?? 0)) / 1_000);
    }
  });

  test('an ISO comes and goes', async () => {
    const local = { node: pve1, storage: 'local' };
    const volid = await uploadIso(pve, local, 'vrtg-test.iso', new Uint8Array(400_000), call());
    expect(await listVolumes(pve, local, call(), { content: 'iso' })).toContainEqual(
      expect.objectContaining({ volid, sizeBytes: 400_000 }),
    );
    requireSuccess(await deleteVolume(pve, local, volid, call()));
    expect((await listVolumes(pve, local, call())).map((volume) => volume.volid)).not.toContain(volid);
  });

  test('of two clones for one id, one is told that it is taken', async () => {
    const vmid = 500_002 as Vmid;
    const ends = await Promise.all(
      ['one', 'two'].map(
        async (name) =>
          await clone(vmid, name)
            .then(async (upid) => requireSuccess(await waitForTask(pve, upid, call())))
            .catch((error: unknown) => saidBy(error)?.kind),
      ),
    );
    expect(ends).toContainEqual([]);
    expect(ends.filter((end) => end === 'vmid-taken' || end === 'lock-timeout')).toHaveLength(1);
  });

  test('a write whose answer was lost is an outcome that is unknown, and its task is found among the active ones', async () => {
    const vmid = 500_003 as Vmid;
    sim.faults.add([{ method: 'POST', path: '/clone$', count: 1, action: { dropAfter: true } }]);
    expect(isUnknownOutcome(await failureOf(clone(vmid, 'lost')))).toBe(true);
    const tasks = await activeTasks(pve, pve1, call());
    const found = tasks.find((task) => task.type === 'qmclone' && task.id === '9000')?.upid ?? ('' as Upid);
    sim.faults.clear();
    requireSuccess(await waitForTask(pve, found, call()));
    expect((await readConfig(pve, { node: pve1, vmid }, call())).values['name']).toBe('lost');
  });

  test('a read that is cut off is asked again, a write is not', async () => {
    sim.faults.add([{ path: '^/version$', count: 3, action: { dropBefore: true } }]);
    expect((await readVersion(pve, call())).major).toBe(9);
    sim.faults.add([{ method: 'POST', path: '/status/start$', count: 1, action: { dropBefore: true } }]);
    const error = await failureOf(changePower(pve, { node: pve1, vmid: 500_003 as Vmid }, 'start', call()));
    expect(isUnknownOutcome(error)).toBe(true);
    sim.faults.clear();
  });

  test('a worker that cannot be started is an outcome that is unknown', async () => {
    sim.faults.add([{ task: 'qmstart', count: 1, action: { noWorker: true } }]);
    const error = await failureOf(changePower(pve, { node: pve1, vmid: 500_003 as Vmid }, 'start', call()));
    expect(saidBy(error)?.kind).toBe('no-worker');
    expect(isUnknownOutcome(error)).toBe(true);
    sim.faults.clear();
  });

  test('a wrong secret is refused with 401', async () => {
    const stranger = connectTo(sim.nodes[0]?.url ?? '', {
      ca: sim.ca,
      authenticator: tokenAuthenticator(sim.token.id, '00000000-0000-4000-8000-00000000dead'),
    });
    const error = await failureOf(readVersion(stranger, call()));
    expect(error).toBeInstanceOf(PveError);
    expect(error).toMatchObject({ status: 401 });
    await stranger.close();
  });
});
