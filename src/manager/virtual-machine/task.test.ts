import { Fault } from '#domain/fault';
import type { KubeObject } from '#kube/object';
import type { ProviderClient } from '#rpc/client';
import { describe, expect, it } from 'vitest';
import type { Visit } from '../work/controller.ts';
import type { Outcome } from '../work/outcome.ts';
import { draftStatus } from '../work/status-draft.ts';
import { awaitTask } from './task.ts';

/** What the provider answers, after a first look at a VM with this status. */
async function look(
  status: object,
  answer: { readonly done: boolean; readonly error: string } | Fault,
): Promise<{ outcome: Outcome; patch: unknown }> {
  const object: KubeObject = {
    apiVersion: 'infra.virtrigaud.io/v1beta1',
    kind: 'VirtualMachine',
    metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    status: { id: '100123', bound: { providerRef: { name: 'prod', namespace: 'default' } }, ...status },
  };
  const taskStatus = async () => await (answer instanceof Fault ? Promise.reject(answer) : Promise.resolve(answer));
  const client = { taskStatus } as unknown as ProviderClient;
  const draft = draftStatus(object, 0);
  const world = { providers: { clientOf: () => client } };
  const visit = { object, status: draft, world, signal: AbortSignal.abort() } as unknown as Visit;
  return { outcome: await awaitTask(visit), patch: draft.patch() };
}

describe('V2: a task of the provider', () => {
  it('that goes on is looked at again', async () => {
    const { outcome, patch } = await look({ lastTaskRef: 'a' }, { done: false, error: '' });
    expect(outcome).toMatchObject({ kind: 'wait', afterMs: 2000 });
    expect(patch).toBeUndefined();
  });

  it('that has ended is forgotten, and the visit goes on', async () => {
    const { outcome, patch } = await look({ lastTaskRef: 'a' }, { done: true, error: '' });
    expect([outcome.kind, patch]).toEqual(['done', { lastTaskRef: null }]);
  });

  it('that has failed is forgotten too, told of, and tried again later', async () => {
    const { outcome, patch } = await look({ lastTaskRef: 'a' }, { done: true, error: 'no space' });
    expect(outcome).toEqual({ kind: 'stuck', why: { reason: 'TaskFailed', message: 'VM 100123: no space' } });
    expect(patch).toEqual({ lastTaskRef: null });
  });

  it.each(['not-found', 'invalid-spec'] as const)(
    'of which the provider knows nothing (%s) has ended',
    async (kind) => {
      const { outcome, patch } = await look({ lastTaskRef: 'a' }, new Fault(kind, { subject: 'task', why: 'unknown' }));
      expect([outcome.kind, patch]).toEqual(['done', { lastTaskRef: null }]);
    },
  );

  it('that nobody can be asked about is asked about again', async () => {
    const silence = new Fault('unavailable', { subject: 'provider', why: 'no answer' });
    await expect(look({ lastTaskRef: 'a' }, silence)).rejects.toBe(silence);
  });

  it('of a change that has failed leaves the change to be made', async () => {
    const { patch } = await look({ reconfigureTaskRef: 'a', appliedDigest: 'd' }, { done: true, error: 'no space' });
    expect(patch).toEqual({ reconfigureTaskRef: null, appliedDigest: null });
  });
});
