import { deadlineIn } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import type { ClusterIdentity } from '../cluster/identity.ts';
import { CLUSTER_STATUS, parseClusterStatus } from '../cluster/status.ts';
import { OtherCluster, PveError } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import type { PveAnswer, Send } from './request.ts';

/**
 * The first question on a new connection: which cluster is this? It throws where that is not ours, or not to be known;
 * it passes where it never could be known and does not have to be.
 * How long it may take is the transport's affair: the connection is for whoever comes, not for one caller.
 * @param understand makes a sender of requests that are signed, and answers that are read
 */
export function proveCluster(
  cluster: ClusterIdentity,
  endpoint: Endpoint,
  log: Logger,
  understand: (send: Send<PveAnswer>) => Send<unknown>,
): (send: Send<PveAnswer>) => Promise<void> {
  let isUntold = false;
  let told = '';
  return async (send) => {
    if (isUntold && cluster.known() === undefined) return;
    const call = deadlineIn(Number.POSITIVE_INFINITY);
    try {
      const request = { method: 'GET', path: CLUSTER_STATUS, query: '', headers: {}, body: undefined, call } as const;
      cluster.confirm(parseClusterStatus(await understand(send)(request)), endpoint.address);
      told = '';
    } catch (error) {
      isUntold = mayStayUntold(cluster, error);
      if (isUntold) return;
      if (error instanceof OtherCluster && error.message !== told) {
        told = error.message;
        log.error('A PVE endpoint is not used: it leads to another cluster', { endpoint: endpoint.address, error });
      }
      throw error;
    } finally {
      call.dispose();
    }
  };
}

/** Without Sys.Audit on `/` PVE does not say. Once it has said, silence is no answer. */
function mayStayUntold(cluster: ClusterIdentity, error: unknown): boolean {
  const isForbidden = error instanceof PveError && error.status === 403;
  return isForbidden && cluster.mayBeUnknown && cluster.known() === undefined;
}
