import type { Deadline } from '#runtime/deadline';
import { asRows, flagOf, requiredText, textOf } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';
import type { NodeName } from '../ids.ts';

export interface ClusterStatus {
  /** Undefined for a node that is in no cluster. */
  readonly name: string | undefined;
  /** A node in no cluster always is. After a cut it lags by seconds (recording two-node/10). */
  readonly quorate: boolean;
  readonly nodes: readonly ClusterNode[];
}

export interface ClusterNode {
  readonly name: NodeName;
  readonly online: boolean;
  /** The one that answers. */
  readonly local: boolean;
}

/**
 * Needs Sys.Audit on `/` (pve-behaviour 7). Throws `OtherCluster` where the answer is not that of the cluster the
 * connection is bound to.
 */
export async function readClusterStatus(pve: Pve, call: Deadline): Promise<ClusterStatus> {
  const status = parseClusterStatus(await pve.get(CLUSTER_STATUS, call));
  pve.cluster?.confirm(status, pve.endpoint.address);
  return status;
}

export const CLUSTER_STATUS = '/cluster/status';

export function parseClusterStatus(data: unknown): ClusterStatus {
  const rows = asRows(data, 'cluster status');
  const cluster = rows.find((row) => row['type'] === 'cluster');
  return {
    name: cluster === undefined ? undefined : textOf(cluster, 'name'),
    quorate: cluster === undefined || flagOf(cluster, 'quorate'),
    nodes: rows
      .filter((row) => row['type'] === 'node')
      .map((row) => ({
        name: requiredText(row, 'name', 'cluster node') as NodeName,
        online: flagOf(row, 'online'),
        local: flagOf(row, 'local'),
      })),
  };
}
