// What a running guest takes at once, what waits, and what fails and waits as well (pve-behaviour 11.5 to 11.7, 28.10).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import type { Guest } from '#pve-sim/world/world';
import { objectOf, type Params, type PveClient, pveClient, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let pve: PveClient;
const guestPath = '/nodes/pve1/qemu/130';

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 100 });
  pve = pveClient(simulator);
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

/** A guest that has booted, with what the tests plug and unplug. */
beforeEach(async () => {
  if (simulator.world.guests[130] !== undefined) {
    await pve.task('post', `${guestPath}/status/stop`);
    await pve.task('del', guestPath);
  }
  await start({});
});

async function start(options: Params): Promise<void> {
  const created = await pve.task('post', '/nodes/pve1/qemu', {
    vmid: 130,
    memory: 2048,
    cores: 4,
    scsihw: 'virtio-scsi-single',
    scsi0: 'local-lvm:1',
    scsi1: 'local-lvm:1',
    ide2: 'none,media=cdrom',
    net0: 'virtio,bridge=vmbr0',
    net1: 'virtio,bridge=vmbr0',
    boot: 'order=scsi0;net0;net1',
    ...options,
  });
  expect(created).toBe('OK');
  expect(await pve.task('post', `${guestPath}/status/start`)).toBe('OK');
  const { run } = guest();
  if (run !== undefined) Object.assign(run, { hasSystem: true, bootedAt: simulator.clock.now() });
}

async function restart(options: Params): Promise<void> {
  await pve.task('post', `${guestPath}/status/stop`);
  await pve.task('del', guestPath);
  await start(options);
}

function guest(): Guest {
  const found = simulator.world.guests[130];
  if (found === undefined) throw new Error('the guest is gone');
  return found;
}

const config = async (): Promise<Record<string, unknown>> =>
  objectOf(await pve.get(`${guestPath}/config`, { current: 1 }));

async function put(params: Params): Promise<Readonly<Record<string, string>> | undefined> {
  const reply = await pve.put(`${guestPath}/config`, params);
  if (reply.status !== 200 && reply.errors === undefined) throw new Error(reply.reason);
  return reply.errors;
}

async function pending(): Promise<Record<string, unknown>> {
  const rows = rowsOf(await pve.get(`${guestPath}/pending`)).filter((row) => 'pending' in row || 'delete' in row);
  return Object.fromEntries(
    rows.map((row): [string, unknown] => {
      const { key, value: _current, ...change } = row;
      return [String(key), change];
    }),
  );
}

describe('disks', () => {
  test('come, go as unused, and are freed where that is forced', async () => {
    expect(await put({ virtio1: 'local-lvm:1', delete: 'scsi1' })).toBeUndefined();
    expect(await pending()).toEqual({});
    const after = await config();
    expect(after).toMatchObject({ virtio1: 'local-lvm:vm-130-disk-2,size=1G', unused0: 'local-lvm:vm-130-disk-1' });
    expect(after).not.toHaveProperty('scsi1');
    await put({ delete: 'virtio1', force: 1 });
    await put({ delete: 'unused0' });
    const left = rowsOf(await pve.get('/nodes/pve1/storage/local-lvm/content', { vmid: 130 }));
    expect(left.map(({ volid }) => volid)).toEqual(['local-lvm:vm-130-disk-0']);
  });

  test('are replaced: the old one is unplugged and kept', async () => {
    await put({ scsi1: 'local-lvm:2' });
    expect(await config()).toMatchObject({
      scsi1: 'local-lvm:vm-130-disk-2,size=2G',
      unused0: 'local-lvm:vm-130-disk-1',
    });
  });

  test('on IDE and SATA wait; a pending one that is reverted is kept as unused', async () => {
    await put({ sata1: 'local-lvm:1' });
    expect(await pending()).toEqual({ sata1: { pending: 'local-lvm:vm-130-disk-2,size=1G' } });
    await put({ revert: 'sata1' });
    expect(await pending()).toEqual({});
    expect(await config()).toMatchObject({ unused0: 'local-lvm:vm-130-disk-2' });
  });

  test.each([
    ['backup=0,iops_rd=100,werror=report', {}],
    ['discard=on', { scsi1: { pending: 'local-lvm:vm-130-disk-1,discard=on,size=1G' } }],
    ['cache=writeback', { scsi1: { pending: 'local-lvm:vm-130-disk-1,cache=writeback,size=1G' } }],
    ['iothread=1', { scsi1: { pending: 'local-lvm:vm-130-disk-1,iothread=1,size=1G' } }],
  ])('change %s', async (options, expected) => {
    expect(await put({ scsi1: `local-lvm:vm-130-disk-1,${options}` })).toBeUndefined();
    expect(await pending()).toEqual(expected);
  });

  test('a boot disk does not go, and leaves the order only when it can', async () => {
    expect(await put({ delete: 'scsi0', tags: 'taken' })).toEqual({
      scsi0: "hotplug problem - can't unplug bootdisk 'scsi0'\n",
    });
    expect(await pending()).toEqual({ scsi0: { delete: 1 }, boot: { pending: 'order=net0;net1' } });
    expect(await config()).toMatchObject({ tags: 'taken', scsi0: 'local-lvm:vm-130-disk-0,size=1G' });
  });

  test('a disk does not turn into a CD, and a medium is changed on any bus', async () => {
    expect(await put({ scsi1: 'none,media=cdrom' })).toEqual({
      scsi1: 'hotplug problem - unable to change media type\n',
    });
    await put({ revert: 'scsi1,boot' });
    expect(await put({ ide2: 'local:iso/debian-12.iso,media=cdrom' })).toBeUndefined();
    expect(await config()).toMatchObject({ ide2: 'local:iso/debian-12.iso,media=cdrom,size=650M' });
    await put({ ide3: 'none,media=cdrom' });
    expect(await pending()).toEqual({
      ide3: { pending: 'none,media=cdrom' },
      boot: { pending: 'order=scsi0;net0;net1;ide3' },
    });
  });

  test('a guest that keeps its devices is asked for some seconds', async () => {
    guest().behaviour.unplug = 'refused';
    const started = simulator.clock.now();
    expect(await put({ delete: 'scsi1' })).toEqual({
      scsi1: "hotplug problem - error on hot-unplugging device 'virtioscsi1' - still busy in guest?\n",
    });
    expect(simulator.clock.now() - started).toBeGreaterThan(5000);
    expect(await pending()).toEqual({ scsi1: { delete: 1 } });
  });

  test('a cloud-init drive is written when it is plugged, and freed when it is taken out', async () => {
    await put({ scsi5: 'local-lvm:cloudinit' });
    expect(await config()).toMatchObject({ scsi5: 'local-lvm:vm-130-cloudinit,media=cdrom' });
    expect(simulator.world.volumes['pve1/local-lvm:vm-130-cloudinit']?.seed).toBeDefined();
    await put({ scsi5: 'none,media=cdrom' });
    expect(simulator.world.volumes['pve1/local-lvm:vm-130-cloudinit']).toBeUndefined();
  });
});

describe('network cards', () => {
  const mac = (key: string): string => /=([0-9A-F:]{17})/.exec(guest().config[key] ?? '')?.[1] ?? '';

  test('come and go; the boot order follows with the next start', async () => {
    await put({ net2: 'virtio,bridge=vmbr1', delete: 'net1' });
    expect(await pending()).toEqual({ boot: { pending: 'order=scsi0;net0' } });
    expect(await config()).not.toHaveProperty('net1');
    expect(String((await config())['net2'])).toMatch(/^virtio=BC:24:11.*,bridge=vmbr1$/);
  });

  test('change bridge, link and rate in place, model and address by being replugged', async () => {
    await put({ net0: `virtio=${mac('net0')},bridge=vmbr1,link_down=1,rate=5` });
    await put({ net1: 'e1000,bridge=vmbr0' });
    expect(await pending()).toEqual({});
    expect(String((await config())['net1'])).toMatch(/^e1000=/);
  });

  test('need a bridge that is there', async () => {
    const missing = { net0: `virtio=${mac('net0')},bridge=nope`, net3: 'virtio,bridge=nope' };
    const text = "hotplug problem - bridge 'nope' does not exist\n";
    expect(await put(missing)).toEqual({ net0: text, net3: text });
    expect(Object.keys(await pending()).sort()).toEqual(['net0', 'net3']);
  });
});

describe('without hotplug', () => {
  test('devices wait, while media and a card’s host side change', async () => {
    await restart({ hotplug: '0' });
    const mac = /=([0-9A-F:]{17})/.exec(guest().config['net0'] ?? '')?.[1] ?? '';
    await put({
      scsi3: 'local-lvm:1',
      net0: `virtio=${mac},bridge=vmbr1`,
      net2: 'virtio,bridge=vmbr0',
      ide2: 'local:iso/debian-12.iso,media=cdrom',
      tablet: 0,
      cpulimit: '0.5',
      delete: 'scsi1',
    });
    // The medium's drive was in no boot order, and comes to its end.
    expect(Object.keys(await pending()).sort()).toEqual(['boot', 'net2', 'scsi1', 'scsi3', 'tablet']);
  });
});

describe('memory', () => {
  beforeEach(async () => await restart({ numa: 1, hotplug: 'network,disk,usb,cpu,memory', vcpus: 2 }));
  const memory = async (): Promise<unknown> => (await config())['memory'];

  test('grows up to a border and shrinks down to one, as fast as the guest gives it back', async () => {
    await put({ memory: 3000 });
    expect(await memory()).toBe('3072');
    const started = simulator.clock.now();
    await put({ memory: 2100 });
    expect(await memory()).toBe('2048');
    expect(simulator.clock.now() - started).toBeGreaterThan(6000);
    expect(await pending()).toEqual({});
  });

  test('has its limits', async () => {
    const low =
      "hotplug problem - memory can't be lower than 1024 MB at /usr/share/perl5/PVE/QemuServer/Memory.pm line 300.\n";
    expect(await put({ memory: 900 })).toEqual({ memory: low });
    expect(await put({ memory: 600_000 })).toEqual({
      memory: 'hotplug problem - you cannot add more memory than max mem 524288 MB!\n',
    });
    expect(await pending()).toEqual({ memory: { pending: '600000' } });
  });

  test('that the guest keeps stays, and so does the wish', async () => {
    guest().behaviour.unplug = 'refused';
    expect(await pve.task('post', `${guestPath}/config`, { memory: 1024 })).toBe(
      '400 Parameter verification failed. memory: hotplug problem - 400 Parameter verification failed. dimm1: error unplug memory module ',
    );
    expect(await memory()).toBe('2048');
    expect(await pending()).toEqual({ memory: { pending: '1024' } });
  });

  test('that is no border is rounded up by the start', async () => {
    await restart({ numa: 1, hotplug: 'memory', memory: 2100 });
    expect(await memory()).toBe('2560');
  });

  test('CPUs are counted against cores and sockets, and go one by one', async () => {
    await put({ vcpus: 4 });
    expect((await config())['vcpus']).toBe(4);
    await put({ vcpus: 1 });
    expect((await config())['vcpus']).toBe(1);
    expect(await put({ vcpus: 5 })).toEqual({ vcpus: "hotplug problem - you can't add more vcpus than maxcpus\n" });
    expect(await pending()).toEqual({ vcpus: { pending: 5 } });
  });
});

test('a task tells the problem as its exit status', async () => {
  const exit = await pve.task('post', `${guestPath}/config`, { delete: 'scsi0' });
  expect(exit).toBe("400 Parameter verification failed. scsi0: hotplug problem - can't unplug bootdisk 'scsi0' ");
});
