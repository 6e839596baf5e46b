// What is known of the kinds that are watched. Reading costs nothing, and may be a moment behind the server.
import type { KubeApi, Selection } from './api.ts';
import type { KubeObject, ObjectKey } from './object.ts';
import type { Resource } from './resource.ts';

export interface Cache {
  /** Throws where the kind is not watched. The object is shared: nobody changes it. */
  get(resource: Resource, key: ObjectKey): KubeObject | undefined;
  list(resource: Resource, namespace?: string): readonly KubeObject[];
}

/** `previous` undefined: it is new. `next` undefined: it is gone, and `previous` is how it was at last. */
export type OnChange = (next: KubeObject | undefined, previous: KubeObject | undefined) => void;

/** Keeps a cache of the kinds it was told to watch. */
export interface Informers extends Cache {
  /**
   * The API for whoever decides by the cache: a write is over when the cache shows it, or what came after it. So nobody who
   * has written something decides the next time on what was before.
   */
  readonly api: KubeApi;
  /** Begins to watch the kind; once is enough. */
  watch(resource: Resource, options?: WatchedOptions): void;
  /** Tells what changes from now on, after the cache shows it. The result ends it. Throws where the kind is not watched. */
  onChange(resource: Resource, listener: OnChange): () => void;
  /** Everything that was there at the start is in the cache. */
  synced(): Promise<void>;
  /** Resolves when nothing more is asked of the server. What waits for the cache to show a write goes on. */
  stop(): Promise<void>;
}

export interface WatchedOptions extends Selection {
  /** What is kept of an object. `managedFields` are never kept. */
  readonly transform?: (object: KubeObject) => KubeObject;
}
