// Proxmox VE, asked. Everything in this room takes a `Pve` and speaks PVE's words: folders mirror the tree of its
// URLs, a file is a call or two; tasks.ts waits, errors.ts says what went wrong; codec/ and rules/
// are pure. What a VM is to us, whose it is and what is to be done with it is decided elsewhere.
import type { Clock } from '#runtime/clock';
import type { Deadline } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import type { ClusterIdentity } from '../cluster/identity.ts';
import type { TaskTimes } from '../task-times.ts';
import type { Endpoint } from './endpoint.ts';
import type { Upload } from './multipart.ts';
import type { Params } from './params.ts';

/** How tasks are waited for, ms of the clock. */
export interface TaskPolling {
  /** Longest time between two looks at a task. */
  readonly pollIntervalMs: number;
  /** Longest wait for one task; after that it is still running, not failed. */
  readonly taskTimeoutMs: number;
  readonly times: TaskTimes;
}

/**
 * A PVE that can be asked. Paths are below `/api2/json` (see path.ts); what comes back is the `data` of the answer.
 * Errors: `PveError` (PVE said no), `PveNoAnswer` (nothing was heard), `OtherCluster` (no endpoint leads to our cluster),
 * the deadline's own reason (the call was over before the request was sent). Reads are repeated after failures that pass, writes only if certainly not carried out.
 */
export interface Pve {
  /** The one in use now, of several. */
  readonly endpoint: Endpoint;
  /** How often that has changed: what was asked before and after a change may have been answered by two nodes. */
  moves(): number;
  /** The cluster that all connections are proven to lead to; undefined where whoever answers is believed. */
  readonly cluster: ClusterIdentity | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tasks: TaskPolling;
  get(path: string, call: Deadline, query?: Params): Promise<unknown>;
  post(path: string, call: Deadline, form?: Params): Promise<unknown>;
  put(path: string, call: Deadline, form?: Params): Promise<unknown>;
  delete(path: string, call: Deadline, query?: Params): Promise<unknown>;
  upload(path: string, call: Deadline, upload: Upload): Promise<unknown>;
  /** PVE's time, seconds since the epoch; undefined before the first answer. */
  serverTime(): number | undefined;
  /** Proves the endpoints that are not in use, and tells the log of those that are of no use. Never throws. */
  visitOthers(): Promise<void>;
  /** Waits for what is in flight. */
  close(): Promise<void>;
}
