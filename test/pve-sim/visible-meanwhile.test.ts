// What readers see of a guest while it is created, copied and deleted: what crash safety stands on (pve-behaviour 26, 28.4, 28.6).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, type Reply, rowsOf } from './pve-client.ts';
import { eventually, watch } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;

beforeAll(async () => {
  // Every state lasts at least 120 ms of real time, so that readers on a busy machine see it.
  const durations = { cloneSetupMs: 600, allocateVolumeMs: 600, freeVolumeMs: 600, userConfigWriteMs: 600 };
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 5, durations });
  pve = pveClient(simulator);
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

/** A config's state as a reader can tell it: gone, or the fields that tell whose it is. */
function stateOf(reply: Reply): Record<string, unknown> | 'absent' {
  if (reply.status === 500) return 'absent';
  const { lock, name, description, tags, onboot, scsi0 } = objectOf(reply);
  return { lock, name, description, tags, onboot, disk: scsi0 !== undefined };
}

interface Watched {
  readonly states: readonly ReturnType<typeof stateOf>[];
  readonly exit: string;
}

async function statesDuring(path: string, start: () => Promise<Reply>): Promise<Watched> {
  const started = await start();
  let over = false;
  const exit = pve.exitOf(started.data).finally(() => {
    over = true;
  });
  const states = await watch(
    simulator.clock,
    async () => stateOf(await pve.get(`${path}/config`)),
    () => over,
  );
  return { states, exit: await exit };
}

describe('a clone', () => {
  const path = '/nodes/pve2/qemu/200';

  test('shows a stub, then name and source tags under the lock, then the whole guest', async () => {
    await pve.put('/nodes/pve2/qemu/9001/config', { onboot: 1 });
    const { states, exit } = await statesDuring(path, async () =>
      pve.post('/nodes/pve2/qemu/9001/clone', { newid: 200, name: 'web', description: 'mine', full: 1 }),
    );
    expect(exit).toBe('OK');
    const [stub, named, whole] = states.filter((state) => state !== 'absent');
    expect(stub).toEqual({ lock: 'clone', description: ' qmclone temporary file', disk: false });
    expect(named).toEqual({
      lock: 'clone',
      name: 'web',
      description: 'mine',
      tags: 'template;ubuntu',
      onboot: 1,
      disk: false,
    });
    expect(whole).toEqual({ name: 'web', description: 'mine', tags: 'template;ubuntu', onboot: 1, disk: true });
  });

  test('has MACs, UUIDs and volumes of its own and everything else of its source', async () => {
    const copy = objectOf(await pve.get(`${path}/config`));
    const source = objectOf(await pve.get('/nodes/pve2/qemu/9001/config'));
    for (const key of ['net0', 'smbios1', 'vmgenid', 'scsi0', 'ide2', 'digest'])
      expect(copy[key]).not.toBe(source[key]);
    expect(copy['template']).toBeUndefined();
    expect(copy['net0']).toMatch(/^virtio=BC:24:11(:[0-9A-F]{2}){3},bridge=vmbr0$/);
    expect(copy).toMatchObject({ cores: 2, agent: '1', serial0: 'socket', boot: source['boot'] });
    expect(copy['scsi0']).toBe('local-lvm:vm-200-disk-0,discard=on,iothread=1,size=8G');
  });

  test('without a description copies its source', async () => {
    expect(await pve.task('post', '/nodes/pve2/qemu/9001/clone', { newid: 201 })).toBe('OK');
    const copy = objectOf(await pve.get('/nodes/pve2/qemu/201/config'));
    expect(copy['name']).toBe('Copy-of-VM-ubuntu-22-template');
    expect(copy['description']).toBe('Ubuntu 22.04 cloud image, agent installed.\nDo not start; clone it.');
  });

  test.each([
    [
      'an empty description copies its source',
      '',
      'Ubuntu 22.04 cloud image, agent installed.\nDo not start; clone it.',
    ],
    ['a description of white space has none', '\n', undefined],
  ])('with %s', async (_, description, expected) => {
    expect(await pve.task('post', '/nodes/pve2/qemu/9001/clone', { newid: 203, description })).toBe('OK');
    expect(objectOf(await pve.get('/nodes/pve2/qemu/203/config'))['description']).toBe(expected);
    expect(await pve.task('del', '/nodes/pve2/qemu/203')).toBe('OK');
  });

  test('of a snapshot that does not exist is refused at once', async () => {
    const reply = await pve.post('/nodes/pve2/qemu/9001/clone', { newid: 203, snapname: 'nope' });
    expect([reply.status, reply.reason]).toEqual([500, "snapshot 'nope' does not exist"]);
  });

  test('of a template is linked by default, and the template cannot go while it lives', async () => {
    const content = rowsOf(await pve.get('/nodes/pve2/storage/local-lvm/content', { vmid: 201 }));
    expect(content.map(({ volid, parent }) => [volid, parent])).toEqual([
      ['local-lvm:vm-201-cloudinit', null],
      ['local-lvm:vm-201-disk-0', 'local-lvm:base-9001-disk-0'],
    ]);
    const exit = await pve.task('del', '/nodes/pve2/qemu/9001');
    expect(exit).toBe("base volume 'local-lvm:base-9001-disk-0' is still in use by linked cloned");
    expect((await pve.get('/nodes/pve2/qemu/9001/config')).status).toBe(200);
  });

  test('is listed as active under the id of its source as soon as it shows', async () => {
    const { data } = await pve.post('/nodes/pve2/qemu/9001/clone', { newid: 202, full: 1 });
    await eventually(
      simulator.clock,
      async () => pve.get('/nodes/pve2/qemu/202/config'),
      (reply) => reply.status === 200,
    );
    const active = rowsOf(await pve.get('/nodes/pve2/tasks', { source: 'active' }));
    expect(active.map(({ type, id }) => [type, id])).toContainEqual(['qmclone', '9001']);
    expect((await pve.get('/cluster/nextid', { vmid: 202 })).errors).toEqual({ vmid: 'VM 202 already exists' });
    expect(await pve.exitOf(data)).toBe('OK');
  });
});

describe('a clone to another node', () => {
  test('stays on the source node until it is done', async () => {
    const root = pveClient(simulator, { token: simulator.rootToken });
    const created = { vmid: 300, name: 'roaming', scsi0: 'shared:1', net0: 'virtio,bridge=vmbr0' };
    expect(await root.task('post', '/nodes/pve1/qemu', created)).toBe('OK');
    const started = await pve.post('/nodes/pve1/qemu/300/clone', {
      newid: 301,
      target: 'pve3',
      full: 1,
      bwlimit: 512 * 1024,
    });
    const first = await eventually(
      simulator.clock,
      async () => pve.get('/nodes/pve1/qemu/301/config'),
      ({ status }) => status === 200,
    );
    expect(objectOf(first)['lock']).toBe('clone');
    expect(await pve.exitOf(started.data)).toBe('OK');
    expect((await pve.get('/nodes/pve1/qemu/301/config')).status).toBe(500);
    expect(objectOf(await pve.get('/nodes/pve3/qemu/301/config'))['name']).toBe('Copy-of-VM-roaming');
    await root.close();
  });

  test('is refused at once where a drive is on local storage', async () => {
    const reply = await pve.post('/nodes/pve1/qemu/9000/clone', { newid: 302, target: 'pve2' });
    expect(reply.reason).toBe("can't clone VM to node 'pve2' (VM uses local storage)");
    expect((await pve.post('/nodes/pve1/qemu/9000/clone', { newid: 302, target: 'pve9' })).reason).toBe(
      "no such cluster node 'pve9'",
    );
  });
});

describe('a create', () => {
  const options = {
    vmid: 210,
    name: 'made',
    description: 'marker',
    tags: 'b;A',
    scsi0: 'local-lvm:1',
    net0: 'virtio,bridge=vmbr0',
  };

  test('shows its lock alone until it is done, then everything', async () => {
    const { states, exit } = await statesDuring('/nodes/pve1/qemu/210', async () =>
      pve.post('/nodes/pve1/qemu', options),
    );
    expect(exit).toBe('OK');
    expect(states.filter((state) => state !== 'absent')).toEqual([
      { lock: 'create', disk: false },
      { name: 'made', description: 'marker', tags: 'b;A', disk: true },
    ]);
  });

  test('shows its stub before its task is listed', async () => {
    const pending = pve.post('/nodes/pve1/qemu', { vmid: 211, scsi0: 'local-lvm:1' });
    const seen: [boolean, number][] = [];
    while (seen.at(-1)?.[1] !== 1) {
      const stub = simulator.world.guests[211] !== undefined;
      const listed = Object.values(simulator.world.tasks).filter(
        ({ type, id }) => type === 'qmcreate' && id === '211',
      ).length;
      seen.push([stub, listed]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen).toContainEqual([true, 0]);
    expect(await pve.exitOf((await pending).data)).toBe('OK');
  });

  test('that fails leaves neither config nor volume', async () => {
    const wish = { vmid: 212, scsi0: 'local-lvm:1', scsi1: 'local-lvm:vm-999-disk-0' };
    const root = pveClient(simulator, { token: simulator.rootToken });
    expect(await root.task('post', '/nodes/pve1/qemu', wish)).toBe(
      "unable to create VM 212 - volume 'local-lvm:vm-999-disk-0' does not exist",
    );
    await root.close();
    expect((await pve.get('/nodes/pve1/qemu/212/config')).status).toBe(500);
    expect(Object.values(simulator.world.volumes).filter(({ vmid }) => vmid === 212)).toEqual([]);
  });
});

describe('a delete', () => {
  test('leaves the guest whole and unlocked while volumes are freed, then a remnant, then nothing', async () => {
    const { states, exit } = await statesDuring('/nodes/pve1/qemu/210', async () =>
      pve.del('/nodes/pve1/qemu/210', { purge: 1 }),
    );
    expect(exit).toBe('OK');
    expect(states).toEqual([
      { name: 'made', description: 'marker', tags: 'b;A', disk: true },
      { lock: 'destroyed', disk: false },
      'absent',
    ]);
    expect(Object.values(simulator.world.volumes).filter(({ vmid }) => vmid === 210)).toEqual([]);
  });

  test('sent twice fails the second task, and sent after the id was made again takes the new guest', async () => {
    expect(await pve.task('post', '/nodes/pve1/qemu', { vmid: 213, scsi0: 'local-lvm:1' })).toBe('OK');
    const both = await Promise.all([pve.del('/nodes/pve1/qemu/213'), pve.del('/nodes/pve1/qemu/213')]);
    const exits = await Promise.all(both.map(async ({ data }) => pve.exitOf(data)));
    expect(exits.sort()).toEqual(["Configuration file 'nodes/pve1/qemu-server/213.conf' does not exist", 'OK']);
    expect(await pve.task('post', '/nodes/pve1/qemu', { vmid: 213, name: 'somebody-else' })).toBe('OK');
    expect(await pve.task('del', '/nodes/pve1/qemu/213')).toBe('OK');
    expect((await pve.get('/nodes/pve1/qemu/213/config')).status).toBe(500);
  });

  test.each([
    ['a running guest', { running: true }, 'VM 214 is running - destroy failed'],
    ['a protected guest', { protection: '1' }, "can't remove VM 214 - protection mode enabled"],
    ['a guest under HA', { ha: true }, 'unable to remove VM 214 - used in HA resources and purge parameter not set.'],
    [
      'a running guest under HA',
      { running: true, ha: true },
      'unable to remove VM 214 - used in HA resources and purge parameter not set.',
    ],
  ])('of %s is refused at once', async (_, how, expected) => {
    const root = pveClient(simulator, { token: simulator.rootToken });
    await root.task('post', '/nodes/pve1/qemu', { vmid: 214 });
    if ('running' in how) await root.task('post', '/nodes/pve1/qemu/214/status/start');
    if ('protection' in how) await root.put('/nodes/pve1/qemu/214/config', { protection: how.protection });
    if ('ha' in how) await root.post('/cluster/ha/resources', { sid: 'vm:214', state: 'ignored' });
    expect((await pve.del('/nodes/pve1/qemu/214')).reason).toBe(expected);
    if ('running' in how) await root.task('post', '/nodes/pve1/qemu/214/status/stop');
    await root.put('/nodes/pve1/qemu/214/config', { delete: 'protection' });
    expect(await root.task('del', '/nodes/pve1/qemu/214', { purge: 1 })).toBe('OK');
    await root.close();
  });

  test('of a locked guest is the task that fails', async () => {
    await pve.task('post', '/nodes/pve1/qemu', { vmid: 215 });
    const guest = simulator.world.guests[215];
    if (guest !== undefined) guest.config['lock'] = 'backup';
    expect(await pve.task('del', '/nodes/pve1/qemu/215')).toBe('VM is locked (backup)');
  });
});
