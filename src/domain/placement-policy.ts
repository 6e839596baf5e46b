import type { LabelSelector } from './label-selector.ts';
import type { PlacementSpec } from './vm-spec.ts';

/** What a VMPlacementPolicy says of every VM that follows it. */
export interface PlacementPolicy {
  /** The only nodes they may be on; empty: any. */
  readonly nodes: readonly string[];
  /** VMs they never share a node with: those that any of these means. */
  readonly avoid: readonly LabelSelector[];
  readonly maxVmsPerNode: number | undefined;
  readonly minFreeMemoryMib: number | undefined;
  readonly storage: string | undefined;
  readonly pool: string | undefined;
  /** Of several policies the highest wins. */
  readonly priority: number;
}

/** What a VM says itself, completed by its policy; `avoidIds` is for whoever knows the VMs. */
export function withPolicy(own: PlacementSpec, policy: PlacementPolicy): PlacementSpec {
  return {
    ...own,
    nodes: own.node !== undefined || own.nodes.length > 0 ? own.nodes : policy.nodes,
    storage: own.storage ?? policy.storage,
    pool: own.pool ?? policy.pool,
    maxVmsPerNode: own.maxVmsPerNode ?? policy.maxVmsPerNode,
    minFreeMemoryMib: own.minFreeMemoryMib ?? policy.minFreeMemoryMib,
  };
}
