// A mirror of each kind that is watched, who is told of its changes, and writes that wait until they are seen in it.
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import type { KubeApi } from './api.ts';
import type { Informers, OnChange, WatchedOptions } from './cache.ts';
import { type KubeObject, keyOf, keyText, type ObjectKey } from './object.ts';
import { type Change, createObjectStore, type ObjectStore } from './object-store.ts';
import { type OwnWrites, ownWrites } from './own-writes.ts';
import { type Reflector, startReflector } from './reflector.ts';
import { nameOf, pathOf, type Resource } from './resource.ts';

export interface InformersOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** All where absent. */
  readonly namespace?: string | undefined;
  readonly random?: () => number;
}

export function createInformers(api: KubeApi, options: InformersOptions): Informers {
  const watched = new Map<string, Informer>();
  const find = (resource: Resource): Informer => {
    const informer = watched.get(pathOf(resource));
    if (informer === undefined) throw new Error(`${nameOf(resource)} are not watched`);
    return informer;
  };
  return {
    api: withOwnWrites(api, (resource, key) => watched.get(pathOf(resource))?.writesOf(key)),
    watch: (resource, how = {}) => {
      if (!watched.has(pathOf(resource))) watched.set(pathOf(resource), startInformer(api, resource, how, options));
    },
    get: (resource, key) => find(resource).store.get(key),
    list: (resource, namespace) => find(resource).store.list(namespace),
    onChange: (resource, listener) => find(resource).onChange(listener),
    synced: async () => void (await Promise.all([...watched.values()].map(async ({ synced }) => await synced))),
    stop: async () => void (await Promise.all([...watched.values()].map(async (informer) => await informer.stop()))),
  };
}

interface Informer {
  readonly store: ObjectStore;
  readonly synced: Promise<void>;
  /** Undefined where the object may be none of those that are watched. */
  writesOf(key: ObjectKey): OwnWrites | undefined;
  onChange(listener: OnChange): () => void;
  stop(): Promise<void>;
}

function startInformer(
  api: KubeApi,
  resource: Resource,
  { transform = (object) => object, ...selection }: WatchedOptions,
  { clock, log, namespace: only, random }: InformersOptions,
): Informer {
  const namespace = resource.namespaced === false ? undefined : only;
  const store = createObjectStore();
  const listeners = new Set<OnChange>();
  const synced = Promise.withResolvers<void>();
  const writes = ownWrites({ clock, get: (key) => store.get(key), refresh: () => reflector.refresh() });
  const kept = (object: KubeObject): KubeObject => transform(withoutManagedFields(object));
  const tell = (changes: readonly Change[]): void => {
    for (const { next, previous } of changes) for (const listener of listeners) call(listener, next, previous);
  };
  const call = (listener: OnChange, next: KubeObject | undefined, previous: KubeObject | undefined): void => {
    try {
      listener(next, previous);
    } catch (error) {
      const object = next ?? previous;
      log.error(`${nameOf(resource)} ${object === undefined ? '' : keyText(keyOf(object))}: a change was not taken`, {
        error,
      });
    }
  };
  const reflector: Reflector = startReflector(
    {
      onListBegun: () => writes.onListBegun(),
      replace: (objects) => {
        tell(store.replace(objects.map(kept)));
        for (const object of objects) writes.onHeard(object, false);
        writes.onListed();
        synced.resolve();
      },
      apply: ({ type, object }) => {
        tell(type === 'DELETED' ? store.remove(kept(object)) : store.put(kept(object)));
        writes.onHeard(object, type === 'DELETED');
      },
    },
    { api, resource, namespace, clock, log, ...selection, ...(random === undefined ? {} : { random }) },
  );
  const isWhole = selection.fieldSelector === undefined && selection.labelSelector === undefined;
  return {
    store,
    synced: synced.promise,
    writesOf: (key) => (isWhole && (namespace === undefined || namespace === key.namespace) ? writes : undefined),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: async () => {
      writes.stop();
      await reflector.stop();
    },
  };
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  return { ...object, metadata };
}

function withOwnWrites(api: KubeApi, writesOf: (resource: Resource, key: ObjectKey) => OwnWrites | undefined): KubeApi {
  return {
    ...api,
    create: async (resource, object, how) => {
      const create = async (): Promise<KubeObject> => await api.create(resource, object, how);
      // The name may be one that the server makes up.
      const { name = '', namespace } = object.metadata;
      const writes = writesOf(resource, { name, namespace });
      return await (writes === undefined ? create() : writes.creationShown(create));
    },
    patch: async (resource, key, patch, how) => {
      const write = async (): Promise<KubeObject> => await api.patch(resource, key, patch, how);
      const writes = writesOf(resource, key);
      return await (writes === undefined ? write() : writes.patchShown(key, write));
    },
    delete: async (resource, key, how) => {
      const remove = async (): Promise<void> => await api.delete(resource, key, how);
      const writes = writesOf(resource, key);
      await (writes === undefined ? remove() : writes.deletionShown(key, remove));
    },
  };
}
