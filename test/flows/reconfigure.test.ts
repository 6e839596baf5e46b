import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PowerOp } from '#rpc/contract';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { outcomeOf } from '../support/outcome.ts';
import { AS_MADE, madeVm } from '../support/reconfigured.ts';
import { randomReconfigures } from '../support/random-reconfigures.ts';
import { seeded } from '../support/random.ts';
import { type CreateParts, nic, reconfigureRequest, rootDisk } from '../support/requests.ts';
import { addStorage, ourVm, strayVm } from '../support/snapshots.ts';
import { createdInTheEnd, guestOf, type Stage, startStage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { strayVolumes } from '../support/world.ts';

// O1 to O5 of the checklist, and what Reconfigure must never do: lose somebody's edit, detach or restart anything.

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => {
  stage.moments.clear();
  stage.sim.faults.clear();
});
afterAll(async () => await stage.stop());

const on = async (id: string): Promise<unknown> => await stage.client.power({ id, op: PowerOp.ON });
const disk = (Name: string, SizeGiB: number) => ({ Name, SizeGiB, Type: '' });

async function reconfigured(id: string, parts: CreateParts) {
  const since = lastRequest(stage.sim);
  const outcome = await outcomeOf(stage.client.reconfigure(reconfigureRequest(id, parts)));
  return { ...outcome, writes: writesSince(stage.sim, since), requests: requestsSince(stage.sim, since) };
}

async function raw(id: string): Promise<Record<string, string>> {
  return JSON.parse((await stage.client.describe({ id })).providerRawJson) as Record<string, string>;
}

const size = (id: string, slot: string): string | undefined =>
  /size=(\w+)/.exec(guestOf(stage, id).config[slot] ?? '')?.[1];
const starts = (): number =>
  Object.values(stage.sim.world.tasks).filter(({ type }) => /^qm(start|stop|reboot|reset|shutdown)$/.test(type)).length;

describe('a VM that was created here', () => {
  const parts = { networks: [nic()], disks: [rootDisk(40), disk('data', 10)], tags: ['web'] };

  it('and is as it should be is read, and nothing is written, off or on', async () => {
    const id = await createdInTheEnd(stage, 'same', parts);
    for (const power of [PowerOp.OFF, PowerOp.ON]) {
      await stage.client.power({ id, op: power });
      const { kind, message, writes, requests } = await reconfigured(id, { name: 'same', ...parts });
      expect([kind, message, writes]).toEqual(['ok', '', []]);
      const [, ...ofVm] = requests.slice(0, 4).map((request) => request.replace(/.*\//, ''));
      expect(ofVm.toSorted()).toEqual(['config', 'current', 'pending']);
      // Beside the VM: what is kept for a while, where that has passed.
      const others = requests.slice(4).filter((request) => !/cluster\/options|\/network$|permissions/.test(request));
      expect(others).toEqual([]);
    }
  });

  it('O1, O2: all changes of one request are made, each disk by its name, and shrinking is refused before any', async () => {
    const id = await createdInTheEnd(stage, 'all-at-once', parts);
    await on(id);
    const before = starts();
    const wanted = {
      name: 'all-at-once',
      class: { CPU: 4, MemoryMiB: 8192 },
      networks: [nic({ VLAN: 7 })],
      disks: [rootDisk(50), disk('data', 100), disk('logs', 5)],
      tags: ['web', 'prod'],
    };
    const [mac] = /BC:24:11(:\w\w){3}/.exec(guestOf(stage, id).config['net0'] ?? '') ?? [];
    const { kind, message } = await reconfigured(id, wanted);
    expect([kind, message]).toEqual(['ok', '']);
    const { config, pending } = guestOf(stage, id);
    expect([size(id, 'scsi0'), size(id, 'scsi1'), size(id, 'scsi2')]).toEqual(['50G', '100G', '5G']);
    expect(config['scsi2']).toContain('serial=logs');
    expect(config['net0']).toMatch(new RegExp(`^virtio=${mac ?? 'none'},.*tag=7`));
    expect([config['vcpus'], config['memory'], pending]).toEqual(['4', '4096', { memory: '8192' }]);
    expect(config['tags']).toBe('prod;web');
    expect(await raw(id)).toMatchObject({ pending: 'memory', restart_required: 'true' });
    expect((await reconfigured(id, wanted)).writes).toEqual([]);
    for (const [disks, field] of [
      [[rootDisk(20)], 'Disks\\[0\\]'],
      [[rootDisk(50), disk('logs', 4)], 'Disks\\[1\\]'],
    ] as const) {
      const refused = await reconfigured(id, { ...wanted, class: { CPU: 3 }, disks: [...disks] });
      expect(refused).toMatchObject({ kind: 'invalid-spec', writes: [] });
      expect(refused.message).toMatch(new RegExp(`^desired_json\\.${field}\\.SizeGiB: .*cannot shrink`));
    }
    expect(starts()).toBe(before);
  });

  it('keeps whatever a request no longer names: disks, NICs, tags, and what people have added', async () => {
    const id = await createdInTheEnd(stage, 'keeps', parts);
    const { config } = guestOf(stage, id);
    config['net3'] = 'e1000=AA:BB:CC:00:11:22,bridge=vmbr2';
    config['tags'] = 'by-hand;web';
    config['protection'] = '1';
    config['boot'] = 'order=scsi1;scsi0';
    const before = structuredClone(config);
    expect((await reconfigured(id, { name: 'keeps', tags: ['web'] })).writes).toEqual([]);
    await reconfigured(id, {
      name: 'keeps',
      class: { CPU: 3 },
      disks: [rootDisk(41), disk('data', 10)],
      tags: ['new'],
    });
    expect(guestOf(stage, id).config).toEqual({
      ...before,
      vcpus: '3',
      scsi0: before['scsi0']?.replace('40G', '41G'),
      tags: 'by-hand;new;web',
    });
    expect((await reconfigured(id, { name: 'keeps', class: { CPU: 3 }, networks: [] })).writes).toEqual([]);
  });
});

describe('O1: a disk', () => {
  it('of a VM that somebody else has made is found by its slot, and one that nobody knows is refused', async () => {
    for (const id of [strayVm(stage, TWO_DISKS), ourVm(stage, TWO_DISKS)]) {
      const name = `vm-${id}`;
      const same = { CPU: 1, MemoryMiB: 512 };
      for (const unknown of ['data', 'scsi5', 'unused0']) {
        const refused = await reconfigured(id, { name, class: { ...same, CPU: 2 }, disks: [disk(unknown, 9)] });
        expect(refused).toMatchObject({ kind: 'invalid-spec', writes: [] });
        expect(refused.message).toMatch(/^desired_json\.Disks\[0\]\.Name: .*Its disks: scsi0, scsi1; name one/);
      }
      expect(await reconfigured(id, { name, class: same, disks: [disk('scsi1', 9)] })).toMatchObject({ kind: 'ok' });
      expect([size(id, 'scsi0'), size(id, 'scsi1')]).toEqual(['1G', '9G']);
    }
  });
});
const TWO_DISKS = { scsi0: ['local-lvm'], scsi1: ['local-lvm'] } as const;

describe('O3: sizes', () => {
  it.each(['3584M', '3G', '2.5G'])('of %s are compared as bytes', async (present) => {
    const id = ourVm(stage);
    const { config } = guestOf(stage, id);
    config['scsi0'] = config['scsi0']?.replace('size=1G', `size=${present}`) ?? '';
    for (const volume of Object.values(stage.sim.world.volumes)) {
      if (volume.vmid === Number(id))
        volume.sizeBytes = (Number.parseFloat(present) / (present.endsWith('M') ? 1024 : 1)) * 1024 ** 3;
    }
    const same = { CPU: 1, MemoryMiB: 512 };
    expect((await reconfigured(id, { name: `vm-${id}`, class: same, disks: [rootDisk(4)] })).kind).toBe('ok');
    expect(size(id, 'scsi0')).toBe('4G');
  });
});

describe('O4: what waits for a restart', () => {
  it('is told, and in force after one; what is taken back waits no more', async () => {
    const id = ourVm(stage);
    const name = `vm-${id}`;
    guestOf(stage, id).config['cores'] = '1';
    await on(id);
    const { kind, answer } = await reconfigured(id, { name, class: { CPU: 2, MemoryMiB: 1024 } });
    expect([kind, answer?.task]).toEqual(['ok', undefined]);
    expect((await raw(id))['pending']?.split('; ').toSorted()).toEqual(['agent', 'cores', 'memory']);
    expect((await raw(id))['restart_required']).toBe('true');
    expect((await reconfigured(id, { name, class: { CPU: 2, MemoryMiB: 1024 } })).writes).toEqual([]);
    await reconfigured(id, { name, class: { CPU: 1, MemoryMiB: 1024 } });
    expect(guestOf(stage, id).pending).toEqual({ agent: '1', memory: '1024' });
    await stage.client.power({ id, op: PowerOp.OFF });
    await on(id);
    expect(await raw(id)).toMatchObject({ restart_required: 'false' });
    expect(guestOf(stage, id).config).toMatchObject({ memory: '1024' });
  });

  it('because the guest gives nothing back is pending, and all else is in force', async () => {
    const id = await createdInTheEnd(stage, 'greedy', { class: { CPU: 4 } });
    await on(id);
    guestOf(stage, id).behaviour.unplug = 'refused';
    const { kind, message } = await reconfigured(id, { name: 'greedy', class: { CPU: 2 }, tags: ['x'] });
    expect([kind, message]).toEqual(['ok', '']);
    expect(guestOf(stage, id).pending).toEqual({ vcpus: '2' });
    expect(guestOf(stage, id).config).toMatchObject({ vcpus: '4', tags: expect.stringContaining('x') });
    expect(await raw(id)).toMatchObject({ pending: 'vcpus', restart_required: 'true' });
  });

  it('by the hand of somebody else stays pending, unless the request says otherwise; a VM that is off takes it along', async () => {
    for (const isRunning of [true, false]) {
      const id = madeVm(stage);
      if (isRunning) await on(id);
      const guest = guestOf(stage, id);
      if (guest.run !== undefined) guest.run.qmpStatus = 'paused';
      Object.assign(guest.pending, { memory: '9216', vga: 'virtio' });
      const asked = { name: `vm-${id}`, ...AS_MADE, tags: ['new'] };
      expect(await reconfigured(id, asked)).toMatchObject({ kind: 'ok', message: '' });
      expect(guest.config).toMatchObject({ memory: '4096', tags: 'new;web' });
      expect([guest.pending, guest.config['vga']]).toEqual(isRunning ? [{ vga: 'virtio' }, undefined] : [{}, 'virtio']);
      expect((await raw(id))['restart_required']).toBe(String(isRunning));
      expect((await reconfigured(id, asked)).writes).toEqual([]);
    }
  });
});

describe('a storage', () => {
  it('that is slower than the call makes it Aborted, not done and not failed: repeated, it ends with one disk', async () => {
    addStorage(stage, { id: 'slow', type: 'lvmthin', allocateMs: 300_000 });
    const id = madeVm(stage);
    const disks = [...(AS_MADE.disks ?? []), { ...disk('logs', 2), Storage: 'slow' }];
    const request = reconfigureRequest(id, { name: `vm-${id}`, ...AS_MADE, disks });
    const kinds: string[] = [];
    await until(
      async () => (await outcomeOf(stage.client.reconfigure(request, { deadlineMs: 1_600 }))).kind,
      (kind) => {
        kinds.push(kind);
        return kind !== 'busy';
      },
    );
    expect([kinds[0], kinds.at(-1)]).toEqual(['busy', 'ok']);
    const drives = Object.entries(guestOf(stage, id).config).filter(([key]) => /^(scsi|unused)\d/.test(key));
    expect(drives.map(([key, value]) => `${key} ${value.replace(/:.*?,/, ' ')}`)).toEqual([
      expect.stringMatching(/^scsi0 local-lvm /),
      'scsi1 local-lvm size=1G,serial=data',
      expect.stringMatching(/^scsi2 slow .*serial=logs,size=2G/),
    ]);
    expect(strayVolumes(stage.sim)).toEqual([]);
  });

  it('that is full is named, and the request ends well once there is room', async () => {
    addStorage(stage, { id: 'full', type: 'lvm', totalBytes: 3 * 1024 ** 3 });
    const id = ourVm(stage, { scsi0: ['local-lvm'], scsi1: ['full'] });
    const asked = { name: `vm-${id}`, class: { CPU: 1, MemoryMiB: 512 }, disks: [disk('scsi1', 9)] };
    const { kind, message } = await reconfigured(id, asked);
    expect([kind, message]).toEqual(['exhausted', expect.stringMatching(/full|free space/)]);
    expect(size(id, 'scsi1')).toBe('1G');
    Object.assign(stage.sim.world.storages['full'] ?? {}, { totalBytes: 90 * 1024 ** 3 });
    expect(await reconfigured(id, asked)).toMatchObject({ kind: 'ok' });
    expect(size(id, 'scsi1')).toBe('9G');
  });
});

describe('O5: CPUs', () => {
  it('of several sockets are as many as asked for', async () => {
    const id = ourVm(stage);
    Object.assign(guestOf(stage, id).config, { sockets: '2', cores: '2', agent: '1' });
    const name = `vm-${id}`;
    expect((await reconfigured(id, { name, class: { CPU: 4, MemoryMiB: 512 } })).writes).toEqual([]);
    await reconfigured(id, { name, class: { CPU: 6, MemoryMiB: 512 } });
    expect(guestOf(stage, id).config).toMatchObject({ sockets: '1', cores: '6' });
  });
});

describe('what is plugged', () => {
  it.each([
    ['is live where the guest shows it', {}, ''],
    [
      'is told where it leaves it offline',
      { online: { cpus: 2, memoryMib: 1024 } },
      '8 CPUs (it shows 2), 8192 MiB (it shows 1024)',
    ],
    [
      'is told where its agent is silent',
      { agent: 'silent' },
      '8 CPUs (its agent does not answer), 8192 MiB (its agent does not answer)',
    ],
  ] as const)('%s', async (_how, behaviour, told) => {
    const id = madeVm(stage, { numa: '1', hotplug: 'network,disk,usb,cpu,memory' });
    const guest = guestOf(stage, id);
    await on(id);
    // Its disk is blank; here its system is up.
    Object.assign(guest.run ?? {}, { hasSystem: true, bootedAt: 0 });
    Object.assign(guest.behaviour, { agent: 'answers', ...behaviour });
    const outcome = await reconfigured(id, { name: `vm-${id}`, ...AS_MADE, class: { CPU: 8, MemoryMiB: 8192 } });
    expect(outcome).toMatchObject({ kind: 'ok', message: '' });
    const { warnings = '', restart_required: restart } = await raw(id);
    expect(warnings).toContain(told === '' ? '' : `plugged, not confirmed by the guest: ${told}, asked at 2`);
    expect([warnings === '', restart]).toEqual([told === '', 'false']);
    await stage.client.power({ id, op: PowerOp.OFF });
    expect((await raw(id))['warnings']).toBeUndefined();
  });
});

describe('a request', () => {
  it('from small to large of the seed: 2 to 8 CPUs live, memory live where the class has hot-add', async () => {
    for (const hotAdd of [true, false]) {
      const name = hotAdd ? 'grows-live' : 'grows-later';
      const PerformanceProfile = { MemoryHotAddEnabled: hotAdd };
      const id = await createdInTheEnd(stage, name, { class: { CPU: 2, MemoryMiB: 4096, PerformanceProfile } });
      await on(id);
      const large = { name, class: { CPU: 8, MemoryMiB: 16_384, PerformanceProfile } };
      expect(await reconfigured(id, large)).toMatchObject({ kind: 'ok', message: '' });
      const { config, pending } = guestOf(stage, id);
      expect([Number(config['vcpus'] ?? config['cores']), config['memory']]).toEqual([8, hotAdd ? '16384' : '4096']);
      expect(pending).toEqual(hotAdd ? {} : { memory: '16384' });
      expect(await raw(id)).toMatchObject({ restart_required: String(!hotAdd) });
      expect((await reconfigured(id, large)).writes).toEqual([]);
    }
  });

  it('is planned anew on what somebody has edited in between, and the edit stays', async () => {
    const id = await createdInTheEnd(stage, 'edited');
    await on(id);
    stage.moments.at({ method: 'GET', path: new RegExp(`/${id}/pending$`) }, () => {
      guestOf(stage, id).config['net1'] = 'virtio=AA:BB:CC:00:11:23,bridge=vmbr1';
      guestOf(stage, id).config['onboot'] = '1';
    });
    const { kind, writes } = await reconfigured(id, { name: 'edited', class: { CPU: 3 } });
    expect([kind, writes.length]).toEqual(['ok', 2]);
    expect(guestOf(stage, id).config).toMatchObject({
      vcpus: '3',
      onboot: '1',
      net1: expect.stringContaining('AA:BB'),
    });
  });

  it('at random, with people who edit in between, loses no edit, detaches nothing and restarts nothing', async () => {
    const { flaws, edits } = await randomReconfigures(stage, { count: 200, vms: 10, random: seeded(7) });
    expect(flaws).toEqual([]);
    expect(edits).toBeGreaterThan(100);
  });

  it('that makes no sense, or is for another VM, a template or a locked one is refused, and nothing is written', async () => {
    const id = ourVm(stage);
    const name = `vm-${id}`;
    const since = lastRequest(stage.sim);
    const asked = async (parts: CreateParts) =>
      await reconfigured(id, { name, class: { CPU: 1, MemoryMiB: 512 }, ...parts });
    const missing = async () =>
      await until(
        async () => await reconfigured('199999', {}),
        ({ message }) => !message.includes('confirming'),
      );
    const refusals = [
      [await asked({ name: 'payroll' }), 'precondition', /it belongs to vm-\d+, and payroll is to be changed/],
      [await asked({ class: { CPU: 0 } }), 'invalid-spec', /^desired_json\.Class\.CPU: is missing/],
      [await asked({ class: { CPU: 2, Firmware: 'UEFI' } }), 'invalid-spec', /^desired_json\.Class\.Firmware: .*BIOS/],
      [
        await asked({ class: { CPU: 2, Machine: 'q35' } }),
        'invalid-spec',
        /^desired_json\.Class\.Machine: the VM is a pc/,
      ],
      [
        await asked({ networks: [nic({ Bridge: 'vmbr77' })] }),
        'invalid-spec',
        /^desired_json\.Networks\[0\]\.Bridge: /,
      ],
      [await reconfigured('9001', { name: 'x' }), 'precondition', /it is a template/],
      [await missing(), 'not-found', /there is no such VM/],
      [await outcomeOf(stage.client.reconfigure({ id, desiredJson: '' })), 'invalid-spec', /^desired_json: is missing/],
      [
        await outcomeOf(stage.client.reconfigure({ id, desiredJson: '{"CPUs": 2}' })),
        'invalid-spec',
        /^desired_json\.CPUs: /,
      ],
    ] as const;
    for (const [{ kind, message }, wanted, words] of refusals)
      expect([kind, message]).toEqual([wanted, expect.stringMatching(words)]);
    for (const [lock, wanted] of [
      ['backup', 'busy'],
      ['suspended', 'precondition'],
    ] as const) {
      guestOf(stage, id).config['lock'] = lock;
      expect(await asked({ class: { CPU: 2 } })).toMatchObject({ kind: wanted });
    }
    expect(writesSince(stage.sim, since)).toEqual([]);
  });

  it('that says nothing of the class leaves CPUs and memory as they are', async () => {
    const id = ourVm(stage);
    const desiredJson = JSON.stringify({ Name: `vm-${id}`, Tags: ['only'] });
    const before = structuredClone(guestOf(stage, id).config);
    await stage.client.reconfigure({ id, desiredJson });
    expect(guestOf(stage, id).config).toEqual({ ...before, tags: 'only' });
  });
});
