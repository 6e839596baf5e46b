// One kind of a Kubernetes API, mirrored: a list, then what happens after it, for as long as it takes. One watch at a time.
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { isExpired, isReason, type KubeApi, type Selection, type WatchEvent } from './api.ts';
import { backOffMs } from './back-off.ts';
import type { KubeObject } from './object.ts';
import { nameOf, type Resource } from './resource.ts';

/** What holds the mirrored objects. */
export interface Mirror {
  /** A list is asked for: what it tells was so at this moment or later. */
  onListBegun(): void;
  /** All there are. */
  replace(objects: readonly KubeObject[]): void;
  apply(event: Exclude<WatchEvent, { readonly type: 'BOOKMARK' }>): void;
}

export interface ReflectorOptions extends Selection {
  readonly api: KubeApi;
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: () => number;
}

export interface Reflector {
  /** Lists again, whatever the watch says. */
  refresh(): void;
  stop(): Promise<void>;
}

/**
 * A server sends a bookmark each minute. Where nothing comes for so long, the connection may be dead without anybody knowing;
 * the next watch goes on where this one was.
 */
const SILENT_MS = 150_000;
/** A watch that has lived for so long was no failure. */
const LIVED_MS = 1000;
/** After so many failures in a row a watch does not go on where it was. */
const MOST_FAILURES = 3;
/** So soon a kind is seen that is installed later. */
const NOT_INSTALLED_MS = 5000;

export function startReflector(mirror: Mirror, options: ReflectorOptions): Reflector {
  const stopped = new AbortController();
  const state: State = { ...options, mirror, stopped: stopped.signal, from: '', wantsList: true, failures: 0 };
  const running = mirrorForever(state);
  return {
    refresh: () => {
      state.wantsList = true;
      state.watching?.abort(new BegunAgain());
    },
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}

interface State extends ReflectorOptions {
  readonly mirror: Mirror;
  readonly stopped: AbortSignal;
  /** The resourceVersion at which the next watch goes on. */
  from: string;
  /** Before that. */
  wantsList: boolean;
  watching?: AbortController | undefined;
  /** In a row. */
  failures: number;
  /** Of which the log has been told. */
  trouble?: string | undefined;
}

/** Ends a watch that is to be begun again. */
class BegunAgain extends Error {}

async function mirrorForever(state: State): Promise<void> {
  while (!state.stopped.aborted) {
    try {
      if (state.wantsList) await list(state);
      await watch(state);
    } catch (error) {
      if (!state.stopped.aborted && !(error instanceof BegunAgain)) await fail(state, error);
    }
  }
}

async function list(state: State): Promise<void> {
  const { api, resource, namespace, mirror, stopped } = state;
  state.wantsList = false;
  mirror.onListBegun();
  try {
    const { items, resourceVersion } = await api.list(resource, namespace, state);
    if (stopped.aborted) return;
    mirror.replace(items);
    state.from = resourceVersion;
  } catch (error) {
    state.wantsList = true;
    throw error;
  }
}

/** Resolves when the server has ended the watch after a while. */
async function watch(state: State): Promise<void> {
  const { api, resource, namespace, fieldSelector, labelSelector, from, stopped } = state;
  if (state.wantsList || stopped.aborted) return;
  const watching = new AbortController();
  state.watching = watching;
  const life = liveOn(state, watching);
  try {
    await api.watch(resource, {
      namespace,
      fieldSelector,
      labelSelector,
      resourceVersion: from,
      signal: AbortSignal.any([stopped, watching.signal]),
      onOpen: () => life.begin(),
      onEvent: (event) => {
        // Another list was asked for meanwhile: what comes still is in it.
        if (watching.signal.aborted) return;
        life.hear(event);
        take(state, event);
      },
    });
    if (!life.hasLived()) throw new EndedAtOnce();
  } finally {
    life.end();
    state.watching = undefined;
  }
}

interface Life {
  begin(): void;
  hear(event: WatchEvent): void;
  hasLived(): boolean;
  end(): void;
}

/** Ends a watch that is silent for too long; one that works forgives what failed before it. */
function liveOn(state: State, watching: AbortController): Life {
  const { clock } = state;
  let lived = false;
  let heardAt = clock.now();
  const settle = (): void => {
    lived = true;
    state.failures = 0;
    tellRecovery(state);
  };
  const listenOn = (): void => {
    const silentMs = clock.now() - heardAt;
    if (silentMs >= SILENT_MS) watching.abort(new BegunAgain());
    else stopListening = clock.after(SILENT_MS - silentMs, listenOn);
  };
  let stopListening = clock.after(SILENT_MS, listenOn);
  let stopSettling = (): void => {};
  return {
    begin: () => {
      stopSettling = clock.after(LIVED_MS, settle);
    },
    hear: ({ type }) => {
      heardAt = clock.now();
      if (type !== 'BOOKMARK' && !lived) settle();
    },
    hasLived: () => lived,
    end: () => {
      stopListening();
      stopSettling();
    },
  };
}

/** A server ends a watch at once that begins in its future, as when it was restored from a backup. */
class EndedAtOnce extends Error {
  override readonly message = 'the server ends watches as soon as they begin';
}

function take(state: State, event: WatchEvent): void {
  if (event.type === 'BOOKMARK') {
    state.from = event.resourceVersion;
    return;
  }
  state.mirror.apply(event);
  state.from = event.object.metadata.resourceVersion;
}

async function fail(state: State, error: unknown): Promise<void> {
  const { clock, stopped, random = Math.random } = state;
  state.failures += 1;
  const isAbsent = isReason(error, 'NotFound');
  // It may be that nothing can be heard from there any more: only a server that is away says nothing of that.
  const isHopeless = state.failures >= MOST_FAILURES && !isReason(error, 'Unreachable');
  if (isExpired(error) || isAbsent || isHopeless || error instanceof EndedAtOnce) state.wantsList = true;
  // What a server has forgotten is no trouble the first time.
  if (isExpired(error) && state.failures === 1) return;
  tellTrouble(state, error);
  const pauseMs = backOffMs(state.failures, random, isAbsent ? NOT_INSTALLED_MS : undefined);
  await clock.sleep(pauseMs, stopped).catch(() => {});
}

/** Once for each reason; a connection that broke off once is nothing to tell. */
function tellTrouble(state: State, error: unknown): void {
  const { api, resource, log, trouble, failures } = state;
  const why = error instanceof Error ? error.message : String(error);
  if (isReason(error, 'NotFound')) {
    const waiting = `${nameOf(resource)}: waiting for its CustomResourceDefinition`;
    if (trouble !== waiting) log.warn(waiting, { server: api.server });
    state.trouble = waiting;
    return;
  }
  if (failures < 2 || trouble === why) return;
  log.warn(`${nameOf(resource)}: what happens to them is not heard: ${why}`);
  state.trouble = why;
}

function tellRecovery(state: State): void {
  if (state.trouble === undefined) return;
  state.log.info(`${nameOf(state.resource)}: heard again`);
  state.trouble = undefined;
}
