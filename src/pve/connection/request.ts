// What travels along the chain of links that makes up a connection (assembled in connect.ts).
import type { Deadline } from '#runtime/deadline';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface PveRequest {
  readonly method: Method;
  /** Below `/api2/json`, encoded. */
  readonly path: string;
  /** Encoded, without `?`; empty for none. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  readonly call: Deadline;
}

/** An HTTP answer, not yet judged. */
export interface PveAnswer {
  readonly status: number;
  /** The reason phrase: PVE puts the first line of its error text there (pve-behaviour 1.3). */
  readonly reason: string;
  /** The `Date` header. */
  readonly date: string | undefined;
  readonly body: string;
}

export type Send<T> = (request: PveRequest) => Promise<T>;
/** Wraps the rest of the chain. */
export type Link<T> = (next: Send<T>) => Send<T>;
