// How long ended tasks are remembered: a node's index is cut in halves (pve-behaviour 6.5).
import type { World } from '../world/world.ts';
import { tasksOfNode } from './task-rows.ts';

const FULL = 1000;
const KEPT = 500;

/** Once the index is full its older half goes, with the logs. */
export function cutHistory(world: World, node: string): void {
  const { ended } = tasksOfNode(world, node);
  if (ended.length < FULL) return;
  for (const { upid } of ended.slice(KEPT)) delete world.tasks[upid];
}
