import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { create } from '@bufbuild/protobuf';
import { PowerOp, TaskResponseSchema } from '#rpc/contract';
import { lastRequest, requestsSince, writesSince } from '../support/journal.ts';
import { outcomeOf } from '../support/outcome.ts';
import { reconfigureRequest, rootDisk } from '../support/requests.ts';
import { ourVm } from '../support/snapshots.ts';
import { forever, guestOf, type Stage, startStage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { claimedVms } from '../support/world.ts';

// Rows O6, O7, O8 and O13 of the checklist as far as no other test has them: what is there already is success, a task that
// nobody knows wedges nobody, a warning is no failure, and what keeps a VM from being deleted is told, not overridden.

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => stage.sim.faults.clear());
afterAll(async () => await stage.stop());

const power = async (id: string, op: PowerOp) => await outcomeOf(stage.client.power({ id, op }));
const NO_TASK = { kind: 'ok', message: '', answer: create(TaskResponseSchema) };
const isOn = (id: string): boolean => guestOf(stage, id).run !== undefined;

async function writesOf(work: () => Promise<unknown>): Promise<string[]> {
  const since = lastRequest(stage.sim);
  await work();
  return writesSince(stage.sim, since);
}

describe('O6: power', () => {
  it('O6: that is as it is wanted is success without a task, however often it is asked for', async () => {
    const id = ourVm(stage);
    const stopped = await writesOf(async () => {
      for (const op of [PowerOp.OFF, PowerOp.SHUTDOWN_GRACEFUL, PowerOp.SHUTDOWN_GRACEFUL]) {
        expect(await power(id, op)).toEqual(NO_TASK);
      }
    });
    expect((await power(id, PowerOp.ON)).kind).toBe('ok');
    const running = await writesOf(async () => {
      expect(await power(id, PowerOp.ON)).toEqual(NO_TASK);
    });
    expect([stopped, running, isOn(id)]).toEqual([[], [], true]);
  });

  it('O6: of a VM that hibernates goes on with what it had, and of a locked one waits for the next call', async () => {
    const id = ourVm(stage);
    await power(id, PowerOp.ON);
    await stage.pve.post(`/nodes/pve2/qemu/${id}/status/suspend`, forever, { todisk: true });
    await until(
      async () => await Promise.resolve(guestOf(stage, id)),
      ({ config, run }) => config['lock'] === 'suspended' && run === undefined,
    );
    expect((await power(id, PowerOp.ON)).kind).toBe('ok');
    expect([isOn(id), guestOf(stage, id).config['lock']]).toEqual([true, undefined]);
    guestOf(stage, id).config['lock'] = 'backup';
    const writes = await writesOf(async () => {
      const message = expect.stringMatching(/power off: it is locked \(backup\)/);
      expect(await power(id, PowerOp.OFF)).toMatchObject({ kind: 'busy', message });
    });
    expect([writes, isOn(id)]).toEqual([[], true]);
    delete guestOf(stage, id).config['lock'];
    expect((await power(id, PowerOp.OFF)).kind).toBe('ok');
  });

  it('O6: of a VM that HA manages is done when the guest is, not when HA has taken the wish', async () => {
    const id = ourVm(stage);
    await stage.pve.post('/cluster/ha/resources', forever, { sid: `vm:${id}`, state: 'stopped' });
    expect((await power(id, PowerOp.ON)).kind).toBe('ok');
    expect(isOn(id)).toBe(true);
    expect((await power(id, PowerOp.OFF)).kind).toBe('ok');
    expect(isOn(id)).toBe(false);
    await stage.pve.delete(`/cluster/ha/resources/vm:${id}`, forever);
  });
});

describe('O7: the state of a task', () => {
  it('O7: is done for one that PVE has forgotten, not done while PVE cannot be asked, and refused by field without an id', async () => {
    const id = ourVm(stage);
    await power(id, PowerOp.ON);
    const [upid = ''] = Object.entries(stage.sim.world.tasks).find(([, task]) => task.id === id) ?? [];
    const purged = upid.replace(/^(UPID:[^:]+:)[^:]+:[^:]+/, '$100000001:00000001');
    const statusOf = async (task: { id: string } | undefined) => await outcomeOf(stage.client.taskStatus({ task }));
    for (const known of [
      upid,
      purged,
      'UPID:gone:00000001:00000001:6553F100:qmclone:9000:a@pve:',
      'of-another-provider',
    ]) {
      expect(await statusOf({ id: known }), known).toMatchObject({ kind: 'ok', answer: { done: true, error: '' } });
    }
    for (const nothing of [undefined, { id: '' }]) {
      const message = expect.stringMatching(/^task\.id: is missing/);
      expect(await statusOf(nothing)).toMatchObject({ kind: 'invalid-spec', message });
    }
    stage.sim.faults.add([{ path: '/tasks/', action: { answer: { status: 596, reason: 'Connection timed out' } } }]);
    expect(await statusOf({ id: upid })).toMatchObject({ kind: 'ok', answer: { done: false, error: '' } });
  });
});

describe('O8: a task that ends with warnings', () => {
  it('O8: has succeeded, and what PVE warns of is in the log', async () => {
    const id = ourVm(stage);
    guestOf(stage, id).config['bios'] = 'ovmf';
    expect((await power(id, PowerOp.ON)).kind).toBe('ok');
    const [upid = '', task] =
      Object.entries(stage.sim.world.tasks).find(([, each]) => each.id === id && each.type === 'qmstart') ?? [];
    expect(task?.exitstatus).toMatch(/^WARNINGS: 1$/);
    expect(stage.log.join('\n')).toMatch(new RegExp(`WARN PVE warns .*qmstart:${id}:.*no efidisk configured`));
    expect(isOn(id)).toBe(true);
    expect(await stage.client.taskStatus({ task: { id: upid } })).toMatchObject({ done: true, error: '' });
  });
});

describe('O13: a delete', () => {
  it('O13: takes the snapshots of a guest that runs along, with their memory, and nothing is left of it', async () => {
    const id = ourVm(stage);
    await power(id, PowerOp.ON);
    for (const nameHint of ['one', 'two']) {
      await stage.client.snapshotCreate({ vmId: id, nameHint, includeMemory: nameHint === 'one' });
    }
    const volumes = (): string[] =>
      Object.values(stage.sim.world.volumes).flatMap(({ vmid, volid }) => (String(vmid) === id ? [volid] : []));
    expect(volumes()).toHaveLength(2);
    expect((await outcomeOf(stage.client.delete({ id }))).kind).toBe('ok');
    expect([stage.sim.world.guests[Number(id)], volumes()]).toEqual([undefined, []]);
    expect(await claimedVms(stage.world, `vm-${id}`)).toEqual([]);
    // Gone already: proven, and success.
    const since = lastRequest(stage.sim);
    expect((await outcomeOf(stage.client.delete({ id }))).kind).toBe('ok');
    expect(writesSince(stage.sim, since)).toEqual([]);
    expect(requestsSince(stage.sim, since).length).toBeLessThan(10);
  });

  it('O13: of a VM that is backed up waits for its next call, and stops nothing', async () => {
    const id = ourVm(stage);
    await power(id, PowerOp.ON);
    guestOf(stage, id).config['lock'] = 'backup';
    const writes = await writesOf(async () => {
      const message = expect.stringMatching(/delete: it is locked \(backup\).*qm unlock/);
      expect(await outcomeOf(stage.client.delete({ id }))).toMatchObject({ kind: 'busy', message });
    });
    expect([writes, isOn(id)]).toEqual([[], true]);
    delete guestOf(stage, id).config['lock'];
    expect((await outcomeOf(stage.client.delete({ id }))).kind).toBe('ok');
  });
});

describe('GetCapabilities', () => {
  it('says of every flag what its calls do', async () => {
    const { client } = stage;
    const told = await client.getCapabilities({});
    const isWired = async (call: Promise<unknown>): Promise<boolean> => (await outcomeOf(call)).kind !== 'unsupported';
    const id = ourVm(stage);
    await power(id, PowerOp.ON);
    const snapshot = { vmId: id, nameHint: 'told', includeMemory: true };
    const takesSnapshots = await isWired(client.snapshotCreate(snapshot));
    const { targetVmId } = await client.clone({ sourceVmId: '9001', targetName: 'told', linked: true });
    const file = guestOf(stage, targetVmId).config['scsi0']?.split(',')[0];
    const linkedTo = Object.values(stage.sim.world.volumes).find(({ volid }) => volid === file)?.parent;
    const grown = await outcomeOf(
      client.reconfigure(reconfigureRequest(id, { name: `vm-${id}`, disks: [rootDisk(3)] })),
    );
    const hands = await isWired(client.exportDisk({ vmId: id }));
    const url = 'https://images.example/none';
    // Read as a whole, and refused for its storage.
    const image = (more: object) => ({
      sourceUrl: url,
      targetName: 'told',
      format: 'raw',
      storageHint: 'none',
      ...more,
    });
    const acceptedOf = async (field: string, words: readonly string[]): Promise<string[]> => {
      const accepted: string[] = [];
      for (const word of words) {
        const { message } = await outcomeOf(client.importDisk(image({ [field]: word })));
        if (!message.startsWith(`${field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}:`))
          accepted.push(word);
      }
      return accepted;
    };
    expect(told).toEqual({
      $typeName: 'provider.v1.GetCapabilitiesResponse',
      supportsReconfigureOnline: grown.kind === 'ok',
      supportsDiskExpansionOnline: /size=3G/.test(guestOf(stage, id).config['scsi0'] ?? ''),
      supportsSnapshots: takesSnapshots,
      supportsMemorySnapshots: guestOf(stage, id).snapshots['told']?.['vmstate'] !== undefined,
      supportsLinkedClones: linkedTo !== undefined,
      supportsImageImport: await isWired(client.imagePrepare({ imageJson: '{}', targetName: 'told' })),
      supportedDiskTypes: ['raw', 'qcow2'],
      supportedNetworkTypes: ['bridge', 'vlan'],
      supportsDiskExport: hands,
      supportedExportFormats: hands ? expect.anything() : [],
      supportsExportCompression: hands,
      supportedExportBackends: hands ? expect.anything() : [],
      supportsDiskImport: await isWired(client.importDisk(image({}))),
      supportedImportFormats: await acceptedOf('format', ['qcow2', 'raw', 'vmdk', 'vdi', 'vhdx', 'ova']),
      supportedImportBackends: await acceptedOf('backendType', ['s3', 'https', 'nfs', 'pvc']),
      supportedTransferModes: await acceptedOf('transferMode', ['relay', 'direct']),
    });
    await client.power({ id, op: PowerOp.OFF });
  });
});
