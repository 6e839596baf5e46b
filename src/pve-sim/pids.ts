// Process ids of workers and QEMU processes. The kernel gives each to one running process of a node.
import type { Random } from './random.ts';
import type { NodeTasks } from './tasks/task-index.ts';
import type { World } from './world/world.ts';

const LOWEST = 1000;
const HIGHEST = 2 ** 22;

/** @param tasks of the node */
export function freePid(world: World, random: Random, node: string, tasks: NodeTasks): number {
  const pid = LOWEST + random.below(HIGHEST - LOWEST);
  return isTaken(world, node, pid, tasks) ? freePid(world, random, node, tasks) : pid;
}

function isTaken(world: World, node: string, pid: number, { running, ended }: NodeTasks): boolean {
  // Of ended tasks as well: a UPID's pid then stands for one task alone.
  const isTask = [running, ended].some((tasks) => tasks.some((task) => task.pid === pid));
  return isTask || Object.values(world.guests).some((guest) => guest.node === node && guest.run?.pid === pid);
}
