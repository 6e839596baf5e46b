// What each node tells the others of its tasks: `/cluster/tasks` shows the last word of every node, not its present state
// (pve-behaviour 6.5). A node speaks when a task of its own starts or ends, and with each round of its status daemon.
import { reaches } from '../nodes/network.ts';
import type { TaskRecord, World } from '../world/world.ts';
import type { TaskIndex } from './task-index.ts';
import { taskIdentity } from './task-rows.ts';

export interface TaskBroadcasts {
  /** The node tells what it has now. */
  send(node: string): void;
  /** What `node` has heard from all, itself too: one node's tasks after the other's, the nodes in any order. */
  heardBy(node: string): readonly ToldTask[];
}

export interface ToldTask {
  /** A user id or a full token id. */
  readonly user: string;
  readonly starttime: number;
  readonly row: Readonly<Record<string, unknown>>;
}

/** How many ended tasks a node tells of. */
const RECENT = 25;

export function createTaskBroadcasts(world: World, index: TaskIndex): TaskBroadcasts {
  /** By listener and speaker. */
  const heard = new Map<string, Map<string, readonly ToldTask[]>>();
  const saved = new WeakSet<TaskRecord>();
  return {
    send: (node) => {
      const { running, ended } = index.of(node);
      const told = [...running, ...ended.slice(0, RECENT)].map((task) => ({
        user: task.user,
        starttime: task.starttime,
        row: toldRow(task, saved.has(task)),
      }));
      for (const task of ended) saved.add(task);
      for (const listener of Object.keys(world.nodes)) {
        if (!reaches(world, node, listener)) continue;
        const known = heard.get(listener) ?? new Map<string, readonly ToldTask[]>();
        heard.set(listener, known.set(node, told));
      }
    },
    heardBy: (node) => {
      const lists = [...(heard.get(node) ?? [])].toSorted(([a], [b]) => (a < b ? 1 : -1));
      return lists.flatMap(([, told]) => told);
    },
  };
}

/** `saved` is a number from the process that saw the end, and text once it was read back from the list (recording one-node/85). */
function toldRow(task: TaskRecord, wasSaved: boolean): Record<string, unknown> {
  const { pid, pstart: _, ...rest } = taskIdentity(task);
  const { exitstatus, endtime } = task;
  return exitstatus === undefined
    ? { ...rest, pid }
    : { ...rest, endtime, status: exitstatus, saved: wasSaved ? '1' : 1 };
}
