// Process ids of workers and QEMU processes. The kernel gives each to one running process of a node.
import type { Random } from './random.ts';
import type { World } from './world/world.ts';

const LOWEST = 1000;
const HIGHEST = 2 ** 22;

export function freePid(world: World, random: Random, node: string): number {
  const pid = LOWEST + random.below(HIGHEST - LOWEST);
  return isTaken(world, node, pid) ? freePid(world, random, node) : pid;
}

function isTaken(world: World, node: string, pid: number): boolean {
  // Of ended tasks as well: a UPID's pid then stands for one task alone.
  const isTask = Object.values(world.tasks).some((task) => task.node === node && task.pid === pid);
  return isTask || Object.values(world.guests).some((guest) => guest.node === node && guest.run?.pid === pid);
}
