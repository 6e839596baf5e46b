import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEventRecorder, type EventRecorder } from '#kube/events';
import type { KubeObject } from '#kube/object';
import { EVENTS } from '#kube/resource';
import { createClock } from '#runtime/clock';
import { loggedLines, type NearApi, startNearApi, THINGS, thing } from './near-api.ts';

let near: NearApi;
beforeAll(async () => {
  near = await startNearApi();
});
afterAll(async () => await near.stop());

function recorder(): EventRecorder {
  const { log } = loggedLines();
  return createEventRecorder(near.api, { component: 'virtrigaud-manager', instance: 'a-1', clock: createClock(), log });
}

async function eventsOf(object: KubeObject): Promise<readonly KubeObject[]> {
  const { items } = await near.api.list(EVENTS, 'default', {
    fieldSelector: `involvedObject.name=${object.metadata.name}`,
  });
  return items;
}

test('an Event names its object, and the same one again is counted, also by a server that was away', async () => {
  const object = await near.api.create(THINGS, thing('web'));
  const events = recorder();
  events.event(object, 'Normal', 'Created', 'VM 100 was made');
  events.event(object, 'Warning', 'FailedCreate', 'no space');
  await expect.poll(async () => (await eventsOf(object)).length).toBe(2);
  await near.away();
  events.event(object, 'Warning', 'FailedCreate', 'no space');
  await near.back();
  await expect
    .poll(async () => await eventsOf(object))
    .toMatchObject([
      {
        metadata: { namespace: 'default' },
        involvedObject: { apiVersion: 'example.test/v1', kind: 'Thing', name: 'web', uid: object.metadata.uid },
        type: 'Normal',
        reason: 'Created',
        message: 'VM 100 was made',
        count: 1,
        source: { component: 'virtrigaud-manager' },
        reportingInstance: 'a-1',
      },
      { type: 'Warning', reason: 'FailedCreate', message: 'no space', count: 2 },
    ]);
  // As after the hour that a server keeps them.
  for (const { metadata } of await eventsOf(object)) await near.api.delete(EVENTS, metadata);
  events.event(object, 'Normal', 'Created', 'VM 100 was made');
  await events.stop();
  expect(await eventsOf(object)).toMatchObject([{ reason: 'Created', count: 1 }]);
  events.event(object, 'Normal', 'Late', 'nobody hears this');
});

test('many of one reason become one, and an object that says too much is not heard', async () => {
  const object = await near.api.create(THINGS, thing('chatty'));
  const events = recorder();
  for (let index = 0; index < 40; index++) events.event(object, 'Warning', 'Failed', `try ${index}`);
  await events.stop();
  const told = await eventsOf(object);
  expect(told).toHaveLength(11);
  expect(told.at(-1)).toMatchObject({ message: '(combined from similar events): try 24', count: 15 });
});

test('what cannot be told fails nobody', async () => {
  const object = await near.api.create(THINGS, thing('nowhere'));
  const events = recorder();
  const { metadata } = object;
  events.event({ ...object, metadata: { ...metadata, namespace: 'not-there' } }, 'Normal', 'Lost', 'x');
  events.event(object, 'Normal', 'Heard', 'x');
  await events.stop();
  expect(await eventsOf(object)).toMatchObject([{ reason: 'Heard' }]);
});
