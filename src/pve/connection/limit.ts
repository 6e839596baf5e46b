import { createLanes } from '#runtime/lanes';
import { nodeOfPath } from './path.ts';
import type { Link } from './request.ts';

/**
 * At most `perNode` requests in flight for each node, and as many for paths that any node answers by itself: PVE's
 * handlers block one of three daemon workers a node (pve-behaviour 1.5, 25). First come, first served; waiting ends
 * with the call's deadline.
 */
export function limitPerNode(perNode: number): Link<unknown> {
  const lanes = createLanes();
  return (next) => async (request) => {
    const lane = { key: nodeOfPath(request.path) ?? '', width: perNode };
    return await lanes.through([lane], request.call.signal, async () => await next(request));
  };
}
