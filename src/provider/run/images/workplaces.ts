// Whether a template of an image can be made on each node that still needs one, asked of all of them before anything is
// written on one: a part of what was asked for is never made in silence.
import type { StorageEntry } from '#pve/nodes/storage';
import type { WebImage } from '#rpc/payload/image-prepare';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import { furtherImageOrder } from '../../image-request.ts';
import { onBestNode } from '../../observe/candidates.ts';
import { chooseNewDiskStorage } from '../../observe/disk-storage.ts';
import { type Seat, serves } from '../../observe/image-nodes.ts';
import type { Snapshot } from '../../view/cluster-view.ts';
import { imageMaking } from './making.ts';

/**
 * The nodes on which one can be made, and where its disk goes there. Throws what keeps it from a node, unless a template on
 * another one serves it too.
 */
export async function findWorkplaces(
  ctx: Context,
  image: WebImage,
  nodes: readonly string[],
  view: Snapshot,
  call: Deadline,
): Promise<Seat[]> {
  const attempts = await Promise.all(
    nodes.map(async (node) => {
      try {
        return { node, storage: (await tryNode(ctx, image, node, view, call)).storage };
      } catch (refusal) {
        call.signal.throwIfAborted();
        return { node, refusal };
      }
    }),
  );
  const places = attempts.flatMap(({ node, storage }) => (storage === undefined ? [] : [{ node, storage }]));
  const stuck = attempts.find(
    ({ node, storage }) => storage === undefined && !places.some((place) => serves(place, node, view)),
  );
  if (stuck !== undefined) throw stuck.refusal;
  return places;
}

async function tryNode(
  ctx: Context,
  image: WebImage,
  node: string,
  view: Snapshot,
  call: Deadline,
): Promise<StorageEntry> {
  const order = furtherImageOrder(image, node);
  const { spec } = order;
  return await onBestNode(
    ctx,
    { order, snapshot: view, homes: [] },
    async (at, asked) => {
      if (order.image !== undefined)
        await imageMaking(ctx, order, order.image, { view, node: at, asked, pool: undefined }, call);
      return await chooseNewDiskStorage(ctx, spec, at, call);
    },
    call,
  );
}
