// The manager: what it watches, and its controllers at work on that.
import { PROVIDERS } from '#crd/resources';
import type { KubeApi } from '#kube/api';
import type { WatchedOptions } from '#kube/cache';
import { createEventRecorder } from '#kube/events';
import { createInformers } from '#kube/informers';
import { lead, type Leadership } from '#kube/leader';
import type { KubeObject } from '#kube/object';
import { DEPLOYMENTS, type Resource, SECRETS, SERVICES } from '#kube/resource';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { controllers } from './controllers.ts';
import type { ManagerMetrics } from './metrics.ts';
import { orElsewhere } from './provider/elsewhere.ts';
import type { ProviderRunner } from './provider/runner.ts';
import { createProviders } from './providers/providers.ts';
import type { Controller, World } from './work/controller.ts';
import type { VisitTools } from './work/visit-object.ts';
import { type RunningController, runController, watchedBy } from './work/run-controller.ts';
import { whileLeading } from './work/while-leading.ts';

export interface ManagerOptions {
  readonly api: KubeApi;
  /** Runs the Providers that name PVE; those that run already are reached where they are. */
  readonly runner: ProviderRunner;
  readonly clock: Clock;
  readonly log: Logger;
  /** Nobody else's. */
  readonly identity: string;
  /** Absent: it is the only one. */
  readonly election?: Election | undefined;
  /** Called where another manager may be at work: ours has ended then, and does not begin again. */
  readonly onLost?: () => void;
  readonly metrics?: ManagerMetrics;
  /** The one namespace whose objects are looked after; all where absent. */
  readonly namespace?: string | undefined;
  /** How many objects of a kind are visited at once. */
  readonly workers?: number;
}

/** The Lease that says which of several works. */
export interface Election {
  readonly namespace: string;
  readonly name: string;
}

export interface Manager {
  /** Whether its controllers are at work. */
  isWorking(): boolean;
  /** Resolves when nothing is done any more; providers in this process have ended too. */
  stop(): Promise<void>;
}

const COMPONENT = 'virtrigaud-manager';
const WORKERS = 12;
/** So long all else waits for the first look at the Providers, in real ms. */
const PROVIDERS_FIRST_MS = 10_000;

/** Begins as soon as it has seen all there is, and leads; an API that does not answer is waited for. */
export function startManager(options: ManagerOptions): Manager {
  const { api, clock, log, identity, metrics, namespace, workers = WORKERS } = options;
  const runner = orElsewhere(options.runner);
  const list = controllers({ runner, clock });
  const informers = createInformers(api, { clock, log, namespace });
  for (const resource of list.flatMap(watchedBy)) informers.watch(resource, keptOf(resource));
  const recorder = createEventRecorder(api, { component: COMPONENT, instance: identity, clock, log });
  const providers = createProviders(metrics?.called);
  const leadership =
    options.election === undefined ? undefined : lead(api, { ...options.election, identity, clock, log });
  const reach = whileLeading({ api: informers.api, providers }, leadership);
  const world: World = { ...reach, cache: informers, clock };
  const tell: VisitTools['tell'] = (...said) => recorder.event(...said);
  const run = { world, informers, log, tell, workers, ...(metrics && { onVisit: metrics.visited }) };
  const running: RunningController[] = [];
  let isStopped = false;
  const begin = (controller: Controller): void => {
    if (!isStopped) running.push(runController(controller, run));
  };
  const haltControllers = async (): Promise<void> => {
    isStopped = true;
    await Promise.all(running.map(async (controller) => await controller.stop()));
  };
  leadership?.lost.addEventListener('abort', () => void haltControllers().then(options.onLost));
  void whenReady(informers.synced(), leadership).then(async () => {
    for (const controller of list.filter(isForProviders)) begin(controller);
    await Promise.race([...running.map(async ({ firstRound }) => await firstRound), patience(clock)]);
    for (const controller of list.filter((one) => !isForProviders(one))) begin(controller);
    if (!isStopped)
      log.info('The controllers are at work', { kinds: list.map(({ resource }) => resource.kind).join(',') });
  });
  return {
    isWorking: () => running.length > 0 && !isStopped,
    stop: async () => {
      await haltControllers();
      await recorder.stop();
      // Nothing of ours is written any more: another one may begin.
      await leadership?.release();
      await informers.stop();
      providers.close();
      await runner.close();
    },
  };
}

/** Where Providers serve is known to nobody who has just begun, which is nothing to say of the VMs they have. */
function isForProviders({ resource }: Controller): boolean {
  return resource === PROVIDERS;
}

async function patience(clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => clock.after(PROVIDERS_FIRST_MS * clock.factor, resolve));
}

async function whenReady(synced: Promise<void>, leadership: Leadership | undefined): Promise<void> {
  await synced;
  await leadership?.acquired;
}

/** What is watched of a kind, and what of it is kept: clusters are full of what nobody asks us about. */
function keptOf(resource: Resource): WatchedOptions {
  if (resource === SECRETS) return { transform: withoutOthers };
  if (resource === DEPLOYMENTS || resource === SERVICES) {
    return { labelSelector: 'app.kubernetes.io/name=virtrigaud-provider' };
  }
  return {};
}

/** Helm keeps whole charts in Secrets, Kubernetes its tokens; nobody names one of these. */
const OF_OTHERS = ['helm.sh/release.v1', 'kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token'];

function withoutOthers(secret: KubeObject): KubeObject {
  return OF_OTHERS.includes(String(secret['type'])) ? { ...secret, data: {} } : secret;
}
