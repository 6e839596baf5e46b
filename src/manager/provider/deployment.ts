// Providers as Kubernetes runs them: kept as they are wished for, and told of by what the Deployment says.
import { type KubeObject, keyOf, type OwnerReference } from '#kube/object';
import { KubeApiError, type NewObject } from '#kube/api';
import { apiVersionOf, DEPLOYMENTS, type Resource, SERVICES } from '#kube/resource';
import { PROVIDERS } from '#crd/resources';
import type { Concern } from '../work/controller.ts';
import { applyObject } from './apply.ts';
import { clientTls, gateState, tlsTrouble } from './gate.ts';
import { authorityMark, keepCertificates } from './issued-secret.ts';
import { runName, serviceHost } from './names.ts';
import { deploymentFor, portOf, type PodOptions, serviceFor } from './pod.ts';
import type { ProviderRunner, RunnerState, RunOrder } from './runner.ts';
import type { Entries } from './supplies.ts';

/** Of names of Services, which have no dots either. */
const MOST_LETTERS = 63;

/** @param image where a manifest names none */
export function createDeploymentRunner(image: string): ProviderRunner {
  return {
    ensure: async (order) => await ensure(order, image),
    remove: async (provider, { api }) => {
      const key = { namespace: provider.namespace, name: runName(provider) };
      await api.delete(DEPLOYMENTS, key);
      await api.delete(SERVICES, key);
    },
    close: async () => await Promise.resolve(),
    concerns: [DEPLOYMENTS, SERVICES].map(ofOwner),
  };
}

/** Whose changes, those of its status too, say how far the provider is. */
function ofOwner(resource: Concern['resource']): Concern {
  return {
    resource,
    matters: () => true,
    whom: (changed, cache) =>
      cache
        .list(PROVIDERS, changed.metadata.namespace)
        .filter(({ metadata }) => changed.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid))
        .map(keyOf),
  };
}

async function ensure(order: RunOrder, image: string): Promise<RunnerState> {
  const { wish, world } = order;
  const unfit = unfitFor(order);
  if (unfit !== undefined) return { phase: 'Failed', reason: 'InvalidConfiguration', message: unfit };
  const owner = ownerOf(order.provider);
  const unsafe = tlsTrouble(order);
  if (unsafe !== undefined) return unsafe;
  const certificates = await certificatesOf(order, owner);
  const tls =
    certificates === undefined
      ? undefined
      : { secret: certificates.secret, authority: authorityMark(certificates.entries) };
  const options: PodOptions = { wish, owner, image, tls };
  const refused =
    (await applyOrTell(order, SERVICES, serviceFor(options))) ??
    (await applyOrTell(order, DEPLOYMENTS, deploymentFor(options)));
  const there = world.cache.get(DEPLOYMENTS, { namespace: wish.namespace, name: runName(wish) });
  const state = stateOf(order, there, certificates?.entries);
  // One that was deployed before goes on.
  return refused === undefined ? state : { ...state, ...refused };
}

/** Reasons as VirtRigaud's manager gives them. */
const REFUSED = { [DEPLOYMENTS.plural]: 'DeploymentError', [SERVICES.plural]: 'ServiceError' };
/** Answers to the manifest, or to us; what else an API says passes. */
const FOR_GOOD = [400, 403, 422];

/** What the API server, or somebody it asks, has against it; undefined: it is as wished. */
async function applyOrTell(
  { wish, world }: RunOrder,
  resource: Resource,
  object: NewObject,
): Promise<Pick<RunnerState, 'phase' | 'reason' | 'message'> | undefined> {
  try {
    await applyObject(world, resource, object);
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeApiError) || !FOR_GOOD.includes(error.code)) throw error;
    const message = `Provider ${wish.namespace}/${wish.name}: run: ${resource.kind} ${runName(wish)} is refused: ${error.message}`;
    return { phase: 'Failed', reason: REFUSED[resource.plural] ?? '', message };
  }
}

function ownerOf({ metadata: { name, uid } }: KubeObject): OwnerReference {
  const { kind } = PROVIDERS;
  return { apiVersion: apiVersionOf(PROVIDERS), kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** What can be written and Kubernetes cannot run. */
function unfitFor({ wish }: RunOrder): string | undefined {
  const title = `Provider ${wish.namespace}/${wish.name}`;
  const length = runName(wish).length;
  if (length > MOST_LETTERS) {
    return `${title}: run: "${runName(wish)}" would be its Service, and has ${length} letters of at most ${MOST_LETTERS}. Give it a shorter name.`;
  }
  if (wish.name.includes('.')) {
    return `${title}: run: "${runName(wish)}" would be its Service, whose name cannot have dots. Give it a name without.`;
  }
  const { credentials } = wish;
  if (credentials === undefined || credentials.namespace === wish.namespace) return undefined;
  return `${title}: run: its Secret is in namespace "${credentials.namespace}", and a pod has those of its own namespace only. Put it into "${wish.namespace}".`;
}

interface Certificates {
  readonly secret: string;
  readonly entries: Entries;
}

async function certificatesOf(
  { wish, supplies, world }: RunOrder,
  owner: OwnerReference,
): Promise<Certificates | undefined> {
  const { tls } = wish.runtime;
  if (tls.kind === 'off') return undefined;
  if (tls.kind === 'issued') return await keepCertificates(wish, owner, world);
  return { secret: tls.secret.name, entries: supplies.tls ?? {} };
}

interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
}

function stateOf(
  { wish }: RunOrder,
  deployment: KubeObject | undefined,
  certificates: Entries | undefined,
): RunnerState {
  const {
    readyReplicas: ready = 0,
    availableReplicas: available = 0,
    conditions = [],
  } = (deployment?.['status'] ?? {}) as DeploymentStatus;
  const common = { service: runName(wish), replicas: { ready, available }, gate: gateState(wish.runtime.tls) };
  if (ready === 0) {
    const trouble = conditions.find(isTrouble)?.message ?? 'its pod has not started yet.';
    const look = `kubectl -n ${wish.namespace} describe pods -l app.kubernetes.io/instance=${wish.name}`;
    const message = `Deployment ${runName(wish)} is not ready: ${trouble} See "${look}".`;
    return { ...common, phase: 'Pending', reason: 'DeploymentNotReady', message };
  }
  const address = `${serviceHost(wish)}:${portOf(wish)}`;
  const tls = certificates === undefined ? undefined : clientTls(certificates, serviceHost(wish), wish);
  const message = `Deployment ${runName(wish)} has ${ready} ready ${ready === 1 ? 'pod' : 'pods'}.`;
  const endpoint = isRolledOut(deployment) ? wish.endpoint : undefined;
  return { ...common, phase: 'Running', reason: 'DeploymentReady', message, address: { address, tls, endpoint } };
}

/** No pod of an earlier manifest is left. */
function isRolledOut(deployment: KubeObject | undefined): boolean {
  const { observedGeneration, replicas, updatedReplicas } = (deployment?.['status'] ?? {}) as DeploymentStatus;
  return observedGeneration === deployment?.metadata.generation && updatedReplicas === replicas;
}

function isTrouble({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return (type === 'ReplicaFailure' && status === 'True') || (type === 'Progressing' && status === 'False');
}
