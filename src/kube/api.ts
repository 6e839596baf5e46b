// What the manager asks of a Kubernetes API. One door, whatever the kind.
import type { KubeObject, ObjectKey } from './object.ts';
import type { Resource } from './resource.ts';

export interface KubeApi {
  /** URL of the server, for messages. */
  readonly server: string;
  /** undefined where there is none of that name. */
  get(resource: Resource, key: ObjectKey): Promise<KubeObject | undefined>;
  /** All of them, page by page. */
  list(resource: Resource, namespace?: string): Promise<ObjectList>;
  /** Rejects with an `AlreadyExists` where the name is taken. */
  create(resource: Resource, object: NewObject): Promise<KubeObject>;
  /**
   * A JSON merge patch. With `metadata.resourceVersion` in it, it counts for that version alone and rejects with a
   * `Conflict` otherwise.
   */
  patch(resource: Resource, key: ObjectKey, patch: MergePatch, options?: PatchOptions): Promise<KubeObject>;
  /** It is in order that there is none. */
  delete(resource: Resource, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** Tells what happens after `resourceVersion`; resolves when the server ends it, rejects with what went wrong. */
  watch(resource: Resource, options: WatchOptions): Promise<void>;
  close(): void;
}

export interface ObjectList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

export type NewObject = Pick<KubeObject, 'apiVersion' | 'kind'> & {
  readonly metadata: { readonly name?: string; readonly generateName?: string; readonly namespace?: string };
  readonly [field: string]: unknown;
};

export type MergePatch = Readonly<Record<string, unknown>>;

export interface PatchOptions {
  readonly subresource?: 'status';
}

export interface DeleteOptions {
  /** It has to be this one still. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  /** Nothing has happened up to here. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WatchOptions {
  readonly namespace?: string;
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: WatchEvent) => void;
}

/** The server's own answer. `reason` is Kubernetes' word: `NotFound`, `Conflict`, `Expired`, `Forbidden`, `Invalid`. */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';
  readonly code: number;
  readonly reason: string;

  constructor({ code, reason, message }: { code: number; reason: string; message: string }, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.reason = reason;
  }
}

export function isReason(error: unknown, reason: string): boolean {
  return error instanceof KubeApiError && error.reason === reason;
}
