// The Kubernetes API of a test of controllers. KUBE_TEST_KUBECONFIG names another server's, which has our CRDs; else there is one
// on this machine. There KUBE_TEST_MANAGER_KUBECONFIG is the manager's own login.
import { join } from 'node:path';
import { customResourceDefinitions } from '#crd/definition/custom-resource-definition';
import { kinds } from '#crd/kinds';
import { GROUP, VERSION } from '#crd/manifests';
import type { KubeApi } from '#kube/api';
import { connectKube } from '#kube/connect';
import { type KubeObject, keyOf, keyText } from '#kube/object';
import { CONFIG_MAPS, EVENTS, type Resource, SECRETS } from '#kube/resource';
import type { Kind } from '#kube-sim/kinds/kind';
import { OWN_KINDS } from '#kube-sim/kinds/own-kinds';
import { startKubeSim } from '#kube-sim/server';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';

export interface FlowApi {
  readonly kubeconfig: string;
  readonly managerKubeconfig: string;
  /** Nothing is left of what tests have made. */
  stop(): Promise<void>;
}

export const OWN_RESOURCES: readonly Resource[] = kinds.map(({ kind, plural }) => ({
  group: GROUP,
  version: VERSION,
  plural,
  kind,
}));

export const isForeignApi = process.env['KUBE_TEST_KUBECONFIG'] !== undefined;
const NAMESPACE = 'default';

/** @param others kinds that only a whole Kubernetes has, and the test needs */
export async function startFlowApi(folder: string, others: readonly Kind[] = []): Promise<FlowApi> {
  const given = process.env['KUBE_TEST_KUBECONFIG'];
  if (given !== undefined) return await takeApi(given, process.env['KUBE_TEST_MANAGER_KUBECONFIG'] ?? given);
  const sim = await startKubeSim({
    dataDir: join(folder, 'kube'),
    host: '127.0.0.1',
    port: 0,
    clock: createClock(),
    log: createLogger({ write: () => undefined }),
    kinds: [...OWN_KINDS, ...others],
    definitions: customResourceDefinitions(),
    name: 'virtrigaud-manager',
  });
  return { ...sim, managerKubeconfig: sim.kubeconfig };
}

/** Throws where somebody's objects would be taken for the test's. */
async function takeApi(kubeconfig: string, managerKubeconfig: string): Promise<FlowApi> {
  const api = await connectKube({ kubeconfig });
  const [somebodys] = [...(await ownObjects(api)), ...(await supplies(api))];
  if (somebodys !== undefined) throw new Error(refusal(api, somebodys));
  return {
    kubeconfig,
    managerKubeconfig,
    stop: async () => {
      // No manager is left that would take a finalizer away.
      for (const object of await ownObjects(api)) await deleteAtOnce(api, object);
      for (const object of await supplies(api)) await api.delete(resourceOf(object.kind), keyOf(object));
      const events = (await api.list(EVENTS, NAMESPACE)).items.filter(isOfOwnKind);
      for (const event of events) await api.delete(EVENTS, keyOf(event));
      api.close();
    },
  };
}

/** Wherever they are: a manager looks after all of them. */
async function ownObjects(api: KubeApi): Promise<readonly KubeObject[]> {
  const lists = await Promise.all(OWN_RESOURCES.map(async (resource) => await api.list(resource)));
  return lists.flatMap(({ items }) => items);
}

/** What Kubernetes puts into each namespace by itself is nobody's. */
async function supplies(api: KubeApi): Promise<readonly KubeObject[]> {
  const lists = await Promise.all([SECRETS, CONFIG_MAPS].map(async (one) => await api.list(one, NAMESPACE)));
  return lists.flatMap(({ items }) => items).filter(({ metadata: { name } }) => name !== 'kube-root-ca.crt');
}

function refusal({ server }: KubeApi, { kind, metadata }: KubeObject): string {
  return `Kubernetes API at ${server}: test: there is ${kind} ${keyText(keyOf({ metadata }))}, and tests change and delete whatever is of our kinds, or in namespace ${NAMESPACE}. Give them an API of their own.`;
}

async function deleteAtOnce(api: KubeApi, object: KubeObject): Promise<void> {
  const resource = resourceOf(object.kind);
  await api.delete(resource, keyOf(object));
  if ((await api.get(resource, keyOf(object))) === undefined) return;
  await api.patch(resource, keyOf(object), { metadata: { finalizers: null } });
}

function resourceOf(kind: string): Resource {
  const found = [...OWN_RESOURCES, SECRETS, CONFIG_MAPS].find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`${kind} is no kind that tests make`);
  return found;
}

function isOfOwnKind(event: KubeObject): boolean {
  const { involvedObject } = event as { readonly involvedObject?: { readonly apiVersion?: string } };
  return involvedObject?.apiVersion === `${GROUP}/${VERSION}`;
}
