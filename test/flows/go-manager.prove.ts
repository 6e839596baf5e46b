import { describe, expect, it } from 'vitest';
import { LOCAL_LVM } from '#pve-sim/clusters/inventory';
import { THREE_NODE } from '#pve-sim/clusters/three-node';
import type { FaultAction, FaultRule } from '#pve-sim/faults';
import {
  type AtEnd,
  changeSpec,
  cloneCount,
  COUNTED,
  endings,
  everyObject,
  isSettled,
  leftVolumes,
  manage,
  startWatchedFlow,
  statusOf,
  type WatchedFlow,
} from '../support/go-manager/stage.ts';
import type { VirtualMachineSpec } from '../support/go-manager/virtual-machine.ts';
import { nic, rootDisk } from '../support/requests.ts';
import { claimedVms } from '../support/world.ts';

// The provider under a model of VirtRigaud's own manager, whose defects are the ones a provider has to live with: it
// repeats everything blindly every 5 s, forgets what it was told, and creates what it is told not to exist.

const MINUTE_MS = 60_000;
const GIB = 1024 ** 3;

const LOCK_TIMEOUT = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout";
const FORMS: readonly FaultAction[] = [
  { answer: { status: 596, reason: 'Connection timed out' } },
  { dropAfter: true },
  { dropBefore: true },
  { answer: { status: 595, reason: 'No route to host' } },
];
/**
 * Left out are workers that leave what no call can remove: a destroy that is stopped leaves a guest under the lock
 * `destroyed` (it has a test of its own), and a change of drives that is stopped the volume of the old cloud-init drive.
 */
const WORKERS = ['qmclone', 'resize', 'qmstart', 'qmstop', 'qmshutdown', 'imgdel'];

/** Something goes wrong with every fifth call, in turn, and with every fifth write and worker beside that. */
const TROUBLE: readonly FaultRule[] = [
  ...FORMS.map((action, index) => ({ skip: 5 * index + 4, every: 5 * FORMS.length, action })),
  {
    method: 'POST',
    path: '/(clone|config|start|stop|shutdown)$',
    skip: 4,
    every: 5,
    action: { answer: { status: 500, reason: LOCK_TIMEOUT } },
  },
  ...WORKERS.map((task) => ({ task, skip: 4, every: 5, action: { killWorker: 'TERM' as const, afterMs: 300 } })),
];

const names = Array.from({ length: 50 }, (_, index) => `vm-${index}`);
const isOneOfUs = (name: string): boolean => names.includes(name);

function specOf(index: number): VirtualMachineSpec {
  return {
    image: { TemplateName: index % 4 === 0 ? 'debian-12-template' : '9001' },
    networks: [nic()],
    disks: [rootDisk(20)],
    ...(index % 3 === 0 ? { userData: '#cloud-config\npackages: [nginx]\n' } : {}),
  };
}

const TOO_LONG = 'x'.repeat(64);
const MISTAKES: Readonly<Record<string, VirtualMachineSpec>> = {
  'no-template': { image: { TemplateName: 'no-such-template' } },
  'no-bridge': { networks: [nic({ Bridge: 'vmbr9' })] },
  [TOO_LONG]: {},
};

describe('fifty VMs with trouble at every fifth call to PVE', () => {
  it("all end as asked, and a person's mistake harms nobody else", async ({ onTestFinished: atEnd }) => {
    const flow = await startWatchedFlow(atEnd);
    const before = await flow.world.volumes();
    flow.sim.faults.add(TROUBLE);
    const manager = manage(atEnd, flow);
    for (const [index, name] of names.entries()) manager.apply(name, specOf(index));
    for (const [name, spec] of Object.entries(MISTAKES)) manager.apply(name, spec);

    await manager.until(everyObject(manager, (vm) => !isOneOfUs(vm.name) || isSettled(vm)));
    for (const name of Object.keys(MISTAKES)) {
      const told = manager.record.failures.filter(({ about, rpc }) => about === name && rpc === 'create');
      expect(told.map(({ code }) => code)).toContain('InvalidArgument');
    }
    expect([...manager.record.ids.keys()].sort()).toEqual([...names].sort());

    changeSpec(manager, 'no-template', specOf(0));
    changeSpec(manager, 'no-bridge', { networks: [nic({ Bridge: 'vmbr1' })] });
    manager.delete(TOO_LONG);
    manager.apply('short-name', {});
    await manager.until(() => !manager.objects.has(TOO_LONG) && everyObject(manager, isSettled)());
    expect(await claimedVms(flow.world)).toHaveLength(53);

    for (const [index, name] of names.entries()) {
      changeSpec(manager, name, { powerState: index % 2 === 0 ? 'Off' : 'OffGraceful' });
    }
    await manager.until(() => names.every((name) => statusOf(manager, name)?.powerState === 'Off'));

    // Some are started first, others are changed first.
    for (const name of names) changeSpec(manager, name, { powerState: 'On', class: { CPU: 4 } });
    await manager.until(() => names.every((name) => statusOf(manager, name)?.currentResources?.cpu === 4));
    expect(endings(manager, /^reconfigure (?!OK|Aborted|FailedPrecondition)/)).toEqual([]);
    await manager.until(everyObject(manager, isSettled));
    const vms = await claimedVms(flow.world);
    expect(vms.filter(({ running, state }) => running && state === 'ready')).toHaveLength(53);
    const cpus = vms.map(({ config }) => config['vcpus'] ?? config['cores']);
    expect(cpus.filter((count) => count === '4').length).toBeGreaterThanOrEqual(names.length);

    for (const name of manager.objects.keys()) manager.delete(name);
    await manager.until(() => manager.objects.size === 0);
    expect(await claimedVms(flow.world)).toEqual([]);
    expect(await leftVolumes(flow, before)).toEqual([]);
    const unproven = manager.record.finalizers.filter(({ why }) => why !== 'deleted' && why !== 'not-found');
    expect(unproven).toEqual([{ name: TOO_LONG, id: '', why: 'never-created' }]);
    expect(flow.doubled).toEqual(new Set());
    expect(manager.breakerOpenings).toBe(0);
    expect(endings(manager, COUNTED)).toEqual([]);
    expect(manager.record.refusedWrites).toEqual([]);
  }, 300_000);
});

describe.concurrent('a permanent failure, repeated every 5 s for ten minutes', () => {
  const REFUSALS = [
    ['a refused parameter', { status: 400, reason: 'Parameter verification failed.' }],
    ['a configuration that cannot be written', { status: 500, reason: 'unable to write file: Input/output error' }],
  ] as const;

  it.for(REFUSALS)('%s makes PVE work a handful of times, and ends with its cause', async (refusal, context) => {
    const atEnd: AtEnd = context.onTestFinished;
    const flow = await startWatchedFlow(atEnd, { simulator: { timeScale: 200 } });
    flow.sim.faults.add([{ method: 'POST', path: '/config$', action: { answer: refusal[1] } }]);
    await expectFewTries(atEnd, flow, () => flow.sim.faults.clear());
  });

  it('a full storage makes PVE work a handful of times, and ends with its cause', async ({ onTestFinished: atEnd }) => {
    const storages = THREE_NODE.storages.map((one) =>
      one.id === 'local-lvm' ? { ...one, totalBytes: 12 * GIB } : one,
    );
    const flow = await startWatchedFlow(atEnd, { simulator: { timeScale: 200, cluster: { ...THREE_NODE, storages } } });
    await expectFewTries(atEnd, flow, () => {
      flow.sim.world.storages['local-lvm'] = { ...LOCAL_LVM, disabled: false };
    });
  });

  async function expectFewTries(atEnd: AtEnd, flow: WatchedFlow, heal: () => void): Promise<void> {
    const before = await flow.world.volumes();
    const manager = manage(atEnd, flow);
    const endsAt = flow.sim.clock.now() + 10 * MINUTE_MS;
    manager.apply('hopeless', { userData: '#cloud-config\n' });
    await manager.until(() => flow.sim.clock.now() >= endsAt);
    const tries = manager.record.failures.filter(({ rpc }) => rpc === 'create').length;
    const copies = cloneCount(flow);
    expect(copies).toBeGreaterThan(1);
    expect(copies).toBeLessThanOrEqual(6);
    expect(tries).toBeGreaterThan(3 * copies);
    expect(endings(manager, COUNTED)).toEqual([]);
    heal();
    await manager.until(everyObject(manager, isSettled));
    expect(await claimedVms(flow.world)).toMatchObject([{ state: 'ready', running: true }]);
    expect(flow.doubled).toEqual(new Set());
    manager.delete('hopeless');
    await manager.until(() => manager.objects.size === 0);
    expect(await leftVolumes(flow, before)).toEqual([]);
  }
});
