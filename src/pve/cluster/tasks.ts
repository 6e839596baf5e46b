import type { Deadline } from '#runtime/deadline';
import { asRows } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';
import { type TaskEntry, taskEntry } from '../nodes/tasks.ts';

/**
 * The tasks that run anywhere in the cluster and up to 25 of the latest of each node, told with a delay of a second or
 * two (pve-behaviour 6.5). Without Sys.Audit on `/` only one's own are listed.
 */
export async function listClusterTasks(pve: Pve, call: Deadline): Promise<readonly TaskEntry[]> {
  return asRows(await pve.get('/cluster/tasks', call), 'cluster task list').flatMap((row) => taskEntry(row) ?? []);
}
