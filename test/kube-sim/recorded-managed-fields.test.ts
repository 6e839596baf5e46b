// Writes that a real server was sent, one object after the other, and whom it took for the manager of what.
import { decodeJson } from '#kube-sim/decode/json';
import { withManagedFields } from '#kube-sim/fields/managed-fields';
import type { JsonObject, KubeObject, ManagedFieldsEntry } from '#kube-sim/object';
import { jsonPatch } from '#kube-sim/patch/json-patch';
import { mergePatch } from '#kube-sim/patch/merge';
import { prune } from '#kube-sim/schema/prune';
import { withDefaults } from '#kube-sim/schema/with-defaults';
import { describe, expect, it } from 'vitest';
import { bodyText, type Exchange, exchanges, isMissing, machineSchema, skipped } from './recordings.ts';

const schema = machineSchema();
const MACHINES = /^\/apis\/example\.test\/v1\/namespaces\/\w+\/machines(\/|\?|$)/;

interface RecordedWrite {
  readonly title: string;
  readonly exchange: Exchange;
  /** As it was answered last. */
  readonly before: KubeObject | undefined;
}

/** Every write that was answered with the object, with the object before it. */
function recordedWrites(): RecordedWrite[] {
  const stored = new Map<string, KubeObject>();
  return exchanges(20, 189).flatMap(({ name, exchange }, index) => {
    const { request, response } = exchange;
    const answer = response.body as KubeObject | undefined;
    if (!MACHINES.test(request.path) || answer?.kind !== 'Machine' || answer.metadata === undefined) return [];
    const key = `${answer.metadata.namespace}/${answer.metadata.name}`;
    const before = request.method === 'POST' ? undefined : stored.get(key);
    if (!request.path.includes('dryRun')) stored.set(key, answer);
    const isWrite =
      ['POST', 'PUT', 'PATCH'].includes(request.method) && !/apply-patch/.test(request['content-type'] ?? '');
    return isWrite && (request.method === 'POST' || before !== undefined)
      ? [{ title: `${name} #${index}: ${request.method} ${request.path.replace(/.*machines/, '')}`, exchange, before }]
      : [];
  });
}

/** What the client wanted the object to be, defaults and all. */
function wanted({ request }: Exchange, before: KubeObject | undefined): KubeObject {
  const body = decodeJson(bodyText(request.body) ?? '').value as JsonObject;
  const old = before ?? {};
  const object =
    request.method !== 'PATCH'
      ? body
      : request['content-type']?.includes('json-patch+json') === true
        ? jsonPatch(old, request.body as never)
        : mergePatch(old, body);
  return withDefaults(prune(object, schema).value, schema) as KubeObject;
}

/** In the order of their names: the recorded one depends on seconds. */
function untimed(entries: readonly ManagedFieldsEntry[] | undefined): unknown {
  const name = ({ manager, subresource = '' }: ManagedFieldsEntry): string => `${manager} ${subresource}`;
  const sorted = [...(entries ?? [])].sort((a, b) => (name(a) < name(b) ? -1 : 1));
  return sorted.map((entry) => ({ ...entry, time: undefined }));
}

function managerOf({ request, response }: Exchange, before: KubeObject | undefined): string {
  const named = new URLSearchParams(request.path.split('?')[1]).get('fieldManager');
  if (named !== null) return named;
  // The user agent was not recorded: it is the one that was not there before.
  const answered = (response.body as KubeObject).metadata.managedFields ?? [];
  const known = before?.metadata.managedFields?.map(({ manager }) => manager) ?? [];
  return answered.find(({ manager }) => !known.includes(manager))?.manager ?? 'curl';
}

const writes = recordedWrites();

describe(`managedFields of a recorded write${skipped}`, () => {
  it.skipIf(isMissing)('are there often enough to be compared with', () => {
    expect(writes.length).toBeGreaterThan(50);
  });

  it.each(writes)('$title', ({ exchange, before }) => {
    const { request, response } = exchange;
    const isStatus = /\/status(\?|$)/.test(request.path);
    const after = wanted(exchange, before);
    const { status: _, ...withoutStatus } = after;
    const status = before?.['status'] === undefined ? {} : { status: before['status'] };
    const { metadata } = withManagedFields({
      before,
      after: isStatus ? after : { ...withoutStatus, ...status },
      manager: managerOf(exchange, before),
      ...(isStatus ? { subresource: 'status' } : {}),
      time: '2026-01-01T00:00:00Z',
      schema,
      apiVersion: 'example.test/v1',
    });
    const changed = isStatus ? 'status' : 'spec';
    expect(after[changed]).toEqual((response.body as KubeObject)[changed]);
    expect(untimed(metadata.managedFields)).toEqual(untimed((response.body as KubeObject).metadata.managedFields));
  });
});
