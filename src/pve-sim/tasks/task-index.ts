// The tasks of each node in the order in which its host has them. Whoever asks for those of one node, as every start and end of
// a task does, need not go through all of the cluster's.
import type { TaskRecord, World } from '../world/world.ts';

export interface NodeTasks {
  /** Newest first. */
  readonly running: readonly TaskRecord[];
  /** The last to end first, as the node's index is read. */
  readonly ended: readonly TaskRecord[];
}

export interface TaskIndex {
  /** A new task, which is in the world from now on. */
  start(task: TaskRecord): void;
  end(task: TaskRecord): void;
  of(node: string): NodeTasks;
}

/** Once a node's index is full its older half goes, with the logs (pve-behaviour 6.5). */
const FULL = 1000;
const KEPT = 500;

interface Lists {
  readonly running: Set<TaskRecord>;
  readonly ended: TaskRecord[];
}

export function createTaskIndex(world: World): TaskIndex {
  const all = new Map<string, Lists>();
  const listsOf = (node: string): Lists => {
    const lists = all.get(node) ?? { running: new Set(), ended: [] };
    all.set(node, lists);
    return lists;
  };
  return {
    start: (task) => {
      world.tasks[task.upid] = task;
      listsOf(task.node).running.add(task);
    },
    end: (task) => {
      const { running, ended } = listsOf(task.node);
      running.delete(task);
      ended.push(task);
      if (ended.length < FULL) return;
      for (const { upid } of ended.splice(0, ended.length - KEPT)) delete world.tasks[upid];
    },
    of: (node) => {
      const { running, ended } = listsOf(node);
      return { running: [...running].toReversed(), ended: ended.toReversed() };
    },
  };
}
