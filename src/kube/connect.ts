// The Kubernetes API of a login, over the network. The library that reads kubeconfigs is large: it is loaded when it is needed.
import { type Clock, createClock } from '#runtime/clock';
import {
  type DeleteOptions,
  KubeApiError,
  type KubeApi,
  type MergePatch,
  type NewObject,
  type PatchOptions,
  type Selection,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
} from './api.ts';
import { credentialSource } from './credentials.ts';
import { lineSplitter } from './lines.ts';
import { KubeError, type KubeLogin, loadLogin } from './login.ts';
import type { KubeObject, ObjectKey } from './object.ts';
import { listPages, type Query } from './pages.ts';
import { nameOf, pathOf, type Resource } from './resource.ts';
import { errorOfStatus } from './status.ts';
import { createTransport, type OnRequest, type Transport } from './transport.ts';

/** Whose fields they are that we write, and who asks. */
const FIELD_MANAGER = 'virtrigaud-manager';

export interface ConnectOptions {
  /** Of the program, for the server's log. */
  readonly version?: string;
  readonly clock?: Clock;
  /** Real ms; 30 s where absent. */
  readonly timeoutMs?: number;
  readonly onRequest?: OnRequest | undefined;
}

/** Rejects with KubeError where the login itself is wrong. Whether the server is there shows when it is asked. */
export async function connectKube(login: KubeLogin = {}, options: ConnectOptions = {}): Promise<KubeApi> {
  const { KubeConfig, RequestContext } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  loadLogin(config, login);
  const server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
  // The library's own word for a method.
  const method = 'GET' as ConstructorParameters<typeof RequestContext>[1];
  const credentials = credentialSource(config, () => new RequestContext(server, method));
  await credentials.current().catch((cause: unknown) => {
    throw new KubeError(`Kubernetes API at ${server}: the login cannot be used: ${(cause as Error).message}`, {
      cause,
    });
  });
  const transport = createTransport({
    server,
    credentials,
    userAgent: `${FIELD_MANAGER}/${options.version ?? 'unknown'}`,
    clock: options.clock ?? createClock(),
    timeoutMs: options.timeoutMs ?? 30_000,
    onRequest: options.onRequest,
  });
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
  return kubeApi({ server, namespace }, transport);
}

function kubeApi(which: Pick<KubeApi, 'server' | 'namespace'>, transport: Transport): KubeApi {
  return {
    ...which,
    get: async (resource, key) => await unlessAbsent(transport.ask({ method: 'GET', ...to(resource, key) })),
    list: async (resource, namespace, selection = {}) =>
      await listPages(resource, async (page) => {
        const query = { ...selectors(selection), ...page };
        return await transport.ask({ method: 'GET', ...to(resource, { namespace }), query });
      }),
    create: async (resource, object, how) => await create(transport, resource, object, how),
    patch: async (resource, key, patch, how) => await mergePatch(transport, resource, key, patch, how),
    delete: async (resource, key, how) => await remove(transport, resource, key, how),
    watch: async (resource, watched) => await watch(transport, resource, watched),
    close: () => transport.close(),
  };
}

async function create(
  transport: Transport,
  resource: Resource,
  object: NewObject,
  how: WriteOptions = {},
): Promise<KubeObject> {
  const { namespace } = object.metadata;
  return (await transport.ask({
    method: 'POST',
    ...to(resource, { namespace }),
    query: writing(how),
    body: object,
  })) as KubeObject;
}

function writing({ dryRun = false, isStrict = false }: WriteOptions): Query {
  return {
    fieldManager: FIELD_MANAGER,
    ...(dryRun ? { dryRun: 'All' } : {}),
    ...(isStrict ? { fieldValidation: 'Strict' } : {}),
  };
}

async function mergePatch(
  transport: Transport,
  resource: Resource,
  key: ObjectKey,
  patch: MergePatch,
  { subresource, ...how }: PatchOptions = {},
): Promise<KubeObject> {
  const { path, queue } = to(resource, key);
  const what = { path: `${path}${subresource === undefined ? '' : `/${subresource}`}`, queue };
  const contentType = 'application/merge-patch+json';
  return (await transport.ask({
    method: 'PATCH',
    ...what,
    query: writing(how),
    body: patch,
    contentType,
  })) as KubeObject;
}

async function remove(
  transport: Transport,
  resource: Resource,
  key: ObjectKey,
  { uid, resourceVersion }: DeleteOptions = {},
): Promise<void> {
  const preconditions = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions };
  await unlessAbsent(transport.ask({ method: 'DELETE', ...to(resource, key), body }));
}

/** A Lease is not to wait until many other things are written. */
function to(resource: Resource, key: Partial<ObjectKey>): { readonly path: string; readonly queue: string } {
  return { path: pathOf(resource, key), queue: nameOf(resource) };
}

/** A kind that the server does not have is an error still. */
async function unlessAbsent(answer: Promise<unknown>): Promise<KubeObject | undefined> {
  try {
    return (await answer) as KubeObject;
  } catch (error) {
    if (error instanceof KubeApiError && error.reason === 'NotFound' && error.namesObject) return undefined;
    throw error;
  }
}

async function watch(transport: Transport, resource: Resource, options: WatchOptions): Promise<void> {
  const { namespace, resourceVersion, signal, onOpen, onEvent } = options;
  const query = {
    ...selectors(options),
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(watchSeconds()),
  };
  const onChunk = lineSplitter((line) => onEvent(parseEvent(line)));
  await transport.stream({ method: 'GET', ...to(resource, { namespace }), query }, { signal, onOpen, onChunk });
}

/** 5 to 10 minutes, so that not all watches end at once. */
function watchSeconds(): number {
  return Math.round(300 * (1 + Math.random()));
}

/** Throws what an event of type ERROR says. */
function parseEvent(line: string): WatchEvent {
  const { type, object } = JSON.parse(line) as { type: string; object: KubeObject };
  if (type === 'ERROR') throw errorOfStatus(object, 500);
  if (type === 'BOOKMARK') return { type, resourceVersion: object.metadata.resourceVersion };
  return { type: type as 'ADDED' | 'MODIFIED' | 'DELETED', object };
}

function selectors({ fieldSelector, labelSelector }: Selection): Query {
  return {
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
}
