import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readClaim } from '#claim/record';
import { holdLock } from '#pve-sim/locks/hold-lock';
import { failure } from '#pve-sim/pve-error';
import { PowerOp } from '#rpc/contract';
import { lastRequest, writesSince } from '../support/journal.ts';
import { outcomeOf } from '../support/outcome.ts';
import { addStorage, FOLDER, ourVm, strayVm, takenByHand, toldSnapshots } from '../support/snapshots.ts';
import { guestOf, type Stage, startStage } from '../support/stage.ts';
import { until } from '../support/until.ts';

// O9 and O10 of the checklist, and what snapshots must never do: be taken twice, be taken for somebody else's, lose the
// claim of their VM.

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
const take = async (vmId: string, nameHint: string, more: { includeMemory?: boolean; description?: string } = {}) =>
  await outcomeOf(stage.client.snapshotCreate({ vmId, nameHint, ...more }));
const drop = async (vmId: string, snapshotId: string) =>
  await outcomeOf(stage.client.snapshotDelete({ vmId, snapshotId }));
const revert = async (vmId: string, snapshotId: string) =>
  await outcomeOf(stage.client.snapshotRevert({ vmId, snapshotId }));
const names = (id: string): string[] => Object.keys(guestOf(stage, id).snapshots).toSorted();

async function writesOf(work: () => Promise<unknown>): Promise<string[]> {
  const since = lastRequest(stage.sim);
  await work();
  return writesSince(stage.sim, since);
}

describe('O9: a snapshot', () => {
  it('gets a legal name, is there when the call returns, and is taken once however often it is asked for', async () => {
    const id = ourVm(stage);
    const hint = '2026.nightly-of-web-server.example.org-before-the-upgrade';
    const { answer, kind } = await take(id, hint, { description: 'Before <the> upgrade' });
    expect(kind).toBe('ok');
    const name = answer?.snapshotId ?? '';
    expect(name).toMatch(/^snap-2026-nightly-of-web-[a-z-]+-[0-9a-f]{8}$/);
    expect(name.length).toBeLessThanOrEqual(40);
    expect(answer?.task).toBeUndefined();
    expect(names(id)).toEqual([name]);
    expect(guestOf(stage, id).config['lock']).toBeUndefined();
    const other = await stage.another(1);
    const again = await writesOf(async () => {
      for (const { client } of [stage, other]) {
        const same = { vmId: id, nameHint: hint, description: 'Before <the> upgrade' };
        expect(await client.snapshotCreate(same)).toEqual(answer);
      }
    });
    expect(again).toEqual([]);
    for (const reserved of ['current', 'pending']) {
      expect((await take(id, reserved)).answer?.snapshotId).toMatch(new RegExp(`^${reserved}-[0-9a-f]{8}$`));
    }
  });

  it('of a guest that runs has its memory where it is asked for; of one that is off it is told to have none', async () => {
    const id = ourVm(stage);
    await take(id, 'off', { includeMemory: true });
    await on(id);
    await take(id, 'with', { includeMemory: true, description: 'a\nb' });
    await take(id, 'without');
    const kept = guestOf(stage, id).snapshots;
    expect([kept['with']?.['vmstate'], kept['without']?.['vmstate'], kept['off']?.['vmstate']]).toEqual([
      `local-lvm:vm-${id}-state-with`,
      undefined,
      undefined,
    ]);
    const told = await toldSnapshots(stage, id);
    expect(told.current).toBe('without');
    expect(told.byName).toMatchObject({
      off: { memory: false, note: expect.stringContaining('did not run') },
      with: { memory: true, parent: 'off', description: 'a\nb' },
      without: { memory: false, parent: 'with' },
    });
    expect(told.byName['without']).not.toHaveProperty('note');
    expect(told.byName['with']).not.toHaveProperty('note');
    const taken = new Date(told.byName['with']?.time ?? '').getTime() / 1000;
    expect(taken).toBe(Number(kept['with']?.['snaptime']));
  });

  it('of a name that a person has used, or another request, is refused and changes nothing', async () => {
    const id = ourVm(stage);
    await takenByHand(stage, id, 'by-hand');
    await take(id, 'ours', { description: 'one' });
    const before = structuredClone(guestOf(stage, id));
    const writes = await writesOf(async () => {
      const refusals = [
        await take(id, 'by-hand'),
        await take(id, 'ours', { description: 'two' }),
        await take(id, 'ours', { description: 'one', includeMemory: true }),
      ];
      const other = 'from another request';
      for (const [index, word] of ['not taken through us', other, other].entries()) {
        expect(refusals[index]).toMatchObject({ kind: 'already-exists', message: expect.stringContaining(word) });
      }
    });
    expect(writes).toEqual([]);
    expect(guestOf(stage, id)).toEqual(before);
  });

  it('of an object follows its description, keeps what people wrote meanwhile, and never changes its memory', async () => {
    const vmId = ourVm(stage);
    const ask = async (objectUid: string, description: string, includeMemory = false) =>
      await outcomeOf(
        stage.client.snapshotCreate({ vmId, nameHint: 'before', description, includeMemory }, { objectUid }),
      );
    const kept = () => guestOf(stage, vmId).snapshots['before'] ?? {};
    const text = (): string => kept()['description'] ?? '';
    await ask('u1', 'one');
    kept()['description'] = `by hand\n${text()}`;
    expect(await writesOf(async () => await ask('u1', 'one'))).toEqual([]);
    expect(text()).toContain('by hand');
    expect(await ask('u1', 'two')).toMatchObject({ kind: 'ok' });
    expect(text()).toMatch(/^two\n<!-- virtrigaud-snapshot 1 .*"u":"u1"/);
    expect(await writesOf(async () => await ask('u1', 'two'))).toEqual([]);
    expect(await ask('u1', 'two', true)).toMatchObject({ kind: 'precondition' });
    expect(await ask('u2', 'two')).toMatchObject({ kind: 'already-exists' });
    expect(text()).toMatch(/^two/);
  });

  it('waits for a backup to end, and for a lock that PVE gives up on', async () => {
    const id = ourVm(stage);
    guestOf(stage, id).config['lock'] = 'backup';
    const since = lastRequest(stage.sim);
    const taking = take(id, 'patient');
    await until(
      async () => await Promise.resolve(stage.sim.journal.after(since)),
      (calls) => calls.filter(({ path }) => path.endsWith('/config')).length > 2,
    );
    expect(writesSince(stage.sim, since)).toEqual([]);
    delete guestOf(stage, id).config['lock'];
    expect((await taking).kind).toBe('ok');
    const release = await holdLock(stage.sim.sim, `vm:${id}`, 'pve2', 3_600_000);
    const takingToo = take(id, 'patient-too');
    await until(
      async () => await Promise.resolve(stage.log.join('\n')),
      (log) => new RegExp(`Waits vmid=${id} .*got timeout`).test(log),
    );
    release?.();
    expect((await takingToo).kind).toBe('ok');
  });

  it('whose answer is lost is taken, deleted and gone back to once', async () => {
    const id = ourVm(stage);
    const calls = [
      [async () => await take(id, 'once'), 'POST', '/snapshot$', 'qmsnapshot'],
      [async () => await revert(id, 'once'), 'POST', '/rollback$', 'qmrollback'],
      [async () => await drop(id, 'once'), 'DELETE', '/snapshot/once$', 'qmdelsnapshot'],
    ] as const;
    for (const [operate, method, path, type] of calls) {
      stage.sim.faults.add([{ method, path, count: 1, action: { dropAfter: true } }]);
      expect((await operate()).kind).toBe('ok');
      const tasks = Object.values(stage.sim.world.tasks).filter((task) => task.type === type && task.id === id);
      const ends = tasks.map(({ exitstatus }) => exitstatus);
      expect(ends.filter((end) => end === 'OK')).toHaveLength(1);
      for (const end of ends) expect(end).toMatch(/^OK$|VM is locked|already used|does not exist|got timeout/);
    }
  });

  it('that is not asked for properly is refused by field', async () => {
    const id = ourVm(stage);
    const wrong = [
      [await take('web', 'x'), /^vm_id: "web" is not the id of a VM/],
      [await take(id, ''), /^name_hint: is missing/],
      [await take(id, 'x1', { description: 'x'.repeat(9_000) }), /^description: is too long/],
      [await drop(id, ''), /^snapshot_id: is missing/],
      [await revert('', 'x1'), /^vm_id: is missing/],
    ] as const;
    for (const [{ kind, message }, words] of wrong)
      expect([kind, message]).toEqual(['invalid-spec', expect.stringMatching(words)]);
  });
});

describe('what cannot be snapshotted', () => {
  it('is refused with disk, storage, reason and remedy, and nothing is changed', async () => {
    addStorage(stage, { id: 'files', type: 'dir', ...FOLDER });
    addStorage(stage, { id: 'thick', type: 'lvm' });
    const id = ourVm(stage, {
      scsi0: ['local-lvm'],
      scsi1: ['files', 'raw'],
      scsi2: ['thick'],
      scsi3: ['files', 'qcow2'],
      tpmstate0: ['files', 'raw'],
    });
    const before = structuredClone(guestOf(stage, id));
    const writes = await writesOf(async () => {
      const { kind, message } = await take(id, 'refused', { includeMemory: true });
      expect(kind).toBe('precondition');
      expect(message).toContain(
        'snapshot: no snapshots are possible of scsi1 on files (dir, where raw files have none), scsi2 on thick (thick LVM), tpmstate0 on files (dir, where raw files have none). Move them to',
      );
    });
    expect(writes).toEqual([]);
    expect(guestOf(stage, id)).toEqual(before);
  });

  it('for its devices: the memory of a guest with a PCI device is refused, and it is snapshotted without', async () => {
    const id = ourVm(stage);
    await on(id);
    guestOf(stage, id).config['hostpci0'] = '0000:01:00.0';
    const writes = await writesOf(async () => {
      expect(await take(id, 'with', { includeMemory: true })).toMatchObject({
        kind: 'precondition',
        message: expect.stringMatching(
          /hostpci0 \(a PCI device passed through\) cannot be saved\. Ask .*without memory/,
        ),
      });
    });
    expect(writes).toEqual([]);
    expect((await take(id, 'without')).kind).toBe('ok');
  });

  it('is a template, a hibernated VM, and one whose memory finds no room', async () => {
    expect(await take('9001', 'x1')).toMatchObject({
      kind: 'precondition',
      message: expect.stringContaining('template'),
    });
    const id = ourVm(stage);
    guestOf(stage, id).config['lock'] = 'suspended';
    for (const refused of [await take(id, 'x1'), await revert(id, 'x1')]) expect(refused.kind).not.toBe('ok');
    expect(await take(id, 'x1')).toMatchObject({
      kind: 'precondition',
      message: expect.stringContaining('hibernated'),
    });
    delete guestOf(stage, id).config['lock'];
    addStorage(stage, { id: 'tiny', type: 'lvm', totalBytes: 1024 ** 2 });
    await on(id);
    guestOf(stage, id).config['vmstatestorage'] = 'tiny';
    const full = await take(id, 'x1', { includeMemory: true });
    expect([full.kind, full.message]).toEqual([
      'exhausted',
      expect.stringMatching(/^VM vm-\d+ \(\d+ on pve2\): snapshot: PVE says .*insufficient free space/),
    ]);
    expect(names(id)).toEqual([]);
    expect(guestOf(stage, id).config['lock']).toBeUndefined();
  });
});

describe('O10: a snapshot', () => {
  it('is deleted by its id and by its hint, and what is not there is deleted, with its VM too', async () => {
    const id = ourVm(stage);
    const { answer } = await take(id, 'one.two');
    await take(id, 'three');
    await take(id, 'four');
    expect((await drop(id, 'three')).kind).toBe('ok');
    expect((await toldSnapshots(stage, id)).byName['four']).toMatchObject({ parent: answer?.snapshotId });
    expect((await drop(id, 'one.two')).kind).toBe('ok');
    expect(names(id)).toEqual(['four']);
    const writes = await writesOf(async () => {
      for (const gone of ['one.two', answer?.snapshotId ?? '', 'never-was', 'current']) {
        expect((await drop(id, gone)).kind).toBe('ok');
      }
      // Absence is proven within the call.
      expect((await drop('199999', 'x1')).kind).toBe('ok');
      expect(await take('199999', 'x1')).toMatchObject({ kind: 'not-found' });
      expect(await revert('199999', 'x1')).toMatchObject({ kind: 'not-found' });
    });
    expect(writes).toEqual([]);
    expect(names(id)).toEqual(['four']);
  });

  it('is gone back to while the guest runs, and the VM is still its owner’s, with a claim from before and after', async () => {
    const id = ourVm(stage);
    const claimAt = (): string | undefined => guestOf(stage, id).config['description'];
    const claim = claimAt() ?? '';
    delete guestOf(stage, id).config['description'];
    await takenByHand(stage, id, 'unclaimed');
    guestOf(stage, id).config['description'] = `Written later\n${claim}`;
    await on(id);
    await take(id, 'live', { includeMemory: true });
    guestOf(stage, id).config['cores'] = '7';
    expect((await revert(id, 'unclaimed')).kind).toBe('ok');
    const { config, run } = guestOf(stage, id);
    expect([run, config['cores'], config['parent']]).toEqual([undefined, undefined, 'unclaimed']);
    expect(claimAt()).toBe(`Written later\n${claim}`);
    expect((await revert(id, 'live')).kind).toBe('ok');
    expect(guestOf(stage, id).run?.qmpStatus).toBe('running');
    expect(readClaim(claimAt())).toMatchObject({ kind: 'claim', claim: { state: 'ready', name: `vm-${id}` } });
    const { powerState, providerRawJson } = await stage.client.describe({ id });
    expect([powerState, JSON.parse(providerRawJson)]).toEqual(['On', expect.objectContaining({ claim: 'ready' })]);
    expect((await revert(id, 'never-was')).message).toMatch(/there is no snapshot never-was.*it has unclaimed, live/);
  });

  it('that is not the newest on ZFS is refused by naming the newer ones, and the guest runs on', async () => {
    addStorage(stage, { id: 'tank', type: 'zfspool' });
    const id = ourVm(stage, { scsi0: ['tank'] });
    for (const name of ['s1', 's2', 's3']) await take(id, name);
    await on(id);
    const before = structuredClone(guestOf(stage, id));
    const { kind, message } = await revert(id, 's1');
    expect([kind, message]).toEqual([
      'precondition',
      expect.stringMatching(/tank:vm-\d+-disk-0.*newer than s1 are s2, s3\. Delete those first/),
    ]);
    expect(guestOf(stage, id)).toEqual(before);
    expect((await revert(id, 's3')).kind).toBe('ok');
  });

  it('whose removal failed is told so, and goes by force once its lock has', async () => {
    const id = ourVm(stage);
    await take(id, 'broken');
    const { world } = stage.sim;
    const [key = ''] =
      Object.entries(world.volumes).find(([, { volid }]) => volid.startsWith(`local-lvm:vm-${id}-disk`)) ?? [];
    const volume = world.volumes[key];
    delete world.volumes[key];
    const failed = await drop(id, 'broken');
    expect([failed.kind, failed.message]).toEqual([
      'precondition',
      expect.stringMatching(/failed: exit code 1" of broken\. Mend .*qm unlock \d+/),
    ]);
    // Mended, but without the snapshot: what is tried again fails again.
    if (volume !== undefined) world.volumes[key] = { ...volume, snapshots: {} };
    expect((await toldSnapshots(stage, id)).byName['broken']).toMatchObject({ state: 'delete' });
    delete guestOf(stage, id).config['lock'];
    expect(await revert(id, 'broken')).toMatchObject({
      kind: 'precondition',
      message: expect.stringContaining('incomplete'),
    });
    expect((await take(id, 'broken')).kind).toBe('ok');
    expect((await toldSnapshots(stage, id)).byName['broken']).not.toHaveProperty('state');
    expect((await drop(id, 'broken')).kind).toBe('ok');
  });

  it('is neither deleted nor gone back to where another VM has got the id since the first look, on the same node', async () => {
    for (const operate of [revert, drop]) {
      const id = ourVm(stage);
      await take(id, 'one');
      const met = stage.moments.at({ method: 'GET', path: /^\/cluster\/status$/ }, () => {
        guestOf(stage, id).config = { name: 'stranger', memory: '512', smbios1: 'uuid=stranger' };
      });
      const writes = await writesOf(async () => {
        const message = expect.stringContaining('another VM has got its id');
        expect(await operate(id, 'one')).toMatchObject({ kind: 'busy', message });
      });
      expect([met(), writes]).toEqual([true, []]);
    }
  });

  it('is a person’s on a VM that nobody has claimed: neither deleted nor gone back to, but ours goes', async () => {
    const id = strayVm(stage);
    await takenByHand(stage, id, 'by-hand');
    expect((await take(id, 'ours')).kind).toBe('ok');
    const writes = await writesOf(async () => {
      for (const refused of [await drop(id, 'by-hand'), await revert(id, 'ours')]) {
        expect(refused).toMatchObject({
          kind: 'precondition',
          message: expect.stringContaining('nobody has claimed it'),
        });
      }
    });
    expect(writes).toEqual([]);
    expect((await drop(id, 'ours')).kind).toBe('ok');
    expect(names(id)).toEqual(['by-hand']);
  });
});

describe('O10: a snapshot of a person', () => {
  it('that has taken the place of ours is not deleted, and is gone back to by its name', async () => {
    const id = ourVm(stage);
    await take(id, 'nightly');
    delete guestOf(stage, id).snapshots['nightly'];
    delete guestOf(stage, id).config['parent'];
    await takenByHand(stage, id, 'nightly');
    const before = structuredClone(guestOf(stage, id));
    const writes = await writesOf(async () => {
      expect(await drop(id, 'nightly')).toMatchObject({
        kind: 'precondition',
        message: expect.stringMatching(/nightly was not taken through us.*Delete it in PVE/),
      });
    });
    expect(writes).toEqual([]);
    expect(guestOf(stage, id)).toEqual(before);
    expect((await revert(id, 'nightly')).kind).toBe('ok');
  });

  it('that was gone back to before the answer was heard is not gone back to once more', async () => {
    const id = ourVm(stage);
    for (const name of ['first', 'last']) await take(id, name);
    const again = async (snapshotId: string, askedSecondsAgo: number) =>
      await writesOf(async () => {
        await stage.client.snapshotRevert({ vmId: id, snapshotId }, { askedSecondsAgo });
      });
    expect(await again('last', 3600)).toHaveLength(1);
    expect(await again('last', 3600)).toEqual([]);
    expect(await again('first', 3600)).toHaveLength(1);
    await stage.sim.clock.sleep(5000, AbortSignal.timeout(30_000));
    expect(await again('first', 0)).toHaveLength(1);
  });

  it('that somebody goes back to in vain keeps nobody from going back to ours', async () => {
    const id = ourVm(stage);
    await take(id, 'ours');
    const { config } = guestOf(stage, id);
    const isJoined = Promise.withResolvers<void>();
    stage.sim.sim.tasks.fork({ node: 'pve2', type: 'qmrollback', id, user: 'root@pam' }, async () => {
      await isJoined.promise;
      delete config['lock'];
      throw failure('unable to rollback to incomplete snapshot (snapstate = prepare)');
    });
    config['lock'] = 'rollback';
    const met = stage.moments.at({ method: 'GET', path: /:qmrollback:.*\/status$/ }, () => isJoined.resolve());
    expect(await revert(id, 'ours')).toMatchObject({ kind: 'ok' });
    expect([met(), guestOf(stage, id).config['parent']]).toEqual([true, 'ours']);
  });
});

describe('a way back whose task PVE has forgotten', () => {
  it('is judged by where the VM stands, and not told to be done where it does not', async () => {
    const id = ourVm(stage);
    for (const name of ['s1', 's2']) await take(id, name);
    await revert(id, 's1');
    const verdict = async (goal: string) => {
      const upid = `UPID:pve2:00000001:00000001:6553F100:qmrollback:${id}:root@pam:`;
      return await stage.client.taskStatus({ task: { id: `vrtg1.revert.${id}.-.${goal}.${upid}` } });
    };
    expect(await verdict('s1')).toMatchObject({ done: true, error: '' });
    expect(await verdict('s2')).toMatchObject({
      done: true,
      error: expect.stringContaining('no longer knows its task'),
    });
  });
});

describe('a snapshot that takes longer than its call', () => {
  it('is a task that any replica judges, and that says so where it fails', async () => {
    const slow = await startStage({
      settings: { PVE_TASK_TIMEOUT: '15s' },
      simulator: { timeScale: 50, durations: { saveStateMs: 100_000 } },
    });
    const { client } = await slow.another(1);
    const id = ourVm(slow);
    // On a busy machine a start takes longer than tasks are waited for here.
    await until(
      async () => await outcomeOf(slow.client.power({ id, op: PowerOp.ON })),
      ({ kind }) => kind === 'ok',
    );
    const order = { vmId: id, nameHint: 'long', includeMemory: true };
    const answer = await slow.client.snapshotCreate(order);
    expect(answer.task?.id).toMatch(
      new RegExp(`^vrtg1\\.snapshot\\.${id}\\.[a-z2-7]{12}\\.long\\.UPID:pve2:.*:qmsnapshot:`),
    );
    expect(await client.snapshotCreate(order)).toEqual(answer);
    const task = answer.task ?? { id: '' };
    expect(await client.taskStatus({ task })).toMatchObject({ done: false, error: '' });
    const status = async (id: string) =>
      await until(
        async () => await client.taskStatus({ task: { id } }),
        ({ done }) => done,
      );
    expect(await status(task.id)).toMatchObject({ done: true, error: '' });
    const deletion = await slow.client.snapshotDelete({ vmId: id, snapshotId: 'long' });
    if (deletion.task !== undefined) expect(await status(deletion.task.id)).toMatchObject({ error: '' });
    expect(guestOf(slow, id).snapshots).toEqual({});
    const second = await slow.client.snapshotCreate({ ...order, nameHint: 'killed' });
    slow.sim.sim.tasks.killAll('pve2');
    expect(await status(second.task?.id ?? '')).toMatchObject({
      done: true,
      error: expect.stringMatching(/snapshot killed: PVE says "/),
    });
    await slow.stop();
  });
});
