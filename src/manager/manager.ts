// The manager: what it watches, and its controllers at work on that.
import type { KubeApi } from '#kube/api';
import { createInformers } from '#kube/informers';
import type { KubeObject } from '#kube/object';
import { SECRETS } from '#kube/resource';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { controllers } from './controllers.ts';
import { createProviders } from './providers/providers.ts';
import type { ProviderRunner } from './provider/runner.ts';
import type { Controller, World } from './work/controller.ts';
import { runController, watchedBy } from './work/run-controller.ts';

export interface ManagerOptions {
  readonly api: KubeApi;
  readonly runner: ProviderRunner;
  readonly clock: Clock;
  readonly log: Logger;
  /** The one namespace whose objects are looked after; all where absent. */
  readonly namespace?: string | undefined;
  /** How many objects of a kind are visited at once. */
  readonly workers?: number;
}

export interface Manager {
  /** Whether its controllers are at work. */
  isWorking(): boolean;
  /** Resolves when nothing is done any more; providers in this process have ended too. */
  stop(): Promise<void>;
}

const WORKERS = 12;

/** Begins as soon as it has seen all there is; an API that does not answer is waited for. */
export function startManager(options: ManagerOptions): Manager {
  const { api, runner, clock, log, namespace } = options;
  const list = controllers({ runner, clock });
  const informers = createInformers(api, { clock, log, namespace });
  for (const resource of list.flatMap(watchedBy)) {
    informers.watch(resource, resource === SECRETS ? { transform: withoutReleases } : {});
  }
  const providers = createProviders();
  const world: World = { api: informers.api, cache: informers, providers, clock };
  const tell = (object: KubeObject, type: string, reason: string, message: string): void =>
    log.info(message, { object: `${object.kind} ${object.metadata.name}`, type, reason });
  const begin = (controller: Controller) =>
    runController(controller, { world, informers, log, tell, workers: options.workers ?? WORKERS });
  let stops: (() => Promise<void>)[] = [];
  let isStopped = false;
  void informers.synced().then(() => {
    if (isStopped) return;
    stops = list.map(begin);
    log.info('The controllers are at work', { kinds: list.map(({ resource }) => resource.kind).join(',') });
  });
  return {
    isWorking: () => stops.length > 0,
    stop: async () => {
      isStopped = true;
      await Promise.all(stops.map(async (stop) => await stop()));
      await informers.stop();
      providers.close();
      await runner.close();
    },
  };
}

/** Helm keeps whole charts in Secrets; nobody names one of these. */
function withoutReleases(secret: KubeObject): KubeObject {
  return secret['type'] === 'helm.sh/release.v1' ? { ...secret, data: {} } : secret;
}
