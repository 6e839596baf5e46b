// Objects from their creation to their end: finalizers, owners, namespaces, preconditions.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { startTestApi, type TestApi } from './api-client.ts';
import { DEFINITIONS_PATH, THINGS, thing, thingsPath } from './definitions.ts';

describe('an object', () => {
  let api: TestApi;
  const path = thingsPath();

  beforeAll(async () => {
    api = await startTestApi();
    expect((await api.call('POST', DEFINITIONS_PATH, THINGS)).status).toBe(201);
  });
  afterAll(async () => await api.close());

  const created = async (name: string, metadata: object = {}, more = {}) =>
    (await api.call('POST', path, thing(name, more, metadata))).body;
  const statusOf = async (name: string): Promise<number> => (await api.call('GET', `${path}/${name}`)).status;

  test('is numbered by what is wanted of it, not by labels or status', async () => {
    await created('counted');
    const label = await api.call('PATCH', `${path}/counted`, { metadata: { labels: { a: 'b' } } });
    const spec = await api.call('PATCH', `${path}/counted`, { spec: { size: 2 } });
    const status = await api.call('PATCH', `${path}/counted/status`, { status: { phase: 'Up' }, spec: { size: 9 } });
    expect([label, spec, status].map(({ body }) => body.metadata.generation)).toEqual([1, 2, 2]);
    expect(status.body).toMatchObject({ spec: { size: 2 }, status: { phase: 'Up' } });
  });

  test('that nothing changes in is not written', async () => {
    const before = await created('same');
    const { body } = await api.call('PATCH', `${path}/same`, { spec: { size: 1 } });
    expect(body.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  test('with a finalizer stays until that is gone, and takes no new one', async () => {
    await created('held', { finalizers: ['example.test/hold'] });
    const first = await api.call('DELETE', `${path}/held`);
    expect(first.body.metadata).toMatchObject({ generation: 2, deletionGracePeriodSeconds: 0 });
    expect((await api.call('DELETE', `${path}/held`)).body.metadata.deletionTimestamp).toBe(
      first.body.metadata.deletionTimestamp,
    );
    const more = await api.call('PATCH', `${path}/held`, {
      metadata: { finalizers: ['example.test/hold', 'example.test/more'] },
    });
    expect([more.status, more.body.details.causes[0]?.field]).toEqual([422, 'metadata.finalizers']);
    const watch = await api.watch(`${path}?watch=1&resourceVersion=${first.body.metadata.resourceVersion}`);
    expect((await api.call('PATCH', `${path}/held`, { metadata: { finalizers: null } })).status).toBe(200);
    expect(await statusOf('held')).toBe(404);
    // It goes as it was.
    expect(await watch.next()).toMatchObject({
      type: 'DELETED',
      object: { metadata: { finalizers: ['example.test/hold'] } },
    });
    watch.stop();
  });

  test('whose managers have been cleared has none from then on', async () => {
    await created('nobodys');
    await api.call('PATCH', `${path}/nobodys`, { metadata: { managedFields: [{}] } });
    const { body } = await api.call('PATCH', `${path}/nobodys`, { spec: { size: 7 } });
    expect([body.metadata.generation, 'managedFields' in body.metadata]).toEqual([2, false]);
  });

  test('that is a definition gets the names that are free, and its end is no change of it', async () => {
    const text = JSON.stringify(THINGS).replaceAll('things', 'others');
    const other = await api.call('POST', DEFINITIONS_PATH, text);
    const at = `${DEFINITIONS_PATH}/${other.body.metadata.name}`;
    const { body } = await until(
      async () => await api.call('GET', at),
      (answer) => JSON.stringify(answer.body.status).includes('NamesAccepted'),
    );
    expect(body.status).toMatchObject({
      acceptedNames: { plural: 'others' },
      conditions: [{ reason: 'ListKindConflict', message: '"ThingList" is already in use' }, {}],
    });
    const gone = await api.call('DELETE', at);
    expect(gone.body.metadata).toMatchObject({ generation: 1, deletionTimestamp: expect.any(String) as string });
    expect(gone.body.metadata).not.toHaveProperty('deletionGracePeriodSeconds');
  });

  test('without namespaces loses the one it is given, and is named as its definition says', async () => {
    const [version] = THINGS.spec.versions;
    const names = { name: { type: 'string', pattern: '^a', maxLength: 4 } };
    const openAPIV3Schema = {
      type: 'object',
      properties: { metadata: { type: 'object', properties: names }, spec: { type: 'object' } },
    };
    const v1 = { ...version, schema: { openAPIV3Schema } };
    const wides = {
      ...THINGS,
      metadata: { name: 'wides.example.test' },
      spec: { ...THINGS.spec, scope: 'Cluster', names: { kind: 'Wide', plural: 'wides' }, versions: [v1] },
    };
    const at = `${DEFINITIONS_PATH}/wides.example.test`;
    expect((await api.call('POST', DEFINITIONS_PATH, wides)).status).toBe(201);
    await api.sim.idle();
    const wide = (name: string) => ({ ...thing(name, {}, { namespace: 'default' }), kind: 'Wide' });
    const made = await api.call('POST', '/apis/example.test/v1/wides', wide('ab'));
    expect([made.status, made.body.metadata]).toEqual([201, expect.not.objectContaining({ namespace: 'default' })]);
    const long = await api.call('POST', '/apis/example.test/v1/wides', wide('bcdef'));
    expect([long.status, long.body.details.causes.map(({ field }) => field)]).toEqual([422, ['metadata.name']]);
    const untyped = await api.call('PATCH', '/apis/example.test/v1/wides/ab', { apiVersion: null });
    expect([untyped.status, untyped.body.reason]).toEqual([500, 'InternalError']);

    const moved = await api.call('PATCH', at, { spec: { group: 'other.test' } });
    expect(moved.body.details.causes.map(({ field }) => field)).toEqual(['spec.group']);
    // Which versions are stored is the server's to say, whoever has changed that.
    const versions = [
      { ...v1, storage: false },
      { ...v1, name: 'v2' },
    ];
    const changed = await api.call('PATCH', at, { spec: { versions } });
    expect(changed.body.status).toMatchObject({ storedVersions: ['v1', 'v2'] });
    expect(JSON.stringify(changed.body.metadata)).not.toContain('f:storedVersions');
    const { body } = await api.call('GET', `${DEFINITIONS_PATH}?fieldSelector=spec.group%3Dx`);
    expect(body.message).toBe('"spec.group" is not a known field selector: only "metadata.name", "metadata.namespace"');
  });

  test('keeps an owner that is named twice once, says so, and a finalizer as often as it is there', async () => {
    const owner = { apiVersion: 'v1', kind: 'Nothing', name: 'x', uid: 'y' };
    const twice = thing('twice', {}, { ownerReferences: [owner, owner], finalizers: ['a/b', 'a/b'] });
    const { headers, body } = await api.call('POST', `${path}?dryRun=All`, twice);
    expect(body.metadata).toMatchObject({ ownerReferences: [owner], finalizers: ['a/b', 'a/b'] });
    expect(headers['warning']).toContain('contains duplicate entries; API server dedups owner references');
  });

  test('is deleted only where it is what the client believes it is', async () => {
    const { metadata } = await created('sure');
    const wrong = await api.call('DELETE', `${path}/sure`, { preconditions: { uid: 'another' } });
    expect([wrong.status, wrong.body.reason]).toEqual([409, 'Conflict']);
    const old = await api.call('DELETE', `${path}/sure`, { preconditions: { resourceVersion: '1' } });
    expect(old.status).toBe(409);
    const right = await api.call('DELETE', `${path}/sure`, { preconditions: { uid: metadata.uid } });
    expect(right.body).toMatchObject({ kind: 'Status', status: 'Success', details: { uid: metadata.uid } });
  });

  test('goes with its owner, unless another one is left', async () => {
    const [one, other] = [await created('owner-1'), await created('owner-2')];
    const reference = ({ apiVersion, kind, metadata: { name, uid } }: typeof one) => ({ apiVersion, kind, name, uid });
    await created('child', { ownerReferences: [reference(one)] });
    await created('shared', { ownerReferences: [reference(one), reference(other)] });
    await api.call('DELETE', `${path}/owner-1`);
    await api.sim.idle();
    expect(await statusOf('child')).toBe(404);
    const shared = await api.call('GET', `${path}/shared`);
    expect(shared.body.metadata.ownerReferences).toEqual([reference(other)]);
    await api.call('DELETE', `${path}/owner-2`, { propagationPolicy: 'Orphan' });
    await api.sim.idle();
    expect([await statusOf('owner-2'), await statusOf('shared')]).toEqual([404, 200]);
  });

  test('that is deleted in the foreground goes after what it owns', async () => {
    const { metadata } = await created('last');
    const owner = { apiVersion: 'example.test/v1', kind: 'Thing', name: 'last', uid: metadata.uid };
    const ownerReferences = [{ ...owner, blockOwnerDeletion: true }];
    await created('first', { ownerReferences, finalizers: ['example.test/hold'] });
    await api.call('DELETE', `${path}/last`, { propagationPolicy: 'Foreground' });
    await api.sim.idle();
    expect([await statusOf('last'), await statusOf('first')]).toEqual([200, 200]);
    await api.call('PATCH', `${path}/first`, { metadata: { finalizers: null } });
    await api.sim.idle();
    expect([await statusOf('last'), await statusOf('first')]).toEqual([404, 404]);
  });

  test('of an owner that never was is deleted', async () => {
    const ownerReferences = [{ apiVersion: 'example.test/v1', kind: 'Thing', name: 'nobody', uid: 'never' }];
    await created('lost', { ownerReferences });
    await api.sim.idle();
    expect(await statusOf('lost')).toBe(404);
  });

  test('needs a namespace that is there, and goes with it', async () => {
    const missing = await api.call('POST', thingsPath('gone'), thing('x'));
    expect([missing.status, missing.body.message]).toEqual([404, 'namespaces "gone" not found']);
    await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'gone' } });
    await api.call('POST', thingsPath('gone'), thing('held', {}, { finalizers: ['example.test/hold'] }));
    await api.call('POST', '/api/v1/namespaces/gone/secrets', { metadata: { name: 's' }, stringData: { a: 'b' } });
    const deleted = await api.call('DELETE', '/api/v1/namespaces/gone');
    expect(deleted.body.status.phase).toBe('Terminating');
    const late = await api.call('POST', thingsPath('gone'), thing('y'));
    expect([late.status, late.body.reason]).toEqual([403, 'Forbidden']);
    await api.sim.idle();
    expect((await api.call('GET', '/api/v1/namespaces/gone/secrets')).body.items).toEqual([]);
    await api.call('PATCH', `${thingsPath('gone')}/held`, { metadata: { finalizers: null } });
    await api.sim.idle();
    expect((await api.call('GET', '/api/v1/namespaces/gone')).status).toBe(404);
  });

  test('is gone when its definition is, and another one of that name begins anew', async () => {
    const definition = { ...THINGS, metadata: { name: 'bits.example.test' } };
    const bits = { ...definition, spec: { ...THINGS.spec, names: { kind: 'Bit', plural: 'bits' } } };
    const at = '/apis/example.test/v1/namespaces/default/bits';
    await api.call('POST', DEFINITIONS_PATH, bits);
    await api.call('POST', at, { apiVersion: 'example.test/v1', kind: 'Bit', metadata: { name: 'x' } });
    await api.call('DELETE', `${DEFINITIONS_PATH}/bits.example.test`);
    await api.sim.idle();
    expect((await api.call('GET', at)).status).toBe(404);
    await api.call('POST', DEFINITIONS_PATH, bits);
    expect((await api.call('GET', at)).body.items).toEqual([]);
  });
});
