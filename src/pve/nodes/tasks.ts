import type { Deadline } from '#runtime/deadline';
import { asRow, asRows, numberOf, requiredText, type Row, textOf } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import { asUpid, type NodeName, parseUpid, type Upid, upidNode } from '../ids.ts';

export interface TaskStatus {
  readonly running: boolean;
  /** Only of a task that has ended. */
  readonly exitStatus: string | undefined;
}

/** Status of a task, from the node it runs on (pve-behaviour 6.2). A task PVE does not know is a `PveError` 400. */
export async function readTaskStatus(pve: Pve, upid: Upid, call: Deadline): Promise<TaskStatus> {
  const row = asRow(await pve.get(path`/nodes/${upidNode(upid)}/tasks/${upid}/status`, call), 'task status');
  return { running: requiredText(row, 'status', 'task status') !== 'stopped', exitStatus: textOf(row, 'exitstatus') };
}

/** All lines of a task's log (pve-behaviour 6.3). */
export async function readTaskLog(pve: Pve, upid: Upid, call: Deadline): Promise<readonly string[]> {
  const log = await pve.get(path`/nodes/${upidNode(upid)}/tasks/${upid}/log`, call, { limit: 0 });
  // A log that cannot be opened is one bare line instead of a list (recording two-node/02).
  const lines = Array.isArray(log) ? asRows(log, 'task log') : [asRow(log, 'task log')];
  return lines.map((line) => textOf(line, 't') ?? '');
}

export interface TaskEntry {
  readonly upid: Upid;
  readonly node: NodeName;
  /** `qmclone`, `qmcreate`, ... */
  readonly type: string;
  /** The VMID for most types; of a qmclone it is the source's (pve-behaviour 6.1). */
  readonly id: string;
  readonly user: string;
  /** Seconds since the epoch, the node's clock. */
  readonly starttime: number;
  /** Undefined while it runs. */
  readonly endtime: number | undefined;
  readonly running: boolean;
  /** The exit status of a task that has ended. */
  readonly exitStatus: string | undefined;
}

export interface TaskFilter {
  readonly source?: 'active' | 'archive' | 'all';
  readonly vmid?: number;
  readonly type?: string;
  /** Seconds since the epoch. */
  readonly since?: number;
  readonly limit?: number;
}

/**
 * Tasks of a node, newest first. Without Sys.Audit on the node only one's own are listed, and nothing says so
 * (pve-behaviour 28.4).
 */
export async function listTasks(
  pve: Pve,
  node: NodeName,
  call: Deadline,
  filter: TaskFilter = {},
): Promise<readonly TaskEntry[]> {
  const { type, ...rest } = filter;
  const rows = asRows(await pve.get(path`/nodes/${node}/tasks`, call, { ...rest, typefilter: type }), 'task list');
  return rows.flatMap((row) => taskEntry(row) ?? []);
}

/** The tasks that run on a node now. */
export async function activeTasks(pve: Pve, node: NodeName, call: Deadline): Promise<readonly TaskEntry[]> {
  const tasks = await listTasks(pve, node, call, { source: 'active', limit: 500 });
  return tasks.filter((task) => task.running);
}

/** A row of a list of tasks; undefined where it has no task id. */
export function taskEntry(row: Row): TaskEntry | undefined {
  const upid = asUpid(textOf(row, 'upid') ?? '');
  const parts = upid === undefined ? undefined : parseUpid(upid);
  if (upid === undefined || parts === undefined) return undefined;
  const status = textOf(row, 'status');
  // A running task says RUNNING in the list of a node, nothing in the list of the cluster (recording one-node/85).
  const running = status === 'RUNNING' || (status === undefined && numberOf(row, 'endtime') === undefined);
  const { node, type, id, user, starttime } = parts;
  const endtime = numberOf(row, 'endtime');
  return { upid, node, type, id, user, starttime, endtime, running, exitStatus: running ? undefined : status };
}
