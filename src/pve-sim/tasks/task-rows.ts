// How tasks look in lists and answers, and whose they are (pve-behaviour 6.2, 6.5).
import { userOf } from '../access/permissions.ts';
import type { TaskRecord } from '../world/world.ts';

/** `user` without its token, the token beside it. */
export function taskIdentity(task: TaskRecord): Record<string, unknown> {
  const { upid, node, pid, pstart, starttime, type, id } = task;
  const user = userOf(task.user);
  const tokenid = task.user.slice(user.length + 1);
  return { upid, node, pid, pstart, starttime, type, id, user, ...(tokenid === '' ? {} : { tokenid }) };
}

/** A row of a node's list: a running task shows its whole token as user (recording one-node/85). */
export function taskRow(task: TaskRecord): Record<string, unknown> {
  const { endtime, exitstatus, user } = task;
  if (exitstatus === undefined) {
    const { tokenid: _, ...rest } = taskIdentity(task);
    return { ...rest, user, saved: '0', status: 'RUNNING' };
  }
  return { ...taskIdentity(task), endtime, status: exitstatus };
}

/** A user sees the tasks of its tokens, a token only its own. */
export function isOwnTask(task: Pick<TaskRecord, 'user'>, user: string): boolean {
  return task.user === user || userOf(task.user) === user;
}

/** Warnings are no failure. */
export function hasSucceeded(exitstatus: string): boolean {
  return ['ok', 'warning'].includes(statusKind(exitstatus));
}

/** What `statusfilter` asks for. */
export function statusKind(exitstatus: string | undefined): 'ok' | 'warning' | 'unknown' | 'error' {
  if (exitstatus === 'OK') return 'ok';
  if (exitstatus === undefined || exitstatus === 'unexpected status') return 'unknown';
  return /^WARNINGS: \d+$/.test(exitstatus) ? 'warning' : 'error';
}
