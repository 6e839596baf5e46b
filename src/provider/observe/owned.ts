// The VMs of an owner, wherever its creates may have put them: for whoever knows whose a VM is, and not its id.
import type { UnreadableSlot } from '#claim/decide';
import { isOwner, judgeOwnership } from '#claim/ownership';
import { slotsFor } from '#claim/slots';
import { Fault } from '#domain/fault';
import { type Owner, ownerKey } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { vmSubject } from '../subject.ts';
import { observeWindow } from './window.ts';

/** What an owner may have asked for: a VM that was made, or one that was cloned. */
export const OWNED_KINDS = ['vm', 'clone'] as const;

export interface Owned {
  readonly vmids: readonly Vmid[];
  /** Slots with nothing in them. */
  readonly free: readonly Vmid[];
  /** A slot that may hold one. */
  readonly hidden: UnreadableSlot | undefined;
}

/** The whole window on a fresh view, as a create looks at it. */
export async function observeOwned(ctx: Context, owner: Owner, call: Deadline): Promise<Owned> {
  const snapshot = await ctx.view.read(call, 0);
  const [permissions, aclPaths] = await Promise.all([ctx.permissions.read(call, 0), ctx.aclPaths.read(call, 0)]);
  const { instance, settings } = ctx;
  const slots = OWNED_KINDS.flatMap((kind) => slotsFor({ instance, kind, owner: ownerKey(owner) }, settings.vmidRange));
  const seen = { snapshot, permissions, aclPaths, doubted: new Set<Vmid>(), call };
  const window = await observeWindow(ctx, [...new Set(slots)], seen);
  const vmids = window.flatMap((slot) => {
    if (slot.kind !== 'guest') return [];
    const ownership = judgeOwnership(slot.reading, ctx.instance, slot.vmid);
    const isOwn = ownership.kind === 'ours' && ownership.claim.kind !== 'image' && isOwner(ownership.claim, owner);
    return isOwn ? [slot.vmid] : [];
  });
  return {
    vmids,
    free: window.flatMap(({ kind, vmid }) => (kind === 'free' ? [vmid] : [])),
    hidden: window.find((slot) => slot.kind === 'unreadable'),
  };
}

/** Why nobody can tell what the owner has. */
export function hiddenFault({ name }: Owner, { reason, cause, vmid }: UnreadableSlot, wanted: string): Fault {
  const doing = { subject: vmSubject({ name, vmid }), wanted, why: `${reason}, so it may be this very VM` };
  return cause === 'forbidden'
    ? new Fault('forbidden', { ...doing, remedy: 'Grant VM.Audit on /vms to the user and to the API token' })
    : new Fault('busy', { ...doing, remedy: 'The next try looks again' });
}
