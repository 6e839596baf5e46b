// What is known of the kinds that are watched. Reading costs nothing, and may be a moment behind the server.
import type { KubeObject, ObjectKey } from './object.ts';
import type { Resource } from './resource.ts';

export interface Cache {
  /** Throws where the kind is not watched. The object is shared: nobody changes it. */
  get(resource: Resource, key: ObjectKey): KubeObject | undefined;
  list(resource: Resource, namespace?: string): readonly KubeObject[];
}
