import { describe, expect, it } from 'vitest';
import { Fault } from '#domain/fault';
import { type CreateRequest, PowerOp, type Provider } from '#rpc/contract';
import type { Handlers } from '#rpc/service';
import { createClock } from '#runtime/clock';
import { type GoManager, startGoManager } from '../support/go-manager/manager.ts';
import { serve } from './support/serve.ts';

// The model of VirtRigaud's manager has the defects of the original: whoever passes under it has withstood them.

const clock = createClock({ factor: 200 });
const valid = async () => await Promise.resolve({ ok: true, message: '' });
const isOn = async () => await Promise.resolve({ exists: true, powerState: 'On', providerRawJson: '{"vmid":"100"}' });

async function managerOf(provider: Handlers<typeof Provider>): Promise<GoManager> {
  const { address } = await serve({ validate: valid, describe: isOn, ...provider });
  return startGoManager({ endpoint: () => address, clock });
}

function countOf({ record }: GoManager, ending: string): number {
  return record.codes.get(ending) ?? 0;
}

describe("the model of VirtRigaud's manager", () => {
  it('opens its breaker after ten failures in a row, and gives up who is to be deleted', async () => {
    // All ten workers are in a Delete when the first one fails, so that no success of another call comes between.
    const tenCalls = Promise.withResolvers<void>();
    let calls = 0;
    const manager = await managerOf({
      delete: async () => {
        calls += 1;
        if (calls === 10) tenCalls.resolve();
        await tenCalls.promise;
        throw new TypeError('a mistake');
      },
    });
    for (let index = 0; index < 11; index += 1) manager.adopt(`vm-${index}`, String(100 + index), {});
    await manager.until(() => [...manager.objects.values()].every(({ status }) => status.isReady));
    for (const name of manager.objects.keys()) manager.delete(name);
    await manager.until(() => manager.objects.size === 0);
    expect(manager.breakerOpenings).toBeGreaterThan(0);
    expect(new Set(manager.record.finalizers.map(({ why }) => why))).toEqual(new Set(['provider-unresolved']));
    manager.stop();
  });

  it('does not count what it is refused, and repeats it all the same', async () => {
    const refusal = new Fault('invalid-spec', { subject: 'class_json.CPU', why: 'is too much' });
    const manager = await managerOf({ create: async () => await Promise.reject(refusal) });
    manager.apply('wrong', {});
    await manager.until(() => countOf(manager, 'create InvalidArgument') >= 20);
    expect(manager.breakerOpenings).toBe(0);
    expect(manager.objects.get('wrong')?.status.message).toContain('class_json.CPU');
    manager.stop();
  });

  it('drops the finalizer where Validate says no, and a connection it has dropped is made again', async () => {
    let ok = true;
    const manager = await managerOf({ validate: async () => await Promise.resolve({ ok, message: 'no' }) });
    manager.adopt('vm', '100', {});
    await manager.until(() => manager.objects.get('vm')?.status.isReady === true);
    ok = false;
    manager.delete('vm');
    await manager.until(() => manager.objects.size === 0);
    expect(manager.record.finalizers).toEqual([{ name: 'vm', id: '100', why: 'provider-unresolved' }]);
    expect([...manager.record.codes.keys()].filter((key) => key.startsWith('delete'))).toEqual([]);
    manager.stop();
  });

  it('takes a Delete with a task for done, and NotFound for success', async () => {
    const missing = new Fault('not-found', { subject: 'VM 101', why: 'there is none' });
    const manager = await managerOf({
      delete: async ({ id }) =>
        await (id === '101' ? Promise.reject(missing) : Promise.resolve({ task: { id: 'task' } })),
    });
    manager.adopt('slow', '100', {});
    manager.adopt('gone', '101', {});
    for (const name of manager.objects.keys()) manager.delete(name);
    await manager.until(() => manager.objects.size === 0);
    expect(manager.record.finalizers.map(({ name, why }) => `${name} ${why}`).sort()).toEqual([
      'gone not-found',
      'slow deleted',
    ]);
    expect(countOf(manager, 'taskStatus OK')).toBe(0);
    manager.stop();
  });

  it('asks for ever for a task that has failed, and does nothing else', async () => {
    const manager = await managerOf({
      create: async () => await Promise.resolve({ id: '100', task: { id: 'task' } }),
      taskStatus: async () => await Promise.resolve({ done: true, error: 'no space' }),
    });
    manager.apply('wedged', {});
    await manager.until(() => countOf(manager, 'taskStatus OK') >= 20);
    expect(manager.objects.get('wedged')?.status).toMatchObject({ id: '100', lastTaskRef: 'task', isReady: false });
    expect(countOf(manager, 'describe OK')).toBe(0);
    manager.stop();
  });

  it('creates again what is said to be missing, with every key of its payload, in the same reconcile', async () => {
    const created: CreateRequest[] = [];
    let exists = true;
    const manager = await managerOf({
      create: async (request) => {
        created.push(request);
        exists = true;
        return await Promise.resolve({ id: String(99 + created.length) });
      },
      describe: async () => await (exists ? isOn() : Promise.resolve({ exists })),
    });
    manager.apply('again', { tags: ['a<b'], networks: [{ Name: 'a<b' }] });
    await manager.until(() => manager.objects.get('again')?.status.isReady === true);
    exists = false;
    await manager.until(() => created.length === 2);
    expect(created[0]).toEqual(created[1]);
    expect(created[0]?.networksJson).toBe('[{"Name":"a\\u003cb"}]');
    expect(created[0]?.disksJson).toBe('null');
    expect(JSON.parse(created[0]?.classJson ?? '')).toMatchObject({ CPU: 2, MemoryMiB: 4096, ExtraConfig: null });
    await manager.until(() => manager.objects.get('again')?.status.id === '101');
    expect(manager.record.ids.get('again')).toEqual(['100', '101']);
    manager.stop();
  });

  it('shuts down a stopped VM again and again, and believes every Reconfigure that is not refused', async () => {
    const ops: PowerOp[] = [];
    const desired: unknown[] = [];
    let powerState = 'On';
    const manager = await managerOf({
      create: async () => await Promise.resolve({ id: '100' }),
      describe: async () => await Promise.resolve({ exists: true, powerState, providerRawJson: '{}' }),
      power: async ({ op }) => {
        ops.push(op);
        powerState = 'Off';
        return await Promise.resolve({});
      },
      reconfigure: async ({ desiredJson }) => {
        desired.push(JSON.parse(desiredJson));
        return await Promise.resolve({});
      },
    });
    manager.apply('vm', {});
    await manager.until(() => manager.objects.get('vm')?.status.isReady === true);
    manager.apply('vm', { class: { CPU: 4 } });
    await manager.until(() => manager.objects.get('vm')?.status.currentResources?.cpu === 4);
    expect(desired).toMatchObject([
      { Name: 'vm', Class: { CPU: 4 }, Networks: null, Disks: null, UserData: null, Tags: null },
    ]);
    manager.apply('vm', { powerState: 'OffGraceful', class: { CPU: 4 } });
    await manager.until(() => ops.length >= 5);
    expect(new Set(ops)).toEqual(new Set([PowerOp.SHUTDOWN_GRACEFUL]));
    manager.stop();
  });
});
