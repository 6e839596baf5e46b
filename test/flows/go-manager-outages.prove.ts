import { describe, expect, it } from 'vitest';
import type { DaemonState } from '#pve-sim/world/world';
import { deadlineIn } from '#runtime/deadline';
import { startClusterService } from '../support/go-manager/cluster-service.ts';
import {
  changeSpec,
  endings,
  everyObject,
  isSettled,
  leftVolumes,
  manage,
  startWatchedFlow,
  statusOf,
} from '../support/go-manager/stage.ts';
import type { VirtualMachine, VirtualMachineStatus } from '../support/go-manager/virtual-machine.ts';
import { rootDisk } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { claimedVms } from '../support/world.ts';

// What the model of VirtRigaud's manager does to VMs while a provider, the manager itself, or PVE is away.

const forever = deadlineIn(Number.POSITIVE_INFINITY);
const MINUTE_MS = 60_000;
const USER_DATA = '#cloud-config\n';

describe('a provider that is replaced in the middle of its work', () => {
  it('leaves its copies to its successor, which ends them: one VM each', async ({ onTestFinished: atEnd }) => {
    const flow = await startWatchedFlow(atEnd, { settings: { PVE_TASK_TIMEOUT: '1s' } });
    const service = await startClusterService();
    atEnd(async () => await service.close());
    const first = await flow.another(0);
    service.pointTo(first.provider.port);
    const manager = manage(atEnd, flow, { endpoint: () => service.address });
    const names = Array.from({ length: 15 }, (_, index) => `moved-${index}`);
    for (const name of names) manager.apply(name, { disks: [rootDisk(20)], userData: USER_DATA });
    const hasTask = ({ status }: VirtualMachine): boolean => status.lastTaskRef !== '';
    await manager.until(() => [...manager.objects.values()].filter(hasTask).length >= 5);

    service.pointTo(undefined);
    await first.end();
    const unfinished = (await claimedVms(flow.world)).filter(({ state }) => state === 'creating');
    expect(unfinished.length).toBeGreaterThan(0);
    service.pointTo((await flow.another(1)).provider.port);
    await manager.until(everyObject(manager, isSettled));

    const vms = await claimedVms(flow.world);
    expect(vms.map(({ state, lock }) => `${state} ${lock ?? 'unlocked'}`)).toEqual(names.map(() => 'ready unlocked'));
    expect(flow.doubled).toEqual(new Set());
    expect([...manager.record.ids.values()].map((ids) => ids.length)).toEqual(names.map(() => 1));
    expect(manager.breakerOpenings).toBe(0);
  });
});

describe('a manager', () => {
  const names = Array.from({ length: 12 }, (_, index) => `forgotten-${index}`);

  it('whose first writes get lost, and which is restarted in the middle, has one VM for each object', async ({
    onTestFinished: atEnd,
  }) => {
    const flow = await startWatchedFlow(atEnd, { settings: { PVE_TASK_TIMEOUT: '1s' } });
    const lost = new Set<string>();
    const losesWrite = (vm: VirtualMachine, { id }: VirtualMachineStatus): boolean => {
      if (id === '' || vm.status.id !== '' || lost.has(vm.name)) return false;
      lost.add(vm.name);
      return true;
    };
    const first = manage(atEnd, flow, { losesWrite });
    for (const name of names) first.apply(name, { userData: USER_DATA });
    await first.until(() => lost.size >= 6);
    first.stop();
    expect(everyObject(first, isSettled)()).toBe(false);

    const second = manage(atEnd, flow, { objects: first.objects, losesWrite });
    await second.until(everyObject(second, isSettled));
    expect(lost.size).toBe(names.length);
    const vms = await claimedVms(flow.world);
    const told = [...second.objects.values()].map(({ status }) => `${status.id} ready`);
    expect(vms.map(({ vmid, state }) => `${vmid} ${state}`).sort()).toEqual(told.sort());
    expect(flow.doubled).toEqual(new Set());
  });

  const SILENCES: readonly DaemonState[] = ['stopped', 'frozen'];
  it.for(SILENCES)(
    'lets no finalizer go while PVE is %s for two minutes',
    async (silence, { onTestFinished: atEnd }) => {
      const flow = await startWatchedFlow(atEnd);
      const before = await flow.world.volumes();
      const manager = manage(atEnd, flow);
      for (const name of names) manager.apply(name, { userData: USER_DATA });
      await manager.until(everyObject(manager, isSettled));

      await flow.sim.setDaemon('pve1', 'api', silence);
      const endsAt = flow.sim.clock.now() + 2 * MINUTE_MS;
      for (const name of names) manager.delete(name);
      await manager.until(() => flow.sim.clock.now() >= endsAt);
      expect(manager.record.finalizers).toEqual([]);
      expect(await claimedVms(flow.world)).toHaveLength(names.length);
      await flow.sim.setDaemon('pve1', 'api', 'running');
      await manager.until(() => manager.objects.size === 0);

      expect(new Set(manager.record.finalizers.map(({ why }) => why))).toEqual(new Set(['deleted']));
      expect(await claimedVms(flow.world)).toEqual([]);
      expect(await leftVolumes(flow, before)).toEqual([]);
      expect(manager.breakerOpenings).toBe(0);
    },
  );

  it('keeps the finalizer of a VM whose destroy was stopped, and is told what to do about it', async ({
    onTestFinished: atEnd,
  }) => {
    const flow = await startWatchedFlow(atEnd);
    const manager = manage(atEnd, flow);
    manager.apply('half-gone', {});
    await manager.until(everyObject(manager, isSettled));
    flow.sim.faults.add([{ task: 'qmdestroy', count: 1, action: { killWorker: 'TERM', afterMs: 100 } }]);
    manager.delete('half-gone');
    const message = (): string => statusOf(manager, 'half-gone')?.message ?? '';
    await manager.until(() => message().includes('locked (destroyed)'));
    const id = statusOf(manager, 'half-gone')?.id ?? '';
    expect(message()).toContain(`"qm unlock ${id}", then "qm destroy ${id}" on pve2`);
    expect(manager.record.finalizers).toEqual([]);

    delete flow.sim.world.guests[Number(id)]?.config['lock'];
    await flow.pve.delete(`/nodes/pve2/qemu/${id}`, forever);
    await manager.until(() => manager.objects.size === 0);
    expect(manager.record.finalizers).toMatchObject([{ name: 'half-gone', id }]);
    expect(flow.sim.world.guests[Number(id)]).toBeUndefined();
  });
});

describe('an adopted VM', () => {
  it('is never said to be missing while it exists, whatever becomes of its node', async ({ onTestFinished: atEnd }) => {
    const flow = await startWatchedFlow(atEnd);
    const manager = manage(atEnd, flow);
    expect(await manager.adoptAll()).toMatchObject({
      adopted: [{ name: 'legacy-app', status: { id: '100' } }],
      message: '',
    });
    changeSpec(manager, 'legacy-app', { powerState: 'On' });
    const countOf = (ending: RegExp): number =>
      [...manager.record.codes].reduce((sum, [key, count]) => (ending.test(key) ? sum + count : sum), 0);
    const someMore = async (ending: RegExp): Promise<void> => {
      const enough = countOf(ending) + 5;
      await manager.until(() => countOf(ending) >= enough);
    };
    await manager.until(() => statusOf(manager, 'legacy-app')?.powerState === 'On');

    const { acl } = flow.sim.world.access;
    const hidden = { path: '/vms/100', subject: flow.sim.token.id, role: 'NoAccess', propagate: true };
    flow.sim.world.access.acl = [...acl, hidden];
    await someMore(/^describe PermissionDenied/);
    flow.sim.world.access.acl = acl;
    await someMore(/^describe OK/);

    await flow.sim.setNodeOnline('pve3', false);
    await someMore(/^describe (FailedPrecondition|Aborted)/);
    await flow.sim.setNodeOnline('pve3', true);
    await manager.until(everyObject(manager, isSettled));

    changeSpec(manager, 'legacy-app', { powerState: 'Off' });
    await manager.until(() => statusOf(manager, 'legacy-app')?.powerState === 'Off');
    await flow.pve.post('/nodes/pve3/qemu/100/migrate', forever, { target: 'pve1', 'with-local-disks': 1 });
    await until(
      async () => await Promise.resolve(flow.sim.world.guests[100]),
      (guest) => guest?.node === 'pve1' && guest.config['lock'] === undefined,
    );
    await someMore(/^describe OK/);
    expect(manager.record.saidMissing).toEqual([]);
    expect(endings(manager, /^create /)).toEqual([]);
    expect(statusOf(manager, 'legacy-app')?.id).toBe('100');
    expect(manager.breakerOpenings).toBe(0);
  });
});
