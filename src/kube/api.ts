// What the manager asks of a Kubernetes API. One door, whatever the kind.
import type { KubeObject, ObjectKey } from './object.ts';
import type { Resource } from './resource.ts';

export interface KubeApi {
  /** URL of the server, for messages. */
  readonly server: string;
  /** That of the login's context, `default` where it names none. */
  readonly namespace: string;
  /** undefined where there is none of that name. */
  get(resource: Resource, key: ObjectKey): Promise<KubeObject | undefined>;
  /** All of them as of one moment, page by page. */
  list(resource: Resource, namespace?: string, selection?: Selection): Promise<ObjectList>;
  /** Rejects with an `AlreadyExists` where the name is taken. */
  create(resource: Resource, object: NewObject, options?: WriteOptions): Promise<KubeObject>;
  /**
   * A JSON merge patch. With `metadata.resourceVersion` in it, it counts for that version alone and rejects with a
   * `Conflict` otherwise.
   */
  patch(resource: Resource, key: ObjectKey, patch: MergePatch, options?: PatchOptions): Promise<KubeObject>;
  /** It is in order that there is none. */
  delete(resource: Resource, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /**
   * Tells what happens after `resourceVersion`; resolves when the server ends it, rejects with what went wrong: `Expired`
   * or `Gone` where the server no longer knows what happened then, the signal's reason where that is aborted.
   */
  watch(resource: Resource, options: WatchOptions): Promise<void>;
  /** Cuts what is under way. */
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

export interface WriteOptions {
  /** It is checked as if it were written, and is not. */
  readonly dryRun?: boolean;
  /** A field that the kind does not have is an error; else it is dropped. */
  readonly isStrict?: boolean;
}

export interface PatchOptions extends WriteOptions {
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

/** Only those that match. */
export interface Selection {
  /** `metadata.name=web`. */
  readonly fieldSelector?: string | undefined;
  /** `app=web,tier!=cache`. */
  readonly labelSelector?: string | undefined;
}

export interface WatchOptions extends Selection {
  readonly namespace?: string | undefined;
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
  /** The server has begun to tell. */
  readonly onOpen?: () => void;
  readonly onEvent: (event: WatchEvent) => void;
}

/**
 * The server's own answer. `reason` is Kubernetes' word: `NotFound`, `Conflict`, `Expired`, `Forbidden`, `Invalid`.
 * Where there is no answer, code is 0 and reason `Unreachable`; the message names the server then.
 */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';
  readonly code: number;
  readonly reason: string;
  /** It is about one object by its name; a kind that the server does not have is `NotFound` too. */
  readonly namesObject: boolean;

  constructor(answer: KubeAnswer, options?: ErrorOptions) {
    super(answer.message, options);
    this.code = answer.code;
    this.reason = answer.reason;
    this.namesObject = answer.namesObject ?? false;
  }
}

interface KubeAnswer {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly namesObject?: boolean;
}

export function isReason(error: unknown, ...reasons: readonly string[]): boolean {
  return error instanceof KubeApiError && reasons.includes(error.reason);
}

/** The server has forgotten what was at that resourceVersion: list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof KubeApiError && error.code === 410;
}
