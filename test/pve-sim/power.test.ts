// Guests that go down in odd ways, hibernate, or do not start (pve-behaviour 11.8, 12).
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { configLockName } from '#pve-sim/locks/config-lock';
import { endRun } from '#pve-sim/qemu/run-end';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import type { Guest } from '#pve-sim/world/world';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;
let vmid = 300;
let guest = '';

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 50, profile: { pve2: '8.4' } });
  pve = pveClient(simulator, { token: simulator.rootToken });
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

beforeEach(async () => {
  vmid += 1;
  guest = `/nodes/pve1/qemu/${vmid}`;
});

afterEach(() => {
  const left = simulator.world.guests[vmid];
  if (left !== undefined) endRun(left);
});

const here = (): Guest => {
  const found = simulator.world.guests[vmid];
  if (found === undefined) throw new Error('the guest is gone');
  return found;
};
const until = async (isSo: () => boolean): Promise<void> => {
  await eventually(
    simulator.clock,
    async () => isSo(),
    (so) => so,
  );
};
const act = async (what: string, params: Record<string, string | number> = {}): Promise<string> =>
  await pve.task('post', `${guest}/status/${what}`, params);
const status = async (): Promise<Record<string, unknown>> => objectOf(await pve.get(`${guest}/status/current`));
const logOf = async (upid: unknown): Promise<unknown[]> =>
  rowsOf(await pve.get(`/nodes/${String(upid).split(':')[1]}/tasks/${String(upid)}/log`, { limit: 0 })).map(
    ({ t }) => t,
  );

async function create(options: Record<string, string | number> = {}, node = 'pve1'): Promise<void> {
  guest = `/nodes/${node}/qemu/${vmid}`;
  const all = { vmid, name: `vm${vmid}`, memory: 512, scsi0: 'shared:1,format=qcow2', ...options };
  expect(await pve.task('post', `/nodes/${node}/qemu`, all)).toBe('OK');
}

const BOOTS = { ide2: 'local:iso/debian-12.iso,media=cdrom', boot: 'order=ide2' };

describe('a guest', () => {
  test('that finds nothing to boot hears neither agent nor button', async () => {
    await create({ agent: 1 });
    expect(await act('start')).toBe('OK');
    expect((await pve.post(`${guest}/agent/ping`)).reason).toBe('QEMU guest agent is not running');
    const shutdown = await pve.post(`${guest}/status/shutdown`, { timeout: 4 });
    expect(await pve.exitOf(shutdown.data)).toBe('VM quit/powerdown failed - got timeout');
    expect(await logOf(shutdown.data)).toEqual([
      `QEMU Guest Agent is not running - VM ${vmid} qga command 'guest-ping' failed - got timeout`,
      'TASK ERROR: VM quit/powerdown failed - got timeout',
    ]);
    expect(await act('reboot', { timeout: 1 })).toBe('VM quit/powerdown failed - got timeout');
    expect(here().run).toBeDefined();
    expect(await act('shutdown', { timeout: 1, forceStop: 1 })).toBe('OK');
    expect(here().run).toBeUndefined();
  });

  test('goes down although nobody waits for it any more, and keeps what was pending', async () => {
    await create(BOOTS);
    await act('start');
    await until(() => simulator.clock.now() > (here().run?.bootedAt ?? 0));
    await pve.put(`${guest}/config`, { cores: 2 });
    const shutdown = await pve.post(`${guest}/status/shutdown`, { timeout: 1 });
    expect(await pve.exitOf(shutdown.data)).toBe('VM quit/powerdown failed - got timeout');
    await until(() => here().run === undefined);
    expect(here().pending).toEqual({ cores: '2' });
  });

  test('that goes down of itself while a shutdown waits ends that task; what was pending is current then', async () => {
    await create();
    await act('start');
    await pve.put(`${guest}/config`, { cores: 2 });
    const shutdown = await pve.post(`${guest}/status/shutdown`, { timeout: 600 });
    await until(() => !simulator.sim.locks.isFree(configLockName('pve1', vmid), 'exclusive'));
    endRun(here());
    expect(await pve.exitOf(shutdown.data)).toBe('OK');
    expect(here().pending).toEqual({});
    expect(here().config['cores']).toBe('2');
  });

  test('whose startup says how long to wait gets that long', async () => {
    await create({ startup: 'order=1,down=2' });
    await act('start');
    const before = simulator.clock.now();
    expect(await act('shutdown')).toBe('VM quit/powerdown failed - got timeout');
    expect(simulator.clock.now() - before).toBeLessThan(50_000);
  });

  test('that is gone is missed in the words of each call', async () => {
    const nowhere = '/nodes/pve1/qemu/999/status';
    const missing = "unable to find configuration file for VM 999 on node 'pve1'";
    for (const what of ['reset', 'suspend', 'resume', 'reboot']) {
      expect((await pve.post(`${nowhere}/${what}`)).reason).toBe(missing);
    }
    for (const what of ['stop', 'shutdown']) {
      expect(await pve.task('post', `${nowhere}/${what}`)).toBe(missing);
    }
    expect(await pve.task('post', `${nowhere}/start`)).toBe(
      "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist",
    );
  });

  test('whose process is killed is stopped, and starts again with what was pending', async () => {
    await create(BOOTS);
    await act('start');
    await pve.put(`${guest}/config`, { cores: 3 });
    endRun(here());
    expect(await status()).toMatchObject({ status: 'stopped', qmpstatus: 'stopped', cpus: 1 });
    expect(await act('start')).toBe('OK');
    expect(await status()).toMatchObject({ status: 'running', cpus: 3 });
  });
});

describe('a stop', () => {
  test('that overrules ends only the shutdowns its caller may end', async () => {
    await create();
    await act('start');
    const shutdown = await pve.post(`${guest}/status/shutdown`, { timeout: 600 });
    await until(() => here().run !== undefined);
    const stop = await pve.post(`${guest}/status/stop`, { 'overrule-shutdown': 1 });
    expect(await pve.exitOf(stop.data)).toBe('OK');
    expect(await logOf(stop.data)).toContain(`overruled qmshutdown tasks: ${String(shutdown.data)}`);
    expect(await pve.exitOf(shutdown.data)).toBe('received interrupt');
  });
});

describe('hibernation', () => {
  test('writes the RAM to a volume, locks the guest, and ends with a start or a resume', async () => {
    await create({ memory: 1024, net0: 'virtio,bridge=vmbr0' });
    for (const [back, type] of [
      ['start', 'qmstart'],
      ['resume', 'qmresume'],
    ] as const) {
      await act('start');
      const before = objectOf(await pve.get(`${guest}/config`))['digest'];
      const suspend = await pve.post(`${guest}/status/suspend`, { todisk: 1 });
      expect(suspend.data).toContain(':qmsuspend:');
      await until(() => here().config['lock'] === 'suspending');
      expect(here().run).toBeDefined();
      expect(await pve.exitOf(suspend.data)).toBe('OK');
      expect(await status()).toMatchObject({ status: 'stopped', lock: 'suspended' });
      const volid = here().config['vmstate'] ?? '';
      expect(volid).toMatch(new RegExp(`^shared:${vmid}/vm-${vmid}-state-suspend-\\d{4}-\\d\\d-\\d\\d\\.raw$`));
      expect(simulator.world.volumes[`/${volid}`]?.sizeBytes).toBe(2548 * 1024 ** 2);
      const again = await pve.post(`${guest}/status/${back}`);
      expect(again.data).toContain(`:${type}:`);
      expect(await pve.exitOf(again.data)).toBe('OK');
      expect(await logOf(again.data)).toEqual([
        'Resuming suspended VM',
        "netdev net0: not adding 'host_mtu' parameter for migration compat",
        `activating and using '${volid}' as vmstate`,
        'Resumed VM, removing state',
        'TASK OK',
      ]);
      expect(objectOf(await pve.get(`${guest}/config`))['digest']).toBe(before);
      expect(simulator.world.volumes[`/${volid}`]).toBeUndefined();
      expect(await act('stop')).toBe('OK');
    }
  });

  test('that fails leaves the lock, but no state', async () => {
    await create();
    await act('start');
    const suspend = await pve.post(`${guest}/status/suspend`, { todisk: 1 });
    await until(() => here().config['lock'] === 'suspending');
    endRun(here());
    expect(await pve.exitOf(suspend.data)).toBe(`VM ${vmid} not running`);
    expect(here().config['lock']).toBe('suspending');
    expect(here().config).not.toHaveProperty('vmstate');
    expect(Object.keys(simulator.world.volumes).filter((key) => key.includes('-state-'))).toEqual([]);
  });

  test('needs the rights on disk and storage', async () => {
    await create();
    await act('start');
    simulator.world.access.roles['Power'] = ['VM.PowerMgmt'];
    simulator.world.access.users['power@pve'] = { enabled: true };
    simulator.world.access.acl.push({ path: '/vms', subject: 'power@pve', role: 'Power', propagate: true });
    simulator.world.access.tokens['power@pve!t1'] = { secret: simulator.rootToken.secret, privsep: false };
    const weak = pveClient(simulator, { token: { id: 'power@pve!t1', secret: simulator.rootToken.secret } });
    const path = `${guest}/status/suspend`;
    expect((await weak.post(path, { todisk: 1 })).reason).toBe(
      `Permission check failed (/vms/${vmid}, VM.Config.Disk)`,
    );
    simulator.world.access.roles['Power'] = ['VM.PowerMgmt', 'VM.Config.Disk'];
    expect((await weak.post(path, { todisk: 1, statestorage: 'local-lvm' })).reason).toBe(
      'Permission check failed (/storage/local-lvm, Datastore.AllocateSpace)',
    );
    expect((await pve.post(path, { statestorage: 'shared' })).errors).toHaveProperty('todisk');
    await weak.close();
  });
});

describe('a start fails', () => {
  const failed = 'start failed: QEMU exited with code 1';

  test.each([
    ['too many CPUs', { cores: 200 }, 'MAX 32 vcpus allowed per VM on this node', undefined],
    [
      'NUMA nodes that do not add up',
      { memory: 2048, numa: 1, numa0: 'cpus=0,memory=1024' },
      'total memory for NUMA nodes must be equal to vm static memory',
      undefined,
    ],
    ['more CPUs plugged than there are', { cores: 1, vcpus: 2 }, failed, /^kvm: Invalid SMP CPUs/],
    [
      'too much memory',
      { memory: 999_999 },
      failed,
      "kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory",
    ],
    [
      'a disk of an odd size',
      { scsi0: 'shared:0.000002' },
      failed,
      /Image size is not a multiple of request alignment/,
    ],
    ['a bridge that is not there', { net0: 'virtio,bridge=vmbr77' }, "bridge 'vmbr77' does not exist", undefined],
    [
      'a machine of the future',
      { machine: 'pc-i440fx-99.0' },
      "Installed QEMU version '10.1.2' is too old to run machine type 'pc-i440fx-99.0+pve0', please upgrade node 'pve1'",
      undefined,
    ],
  ])('with %s', async (_, options: Record<string, string | number>, exit, line) => {
    await create(options);
    const started = await pve.post(`${guest}/status/start`);
    expect(await pve.exitOf(started.data)).toBe(exit);
    if (line !== undefined) expect((await logOf(started.data)).at(-2)).toMatch(line);
    expect(here().run).toBeUndefined();
  });

  test('where the bridge is missing by a script of QEMU on 8', async () => {
    await create({ net0: 'virtio,bridge=vmbr77' }, 'pve2');
    const started = await pve.post(`${guest}/status/start`);
    expect(await pve.exitOf(started.data)).toBe(failed);
    expect(await logOf(started.data)).toContain("bridge 'vmbr77' does not exist");
  });

  test('where a volume or a storage is gone, or it takes too long', async () => {
    await create(BOOTS);
    expect(await act('start', { timeout: 0 })).toBe('OK');
    expect(await act('stop')).toBe('OK');
    const tooLong = simulator.sim.durations.startMs / 1000;
    expect(await act('start', { timeout: Math.max(1, Math.ceil(tooLong)) })).toBe('OK');
    expect(await act('stop')).toBe('OK');
    const { shared } = simulator.world.storages;
    if (shared === undefined) throw new Error('there is no shared storage');
    shared.disabled = true;
    expect(await act('start')).toBe("storage 'shared' is disabled");
    shared.disabled = false;
    delete simulator.world.volumes[`/shared:${vmid}/vm-${vmid}-disk-0.qcow2`];
    expect(await act('start')).toBe(`volume 'shared:${vmid}/vm-${vmid}-disk-0.qcow2' does not exist`);
  });
});

test('keys are sent to a running guest, and QEMU complains of those it does not know', async () => {
  await create();
  expect((await pve.put(`${guest}/sendkey`, { key: 'ctrl-alt-delete' })).reason).toBe(`VM ${vmid} not running`);
  await act('start');
  expect((await pve.put(`${guest}/sendkey`, { key: 'ctrl-alt-delete' })).data).toBeNull();
  expect((await pve.put(`${guest}/sendkey`, { key: 'hyper' })).status).toBe(500);
  expect((await pve.post(`${guest}/monitor`, { command: 'info status' })).data).toBe('VM status: running\r\n');
  const samples = rowsOf(await pve.get(`${guest}/rrddata`, { timeframe: 'hour' }));
  expect(samples).toHaveLength(70);
  expect(samples[0]).toEqual({ time: expect.any(Number) });
});
