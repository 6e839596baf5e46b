// Tasks, power and the agent (pve-behaviour 6, 12, 17, 28.11).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;
const guest = '/nodes/pve1/qemu/120';

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 20 });
  pve = pveClient(simulator);
  await pve.task('post', '/nodes/pve1/qemu/9000/clone', { newid: 120, name: 'web', full: 1 });
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const statusOf = async (): Promise<Record<string, unknown>> => objectOf(await pve.get(`${guest}/status/current`));
const behaviour = () => {
  const found = simulator.world.guests[120]?.behaviour;
  if (found === undefined) throw new Error('the guest is gone');
  return found;
};

describe('a task', () => {
  test('is told by a UPID of its node, running and then stopped, with a log that has a total', async () => {
    const started = await pve.post('/nodes/pve2/qemu/9001/clone', { newid: 121 });
    expect(started.data).toMatch(/^UPID:pve2:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:qmclone:9001:virtrigaud@pve!vrtg:$/);
    const path = `/nodes/pve2/tasks/${encodeURIComponent(String(started.data))}`;
    const running = objectOf(await pve.get(`${path}/status`));
    expect(running).toMatchObject({
      status: 'running',
      user: 'virtrigaud@pve',
      tokenid: 'vrtg',
      type: 'qmclone',
      id: '9001',
    });
    expect(running).not.toHaveProperty('exitstatus');
    expect(await pve.exitOf(started.data)).toBe('OK');
    const log = await pve.get(`${path}/log`, { start: 0, limit: 2 });
    expect(rowsOf(log)[0]).toEqual({ n: 1, t: 'creating a clone of VM 9001 with ID 121' });
    expect(rowsOf(log)).toHaveLength(2);
    expect((JSON.parse(log.text) as { total: number }).total).toBeGreaterThan(2);
  });

  test('is unknown on another node and when it never was', async () => {
    const upid = rowsOf(await pve.get('/nodes/pve2/tasks'))[0]?.['upid'];
    expect((await pve.get(`/nodes/pve1/tasks/${String(upid)}/status`)).errors).toEqual({ upid: 'no such task' });
    expect((await pve.get('/nodes/pve1/tasks/garbage/status')).errors).toEqual({ upid: 'unable to parse worker upid' });
  });

  test('is in the active list while it runs and in the archive afterwards', async () => {
    const started = await pve.post('/nodes/pve1/qemu/9000/clone', { newid: 122, full: 1 });
    const upids = async (source?: string) =>
      rowsOf(await pve.get('/nodes/pve1/tasks', { source, vmid: 9000 })).map(({ upid }) => upid);
    expect(await upids('active')).toEqual([started.data]);
    expect(await upids()).not.toContain(started.data);
    await pve.exitOf(started.data);
    expect(await upids('active')).toEqual([]);
    expect(await upids()).toContain(started.data);
  });

  test('that is stopped cleans up and says that it was interrupted', async () => {
    const started = await pve.post('/nodes/pve1/qemu/9000/clone', { newid: 123, full: 1 });
    await eventually(
      simulator.clock,
      async () => simulator.world.guests[123]?.config['name'],
      (name) => name !== undefined,
    );
    expect((await pve.del(`/nodes/pve1/tasks/${String(started.data)}`)).data).toBeNull();
    // While it allocates, or while it copies.
    expect(await pve.exitOf(started.data)).toMatch(
      /^clone failed: (?:copy failed: command '.*' failed: )?interrupted by signal$/,
    );
    expect(simulator.world.guests[123]).toBeUndefined();
    expect(Object.values(simulator.world.volumes).filter(({ vmid }) => vmid === 123)).toEqual([]);
  });
});

describe('power', () => {
  test('start runs the guest, a second start fails as a task, stop is idempotent', async () => {
    expect(await pve.task('post', `${guest}/status/start`)).toBe('OK');
    expect(await statusOf()).toMatchObject({ status: 'running', qmpstatus: 'running', agent: 1 });
    expect(await pve.task('post', `${guest}/status/start`)).toBe('VM 120 already running');
    expect(await pve.task('post', `${guest}/status/stop`)).toBe('OK');
    expect(await pve.task('post', `${guest}/status/stop`)).toBe('OK');
    expect(await statusOf()).toMatchObject({ status: 'stopped', qmpstatus: 'stopped', uptime: 0 });
  });

  test('shutdown waits for the guest; one that does not listen times out, and is killed when forced', async () => {
    await pve.task('post', `${guest}/status/start`);
    expect(await pve.task('post', `${guest}/status/shutdown`, { timeout: 30 })).toBe('OK');
    behaviour().shutdown = 'never';
    await pve.task('post', `${guest}/status/start`);
    expect(await pve.task('post', `${guest}/status/shutdown`, { timeout: 5 })).toBe(
      'VM quit/powerdown failed - got timeout',
    );
    expect(await statusOf()).toMatchObject({ status: 'running' });
    expect(await pve.task('post', `${guest}/status/shutdown`, { timeout: 5, forceStop: 1 })).toBe('OK');
    behaviour().shutdown = 'normal';
  });

  test('a shutdown holds the lock, so that a stop has to wait for it', async () => {
    behaviour().shutdown = 'never';
    await pve.task('post', `${guest}/status/start`);
    const shutdown = await pve.post(`${guest}/status/shutdown`, { timeout: 60 });
    expect(await pve.task('post', `${guest}/status/stop`)).toBe(
      "can't lock file '/var/lock/qemu-server/lock-120.conf' - got timeout",
    );
    await pve.exitOf(shutdown.data);
    await pve.task('post', `${guest}/status/stop`);
    behaviour().shutdown = 'normal';
  });

  test('a stop may overrule the shutdown that is waiting', async () => {
    behaviour().shutdown = 'never';
    await pve.task('post', `${guest}/status/start`);
    const shutdown = await pve.post(`${guest}/status/shutdown`, { timeout: 60 });
    expect(await pve.task('post', `${guest}/status/stop`, { 'overrule-shutdown': 1 })).toBe('OK');
    expect(await pve.exitOf(shutdown.data)).toBe('received interrupt');
    behaviour().shutdown = 'normal';
  });

  test('a reboot ends when the guest is down, which root then starts again', async () => {
    await pve.task('post', `${guest}/status/start`);
    const { pid } = await statusOf();
    expect(await pve.task('post', `${guest}/status/reboot`, { timeout: 30 })).toBe('OK');
    const again = await eventually(simulator.clock, statusOf, ({ status }) => status === 'running');
    expect(again['pid']).not.toBe(pid);
    const starts = rowsOf(await pve.get('/nodes/pve1/tasks', { vmid: 120, typefilter: 'qmstart', source: 'all' }));
    expect(starts[0]).toMatchObject({ user: 'root@pam' });
    expect(starts[0]).not.toHaveProperty('tokenid');
  });

  test('a paused guest stays running in status, and refuses a shutdown unless forced', async () => {
    expect(await pve.task('post', `${guest}/status/suspend`)).toBe('OK');
    expect(await statusOf()).toMatchObject({ status: 'running', qmpstatus: 'paused' });
    expect((await pve.post(`${guest}/status/shutdown`)).reason).toBe('VM is paused - cannot shutdown');
    expect(await pve.task('post', `${guest}/status/resume`)).toBe('OK');
    expect(await pve.task('post', `${guest}/status/reset`)).toBe('OK');
    await pve.task('post', `${guest}/status/stop`);
  });

  test.each(['reboot', 'reset', 'suspend', 'resume'])('%s of a stopped guest is refused at once', async (act) => {
    expect((await pve.post(`${guest}/status/${act}`)).reason).toBe('VM 120 not running');
  });

  test('a template does not start, and a guest whose bridge or ISO is gone fails with its name', async () => {
    expect(await pve.task('post', '/nodes/pve1/qemu/9000/status/start')).toBe(
      "you can't start a vm if it's a template",
    );
    await pve.put(`${guest}/config`, { net1: 'virtio,bridge=vmbr77' });
    expect(await pve.task('post', `${guest}/status/start`)).toBe("bridge 'vmbr77' does not exist");
    await pve.put(`${guest}/config`, { delete: 'net1', ide3: 'local:iso/debian-12.iso,media=cdrom' });
    await pve.task('del', '/nodes/pve1/storage/local/content/local:iso/debian-12.iso');
    expect(await pve.task('post', `${guest}/status/start`)).toBe("volume 'local:iso/debian-12.iso' does not exist");
    await pve.put(`${guest}/config`, { delete: 'ide3' });
  });

  test('a guest under HA is asked for, not switched: the task ends at once', async () => {
    const root = pveClient(simulator, { token: simulator.rootToken });
    await root.post('/cluster/ha/resources', { sid: '120', state: 'stopped' });
    const started = await pve.post(`${guest}/status/start`);
    expect(started.data).toContain(':hastart:120:');
    expect(await pve.exitOf(started.data)).toBe('OK');
    await eventually(simulator.clock, statusOf, ({ status }) => status === 'running');
    expect(await statusOf()).toMatchObject({ ha: { managed: 1, state: 'started' } });
    expect(await pve.task('post', `${guest}/status/stop`)).toBe('OK');
    await eventually(simulator.clock, statusOf, ({ status }) => status === 'stopped');
    await root.del('/cluster/ha/resources/vm:120');
    expect((await root.del('/cluster/ha/resources/vm:120')).reason).toBe(
      "cannot delete service 'vm:120', not HA managed!",
    );
    await root.close();
  });
});

describe('the agent', () => {
  const interfaces = '/nodes/pve1/qemu/120/agent/network-get-interfaces';
  const start = async () => pve.task('post', `${guest}/status/start`);
  const stop = async () => pve.task('post', `${guest}/status/stop`);

  interface Seen {
    readonly name: string;
    readonly 'hardware-address': string;
    readonly 'ip-addresses': readonly { 'ip-address': string; 'ip-address-type': string; prefix: number }[];
  }
  const seen = async (): Promise<Seen[]> => {
    const reply = await eventually(
      simulator.clock,
      async () => pve.get(interfaces),
      ({ status }) => status === 200,
    );
    return (reply.data as { result: Seen[] }).result;
  };

  test('is asked about in PVE’s order: guest, option, power, then it has 3 s to answer', async () => {
    expect((await pve.get('/nodes/pve1/qemu/555/agent/network-get-interfaces')).reason).toContain('does not exist');
    expect((await pve.get(interfaces)).reason).toBe('VM 120 is not running');
    await pve.put(`${guest}/config`, { delete: 'agent' });
    expect((await pve.get(interfaces)).reason).toBe('No QEMU guest agent configured');
    await pve.put(`${guest}/config`, { agent: 1 });
    behaviour().agent = 'silent';
    await start();
    const asked = simulator.clock.now();
    expect((await pve.get(interfaces)).reason).toBe('QEMU guest agent is not running');
    expect(simulator.clock.now() - asked).toBeGreaterThan(2900);
    behaviour().agent = 'answers';
    await stop();
  });

  test('answers once the guest has booted: the address is that of the NIC by DHCP, the same at every boot', async () => {
    await pve.put(`${guest}/config`, { net0: 'virtio=BC:24:11:0A:0B:0C,bridge=vmbr0', ipconfig0: 'ip=dhcp' });
    await start();
    expect((await pve.post(`${guest}/agent/ping`)).reason).toBe('QEMU guest agent is not running');
    const [lo, eth0] = await seen();
    expect(lo?.name).toBe('lo');
    expect(eth0).toMatchObject({ name: 'eth0', 'hardware-address': 'bc:24:11:0a:0b:0c' });
    expect(eth0?.['ip-addresses'][0]).toEqual({ 'ip-address': '10.10.11.13', 'ip-address-type': 'ipv4', prefix: 8 });
    expect((await pve.post(`${guest}/agent/ping`)).data).toEqual({ result: {} });
    await stop();
  });

  test('shows static addresses of PVE’s own cloud-init drive, and none on a NIC that it leaves out', async () => {
    await pve.put(`${guest}/config`, {
      ipconfig0: 'ip=192.0.2.50/24,gw=192.0.2.1,ip6=2001:db8::5/64',
      net1: 'virtio,bridge=vmbr1',
    });
    await start();
    const [, eth0, eth1] = await seen();
    expect(eth0?.['ip-addresses'].map((address) => `${address['ip-address']}/${address.prefix}`)).toEqual([
      '192.0.2.50/24',
      '2001:db8::5/64',
      expect.stringMatching(/^fe80::/),
    ]);
    expect(eth1?.['ip-addresses']).toEqual([]);
    await stop();
  });

  test('a guest with an ISO instead of the drive shows its DHCP address, and docker0 where it has one', async () => {
    await pve.put(`${guest}/config`, { delete: 'ide2' });
    behaviour().docker = true;
    await start();
    const all = await seen();
    expect(all.map(({ name }) => name)).toEqual(['lo', 'eth0', 'eth1', 'docker0']);
    expect(all[1]?.['ip-addresses'][0]).toMatchObject({ 'ip-address': '10.10.11.13' });
    await stop();
  });

  test('a copy inherits how its source behaves', async () => {
    await pve.task('post', `${guest}/clone`, { newid: 124 });
    expect(simulator.world.guests[124]?.behaviour).toMatchObject({ docker: true });
  });
});
