import type { ClusterData } from './cluster-data.ts';
import { DOCUMENTATION } from './documentation.ts';
import { ONE_NODE } from './one-node.ts';
import { THREE_NODE } from './three-node.ts';

/** The clusters that come with the simulator, by the name `--cluster` takes. */
export const CLUSTERS: Readonly<Record<string, ClusterData>> = {
  'one-node': ONE_NODE,
  'three-node': THREE_NODE,
  documentation: DOCUMENTATION,
};
