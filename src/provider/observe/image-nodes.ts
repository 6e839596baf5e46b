// The nodes that are to have a template of an image, and which of them have one: on local storage a template serves the node
// it is on, on shared storage all that have that storage.
import { readImageTodo } from '#claim/image-todo';
import { judgeOwnership } from '#claim/ownership';
import { type Claim, readClaim } from '#claim/record';
import { invalidSpec } from '#domain/fault';
import { EVERY_NODE } from '#domain/template-nodes';
import type { NodeName, Vmid } from '#pve/ids';
import type { VmConfig } from '#pve/qemu/config';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import { bootStorage } from '../plan/drives.ts';
import { bootStorageWish } from '../plan/storages.ts';
import type { Snapshot } from '../view/cluster-view.ts';
import { defaultStorage } from './host.ts';
import { readThere } from './templates.ts';

/** Where a template is, or will be, and the storage of its disk. */
export interface Seat {
  readonly node: string;
  readonly storage: string;
}

export function serves({ node, storage }: Seat, wanted: string, { storages }: Snapshot): boolean {
  return node === wanted || storages.some((each) => each.storage === storage && each.node === wanted && each.shared);
}

/** The names in full, in order. Throws `invalid-spec` where "every node" names none. */
export function namedNodes(ctx: Context, nodes: readonly string[], { spec }: CreateOrder, view: Snapshot): string[] {
  if (!nodes.includes(EVERY_NODE)) return [...nodes];
  const wish = bootStorageWish(spec, defaultStorage(ctx));
  if (wish === undefined) {
    const why = `"${EVERY_NODE}" means every node that has the storage of the disk, and nobody names one`;
    throw invalidSpec('placement_json.Nodes', why, 'Name the storage in the VMImage or in PVE_DEFAULT_STORAGE');
  }
  const { nodeSelector, nodeSelectorMode } = ctx.settings;
  const isAllowed = (node: string): boolean =>
    nodeSelectorMode !== 'require' || nodeSelector.length === 0 || nodeSelector.includes(node);
  const found = view.storages
    .filter(({ storage, content, node }) => storage === wish.storage && content.includes('images') && isAllowed(node))
    .map(({ node }) => node)
    .sort();
  if (found.length > 0) return found;
  const why = `no node has a storage "${wish.storage}" for VM disks that we may see and use`;
  throw invalidSpec(wish.field, why, 'Name another one, or grant Datastore.Audit on it');
}

/** A template of the image, or what is to become one. */
export interface SeatedTemplate extends Seat {
  readonly vmid: Vmid;
  /** The owner in its claim. */
  readonly owner: string;
}

/** Those that the view shows under their name, which takes PVE some seconds. */
export async function seatedTemplates(
  ctx: Context,
  { spec, digest }: CreateOrder,
  view: Snapshot,
  call: Deadline,
): Promise<SeatedTemplate[]> {
  const named = [...view.guests.values()].filter(({ name, type }) => name === spec.name && type === 'qemu');
  const read = await readThere(ctx, view, named, call);
  return read.flatMap(({ guest: { vmid, node }, ...config }) => {
    const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vmid);
    if (ownership.kind !== 'ours') return [];
    const { claim } = ownership;
    const isMeant = claim.kind === 'image' && claim.digest === digest && claim.state !== 'void';
    return isMeant ? [{ vmid, node, storage: storageOfTemplate(config, claim), owner: claim.name }] : [];
  });
}

/** Of its disk, also while it has none yet. */
function storageOfTemplate({ values }: Pick<VmConfig, 'values'>, { incarnation }: Claim): string {
  return bootStorage(values) ?? readImageTodo(values['description'], incarnation)?.storage ?? '';
}

/** Where a template of ours is. */
export function seatOf(node: NodeName, config: VmConfig): Seat {
  const reading = readClaim(config.values['description']);
  return { node, storage: reading.kind === 'claim' ? storageOfTemplate(config, reading.claim) : '' };
}
