// What is known of the kinds that are watched. Reading costs nothing, and may be a moment behind the server.
import type { KubeObject, ObjectKey } from './object.ts';
import type { Resource } from './resource.ts';

export interface Cache {
  /** Throws where the kind is not watched. The object is shared: nobody changes it. */
  get(resource: Resource, key: ObjectKey): KubeObject | undefined;
  list(resource: Resource, namespace?: string): readonly KubeObject[];
}

/** Called with undefined for what was not there before, or is gone. */
export type OnChange = (next: KubeObject | undefined, previous: KubeObject | undefined) => void;

/** Keeps a cache of the kinds it was told to watch. */
export interface Informers extends Cache {
  /** Begins to watch the kind; once is enough. */
  watch(resource: Resource): void;
  /** The result ends it. */
  onChange(resource: Resource, listener: OnChange): () => void;
  /** Everything that was there at the start is in the cache. */
  synced(): Promise<void>;
  /** An answer to a write of our own: from now on the cache shows it, or what came after it. */
  learn(resource: Resource, object: KubeObject): void;
  stop(): void;
}
