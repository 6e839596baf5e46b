// Delete without an id: whatever VM the owner has, also one that is being made. For a manager that has asked for a VM and
// never heard of its id.
import type { Owner } from '#domain/owner';
import { ownerKey } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { hiddenFault, OWNED_KINDS, type Owned, observeOwned } from '../observe/owned.ts';
import { vmSubject } from '../subject.ts';
import { proveAbsent, requireQuorum } from '../view/absence.ts';
import { deleteLostSeeds } from './lost-seeds.ts';

const WANTED = 'delete';
/** Nodes do not come and go. */
const SEEN_WITHIN_MS = 60_000;

/** Returns when the owner is proven to have none. @param remove deletes one of them */
export async function deleteOwned(
  ctx: Context,
  owner: Owner,
  call: Deadline,
  remove: (vmid: Vmid) => Promise<void>,
): Promise<void> {
  for (;;) {
    const owned = await look(ctx, owner, call);
    for (const vmid of owned.vmids) await remove(vmid);
    if (owned.vmids.length > 0) continue;
    await proveNone(ctx, owner, owned, call);
    // A create of this process that was called off has ended once its lane is free.
    const lanes = OWNED_KINDS.map((kind) => ({ key: `owner:${kind}:${ownerKey(owner)}`, width: 1 }));
    const last = await ctx.lanes.through(lanes, call.signal, async () => await look(ctx, owner, call));
    if (last.vmids.length > 0) continue;
    const { nodes } = await ctx.view.read(call, SEEN_WITHIN_MS);
    const there = [...nodes.values()].filter(({ online }) => online).map(({ name }) => name);
    return await deleteLostSeeds(ctx, { ownerKey: ownerKey(owner), nodes: there }, call);
  }
}

/** Throws where a slot cannot be read that may hold one. */
async function look(ctx: Context, owner: Owner, call: Deadline): Promise<Owned> {
  const owned = await observeOwned(ctx, owner, call);
  if (owned.vmids.length === 0 && owned.hidden !== undefined) throw hiddenFault(owner, owned.hidden, WANTED);
  return owned;
}

/** A view may be that of a node without quorum: as with a single VM, PVE is asked twice, with quorum, 15 s apart. */
async function proveNone(ctx: Context, { name }: Owner, { free: [first] }: Owned, call: Deadline): Promise<void> {
  if (first === undefined) await requireQuorum(ctx, vmSubject({ name }), WANTED, call);
  else await proveAbsent(ctx, first, WANTED, call);
}
