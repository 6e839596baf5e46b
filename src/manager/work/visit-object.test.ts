import { KubeApiError, type KubeApi, type MergePatch } from '#kube/api';
import type { KubeObject } from '#kube/object';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { describe, expect, it } from 'vitest';
import type { Controller, Phase, World } from './controller.ts';
import { createIdleFields } from './idle-fields.ts';
import { DONE, stuck } from './outcome.ts';
import { type Next, visitObject, type VisitTools } from './visit-object.ts';

const RESOURCE = { group: 'example.test', version: 'v1', plural: 'things', kind: 'Thing' };

function thing(version: string, rest: object = {}, metadata: object = {}): KubeObject {
  const named = { name: 'one', namespace: 'default', uid: 'u', creationTimestamp: '', generation: 2 };
  return {
    apiVersion: 'example.test/v1',
    kind: 'Thing',
    metadata: { ...named, resourceVersion: version, ...metadata },
    ...rest,
  };
}

/** Looks at `seen`, while the API has `there`; tells what is written in the end, and what is said. */
async function look(
  seen: KubeObject,
  there: KubeObject,
  phases: readonly Phase[],
): Promise<{ next: Next; written: MergePatch[]; told: string[] }> {
  const written: MergePatch[] = [];
  const api = {
    get: async () => await Promise.resolve(there),
    patch: async (_resource: unknown, _key: unknown, patch: MergePatch) => {
      const { resourceVersion } = patch['metadata'] as { resourceVersion: string };
      if (resourceVersion !== there.metadata.resourceVersion) {
        throw new KubeApiError({ code: 409, reason: 'Conflict', message: 'it has changed' });
      }
      written.push(patch);
      return await Promise.resolve(there);
    },
  } as unknown as KubeApi;
  const told: string[] = [];
  const tools: VisitTools = {
    world: { api, clock: createClock() } as unknown as World,
    log: createLogger({ write: () => {} }),
    signal: new AbortController().signal,
    tell: (_object, type, reason) => void told.push(`${type} ${reason}`),
    idleFields: { ...createIdleFields(), tell: () => {} },
  };
  const controller: Controller = { resource: RESOURCE, concerns: [], phases };
  return { next: await visitObject(controller, seen, tools), written, told };
}

const act: Phase = async ({ status }) => {
  status.fields['id'] = 'made';
  return await Promise.resolve(DONE);
};

describe('what came of a visit', () => {
  it('is written down also where somebody has changed the rest of the object meanwhile, for the generation that was seen', async () => {
    const { written } = await look(thing('1'), thing('5', {}, { generation: 3 }), [act]);
    expect(written).toEqual([{ metadata: { resourceVersion: '5' }, status: { id: 'made', observedGeneration: 2 } }]);
  });

  it.each([
    ['somebody else has written the status', thing('5', { status: { id: 'of another' } })],
    ['it is another object', thing('5', {}, { uid: 'another' })],
  ])('is not where %s', async (_title, there) => {
    await expect(look(thing('1'), there, [act])).rejects.toThrow('it has changed');
  });

  it('is told once', async () => {
    const wrong: Phase = async () => await Promise.resolve(stuck('Wrong', 'It is wrong.'));
    const first = await look(thing('1'), thing('1'), [wrong]);
    expect(first.told).toEqual(['Warning Wrong']);
    const { status } = first.written[0] as { status: object };
    const again = await look(thing('2', { status }), thing('2', { status }), [wrong]);
    expect([again.told, again.written]).toEqual([[], []]);
  });

  it('is no news where only the moment is another one that it names', async () => {
    const wrongUntil = (moment: string) => async () =>
      await Promise.resolve(stuck('Wrong', `It is wrong. It is tried again after ${moment}.`));
    const first = await look(thing('1'), thing('1'), [wrongUntil('2026-01-01T10:00:00.123Z')]);
    const { status } = first.written[0] as { status: object };
    const again = await look(thing('2', { status }), thing('2', { status }), [wrongUntil('2026-01-01T10:05:00.456Z')]);
    expect([again.told, again.written.length]).toEqual([[], 1]);
  });
});

it('a pause is written, and says nothing of the generation that nobody has looked at', async () => {
  const status = { observedGeneration: 1, conditions: [] };
  const paused = thing('1', { status }, { annotations: { 'virtrigaud.io/paused': 'true' } });
  const { next, written } = await look(paused, paused, [act]);
  expect(next).toEqual({ kind: 'settled', againMs: undefined });
  expect(written).toEqual([
    {
      metadata: { resourceVersion: '1' },
      status: { conditions: [expect.objectContaining({ type: 'Paused', status: 'True' })] },
    },
  ]);
});
