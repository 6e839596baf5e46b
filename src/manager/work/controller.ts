// What a controller is: whose objects it looks after, what else concerns them, and the phases of a visit.
import type { KubeApi } from '#kube/api';
import type { Cache } from '#kube/cache';
import type { KubeObject, ObjectKey } from '#kube/object';
import type { Resource } from '#kube/resource';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import type { Providers } from '../providers/providers.ts';
import type { Outcome } from './outcome.ts';
import type { StatusDraft } from './status-draft.ts';

/** What every visit may use. */
export interface World {
  /** That of the informers: a write is over when the cache shows it. */
  readonly api: KubeApi;
  readonly cache: Cache;
  readonly providers: Providers;
  readonly clock: Clock;
}

/** One look at one object, from which one status comes. */
export interface Visit {
  /** As the API has it; follows our own changes of its metadata. */
  readonly object: KubeObject;
  readonly status: StatusDraft;
  readonly world: World;
  readonly log: Logger;
  /** Aborted when the manager ends, or is no longer the leader. */
  readonly signal: AbortSignal;
  /** An Event at the object. */
  tell(type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** A merge patch of anything but the status, written at once. */
  patch(patch: Readonly<Record<string, unknown>>): Promise<void>;
}

export type Phase = (visit: Visit) => Promise<Outcome>;

/** Objects of another kind whose changes concern ours. */
export interface Concern {
  readonly resource: Resource;
  /** Whether somebody has to look; absent: every change but that of the status. */
  readonly matters?: (next: KubeObject | undefined, previous: KubeObject | undefined) => boolean;
  /** Ours. Asked about the object as it is and as it was: who is no longer named has to look too. */
  readonly whom: (changed: KubeObject, cache: Cache) => readonly ObjectKey[];
}

export interface Controller {
  readonly resource: Resource;
  readonly concerns: readonly Concern[];
  /** Put on before the first phase; absent: its deletion needs nothing of us. */
  readonly finalizer?: string;
  /** Which of them get it; absent: all. */
  readonly isHeld?: (object: KubeObject) => boolean;
  /** In order; the first that is not done ends the visit. */
  readonly phases: readonly Phase[];
  /** The same once somebody has asked for its deletion. After the last of them the finalizer goes. */
  readonly deletion?: readonly Phase[];
  /** What may take minutes, and never keeps all workers from the rest. What is being deleted does not count as such. */
  readonly takesLong?: (object: KubeObject) => boolean;
  /** Whose turn it is goes by these: a Provider that does not answer never keeps the objects of others waiting. */
  readonly groupOf?: (object: KubeObject, cache: Cache) => string;
}
