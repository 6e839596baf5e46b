// What corosync is configured with (recording two-node/01).
import { perm } from '../access/rules.ts';
import type { Endpoint } from './endpoint.ts';

export const CLUSTER_CONFIG: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/cluster/config/nodes',
    params: {},
    allow: perm('/', 'Sys.Audit'),
    /** A node that is in no cluster has no such file. */
    handle: ({ sim }) =>
      sim.world.cluster.name === undefined
        ? []
        : Object.values(sim.world.nodes).map(({ name, nodeId, ip }) => ({
            name,
            node: name,
            nodeid: String(nodeId),
            quorum_votes: '1',
            ring0_addr: ip,
          })),
  },
];
