// A Kubernetes-style API on one machine: a folder with everything in it, one port, one token.
import type { Certificates } from '#runtime/certificates';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { keepAuthority, keepRenewing, keepToken, knows } from './http/credentials.ts';
import { createHandler } from './http/handler.ts';
import { writeKubeconfig } from './http/kubeconfig.ts';
import { listen } from './http/listener.ts';
import { establishDefinitions } from './kinds/establish.ts';
import type { Kind } from './kinds/kind.ts';
import { createKinds } from './kinds/registry.ts';
import type { JsonObject } from './object.ts';
import type { Controller } from './objects/controller.ts';
import { createChores } from './objects/chores.ts';
import { emptyTerminatingNamespaces } from './objects/namespace-content.ts';
import { collectGarbage } from './objects/owners.ts';
import { keepCompacting } from './store/compaction.ts';
import { createRecentEvents } from './store/recent-events.ts';
import { openRevisionLog } from './store/revision-log.ts';
import type { Api } from './verbs/api.ts';
import { install, installNamespaces } from './verbs/install.ts';

export interface KubeSimOptions {
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Kinds of Kubernetes itself. Without namespaces among them any namespace will do, and nothing is tidied up. */
  readonly kinds: readonly Kind[];
  /** CustomResourceDefinitions that are to be there. */
  readonly definitions?: readonly JsonObject[];
  /** The name of its own writes. */
  readonly name: string;
  readonly random?: () => number;
}

export interface KubeSim {
  readonly url: string;
  /** PEM */
  readonly ca: string;
  readonly token: string;
  /** The path of the file. */
  readonly kubeconfig: string;
  /** Forgets all history. */
  compact(): void;
  /** Nothing that the server does by itself is left to do. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

export async function startKubeSim(options: KubeSimOptions): Promise<KubeSim> {
  const { dataDir, clock, log } = options;
  const revisions = openRevisionLog(dataDir, () => clock.now(), log);
  const ended = new AbortController();
  const api: Api = {
    log: revisions,
    recent: createRecentEvents(revisions),
    kinds: createKinds(options.kinds),
    clock,
    chores: createChores(log),
    ownManager: options.name,
    random: options.random ?? Math.random,
  };
  const stops = [
    () => api.recent.close(),
    startControllers(api),
    keepCompacting(revisions, clock, log),
    () => api.chores.stop(),
  ];
  for (const definition of options.definitions ?? []) install(api, definition);
  try {
    await revisions.settled();
    const token = keepToken(dataDir);
    const authority = await keepAuthority(dataDir, clock.realNow());
    const issue = async (): Promise<Certificates> =>
      await authority.issue([...new Set(['localhost', '127.0.0.1', '::1', options.host])]);
    const listener = await listen({
      host: options.host,
      port: options.port,
      certificate: await issue(),
      handle: createHandler({ api, isKnown: knows(token), log, signal: ended.signal }),
    });
    stops.push(keepRenewing(clock, log, async () => listener.renew(await issue())));
    const url = `https://${urlHost(options.host)}:${listener.port}`;
    const { ca } = authority;
    return {
      url,
      ca,
      token,
      kubeconfig: writeKubeconfig(dataDir, { url, ca, token }),
      compact: () => revisions.compact(revisions.revision),
      idle: async () => await api.chores.idle(),
      stop: async () => {
        ended.abort();
        await listener.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }

  function close(): void {
    for (const stop of stops) stop();
    revisions.close();
  }
}

/** The result ends them. */
function startControllers(api: Api): () => void {
  const definitions = establishDefinitions(api);
  definitions.lookAtAll();
  if (api.kinds.find('', 'v1', 'namespaces') === undefined) return afterFailures(api, [definitions]);
  installNamespaces(api);
  const others = [emptyTerminatingNamespaces(api), collectGarbage(api)];
  for (const controller of others) controller.lookAtAll();
  return afterFailures(api, [definitions, ...others]);
}

const LOOK_AGAIN_MS = 5000;

/** Nobody repeats a write of the server's own that was lost: everything is looked at again, until nothing fails. */
function afterFailures(api: Api, controllers: readonly Controller[]): () => void {
  let cancel: (() => void) | undefined;
  const lookAgain = (): void => {
    cancel = undefined;
    for (const controller of controllers) api.chores.add('look at everything', () => once(controller.lookAtAll));
  };
  const stop = api.log.onFailure(() => (cancel ??= api.clock.after(LOOK_AGAIN_MS, lookAgain)));
  return () => {
    stop();
    cancel?.();
    for (const controller of controllers) controller.stop();
  };
}

function* once(action: () => void): Generator<void, void> {
  action();
  yield;
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
