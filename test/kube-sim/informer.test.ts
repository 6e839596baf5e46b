// The informer of @kubernetes/client-node, by the kubeconfig that the server writes: it sees everything once and in order, and
// goes on where it was when the server has been away, or has forgotten what happened meanwhile.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type KubernetesObject,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1Secret,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OWN_KINDS } from '#kube-sim/kinds/own-kinds';
import { type KubeSim, startKubeSim } from '#kube-sim/server';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { THINGS, thing } from './definitions.ts';

const OF_THINGS = { group: 'example.test', version: 'v1', namespace: 'default', plural: 'things' };
const THINGS_PATH = '/apis/example.test/v1/namespaces/default/things';

interface Thing extends KubernetesObject {
  readonly spec: { readonly size: number };
}

let folder: string;
let sim: KubeSim;
let config: KubeConfig;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'informer-'));
  sim = await start(0);
  config = configOf(sim);
});
afterAll(async () => {
  await sim.stop();
  rmSync(folder, { recursive: true });
});

async function start(port: number): Promise<KubeSim> {
  return await startKubeSim({
    dataDir: folder,
    host: '127.0.0.1',
    port,
    clock: createClock(),
    log: createLogger({ write: () => {} }),
    kinds: OWN_KINDS,
    definitions: [THINGS],
    name: 'virtrigaud-manager',
  });
}

/** An informer, and what it has told: `add a 1`. */
async function journalOf<T extends KubernetesObject>(
  path: string,
  list: () => Promise<{ items: T[] }>,
  shown: (object: T) => string,
) {
  const informer = makeInformer<T>(config, path, list);
  const seen: string[] = [];
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, (object) => seen.push(`${verb} ${object.metadata?.name} ${shown(object)}`));
  // A watch that fails is begun again, as its documentation has it.
  informer.on('error', () => setTimeout(() => void informer.start().catch(() => {}), RETRY_MS));
  await informer.start();
  return {
    seen,
    stop: async () => await informer.stop(),
    names: () => informer.list().map((one) => one.metadata?.name),
  };
}

const RETRY_MS = 50;

async function journalOfThings() {
  const objects = config.makeApiClient(CustomObjectsApi);
  const list = async () => (await objects.listNamespacedCustomObject(OF_THINGS)) as { items: Thing[] };
  return { objects, ...(await journalOf<Thing>(THINGS_PATH, list, ({ spec }) => String(spec.size))) };
}

const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

test('sees custom objects come, change and go', async () => {
  const { objects, seen, stop, names } = await journalOfThings();
  await objects.createNamespacedCustomObject({ ...OF_THINGS, body: thing('a') });
  for (const size of [2, 3])
    await objects.patchNamespacedCustomObject({ ...OF_THINGS, name: 'a', body: { spec: { size } } }, MERGE);
  await objects.createNamespacedCustomObject({ ...OF_THINGS, body: thing('b') });
  await objects.deleteNamespacedCustomObject({ ...OF_THINGS, name: 'a' });
  await expect.poll(() => seen).toEqual(['add a 1', 'update a 2', 'update a 3', 'add b 1', 'delete a 3']);
  expect(names()).toEqual(['b']);
  await objects.deleteNamespacedCustomObject({ ...OF_THINGS, name: 'b' });
  await stop();
});

test('sees Secrets come, change and go', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const namespace = 'default';
  const { seen, stop } = await journalOf<V1Secret>(
    '/api/v1/namespaces/default/secrets',
    async () => await core.listNamespacedSecret({ namespace }),
    ({ data = {} }) => Object.keys(data).join(),
  );
  await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'login' }, stringData: { a: 'b' } } });
  const strategic = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
  await core.patchNamespacedSecret({ namespace, name: 'login', body: { data: { c: 'ZA==' } } }, strategic);
  await core.deleteNamespacedSecret({ namespace, name: 'login' });
  await expect.poll(() => seen).toEqual(['add login a', 'update login a,c', 'delete login a,c']);
  await stop();
});

test.each([
  { after: 'a restart', forgets: false },
  { after: 'a restart that has forgotten what was before', forgets: true },
])('goes on after $after', async ({ forgets }) => {
  const { objects, seen, stop, names } = await journalOfThings();
  await objects.createNamespacedCustomObject({ ...OF_THINGS, body: thing('stays') });
  await objects.createNamespacedCustomObject({ ...OF_THINGS, body: thing('goes') });
  await expect.poll(() => seen).toEqual(['add stays 1', 'add goes 1']);
  await behindItsBack(async (elsewhere) => {
    await elsewhere.deleteNamespacedCustomObject({ ...OF_THINGS, name: 'goes' });
    await elsewhere.patchNamespacedCustomObject({ ...OF_THINGS, name: 'stays', body: { spec: { size: 2 } } }, MERGE);
    if (forgets) sim.compact();
  });
  await expect.poll(() => seen.slice(2).toSorted()).toEqual(['delete goes 1', 'update stays 2']);
  expect(names()).toEqual(['stays']);
  await objects.deleteNamespacedCustomObject({ ...OF_THINGS, name: 'stays' });
  await expect.poll(() => seen.slice(4)).toEqual(['delete stays 2']);
  await stop();
});

/** Goes on with the same data where the informer does not look for it, then comes back. */
async function behindItsBack(act: (objects: CustomObjectsApi) => Promise<void>): Promise<void> {
  const { port } = new URL(sim.url);
  await sim.stop();
  sim = await start(0);
  await act(configOf(sim).makeApiClient(CustomObjectsApi));
  await sim.stop();
  sim = await start(Number(port));
}

function configOf({ kubeconfig }: KubeSim): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config;
}
