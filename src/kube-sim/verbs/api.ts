// What a verb works with, and what it is asked.
import type { Clock } from '#runtime/clock';
import type { Kind } from '../kinds/kind.ts';
import type { Kinds } from '../kinds/registry.ts';
import type { KubeObject } from '../object.ts';
import type { Chores } from '../objects/chores.ts';
import type { RecentEvents } from '../store/recent-events.ts';
import type { RevisionLog } from '../store/revision-log.ts';

export interface Api {
  readonly log: RevisionLog;
  readonly recent: RecentEvents;
  readonly kinds: Kinds;
  readonly clock: Clock;
  /** The name under which the server's own writes are in managedFields. */
  readonly ownManager: string;
  /** What the server does by itself, beside the requests. */
  readonly chores: Chores;
  /** Below 1, as Math.random. */
  readonly random: () => number;
}

export interface Call {
  readonly kind: Kind;
  /** Empty: a resource without namespaces, or a list of all. */
  readonly namespace: string;
  /** Empty: the collection. */
  readonly name: string;
  readonly subresource: '' | 'status' | 'finalize';
  readonly query: URLSearchParams;
  /** The body as text, and as it came. */
  readonly body: string;
  readonly bytes: Uint8Array;
  /** Of the body, lower-case, without parameters. */
  readonly contentType: string;
  /** Named in managedFields where the query names nobody: the program in the user agent. */
  readonly agent: string;
  /** Told in a Warning header of the answer, however it ends. */
  readonly warn: (text: string) => void;
}

export interface Written {
  readonly object: KubeObject;
  /** 201 instead of 200. */
  readonly created: boolean;
}

/** RFC 3339 in whole seconds. */
export function timeOf(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
}
