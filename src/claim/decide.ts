// What a create does next, decided over its whole window of slots at once. No I/O: the window is given as data.
import type { Owner } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import { isOwner, judgeOwnership } from './ownership.ts';
import type { Claim, ClaimReading } from './record.ts';

/** What one look at a slot gave. */
export type Slot =
  | { readonly kind: 'free'; readonly vmid: Vmid }
  /** There is a guest, and its description can be trusted. */
  | { readonly kind: 'guest'; readonly vmid: Vmid; readonly reading: ClaimReading }
  /** Taken, but no field of it proves an owner: perhaps ours. */
  | { readonly kind: 'unreadable'; readonly vmid: Vmid; readonly reason: string; readonly forbidden: boolean };

export type UnreadableSlot = Extract<Slot, { kind: 'unreadable' }>;

export type CreateDecision =
  /** Nothing of this owner's is there: make it at this id. */
  | { readonly kind: 'take'; readonly vmid: Vmid }
  /** A create of this owner was here: go on with it. */
  | { readonly kind: 'resume'; readonly vmid: Vmid; readonly claim: Claim }
  /** This very request has been fulfilled. */
  | { readonly kind: 'done'; readonly vmid: Vmid; readonly claim: Claim }
  /** The owner has a VM that this request did not make. */
  | { readonly kind: 'exists'; readonly vmid: Vmid; readonly claim: Claim }
  | { readonly kind: 'wait'; readonly slot: UnreadableSlot }
  | { readonly kind: 'exhausted' };

export interface CreateWish {
  readonly instance: string;
  readonly owner: Owner;
  readonly digest: string;
  /** PVE's time, seconds since the epoch. */
  readonly now: number;
}

/** A repeated request is told from a new one for the same name by its age. */
const REPEAT_WITHIN_SECONDS = 15 * 60;

export function decideCreate(window: readonly Slot[], wish: CreateWish): CreateDecision {
  const own = window.flatMap((slot) => ownClaim(slot, wish));
  const mine = own.find(({ claim }) => claim.state === 'ready') ?? own.find(({ claim }) => claim.state === 'creating');
  if (mine !== undefined) return decideOwn(mine.vmid, mine.claim, wish);
  const unreadable = window.find((slot) => slot.kind === 'unreadable');
  if (unreadable !== undefined) return { kind: 'wait', slot: unreadable };
  const free = window.find((slot) => slot.kind === 'free');
  return free === undefined ? { kind: 'exhausted' } : { kind: 'take', vmid: free.vmid };
}

function ownClaim(slot: Slot, wish: CreateWish): { vmid: Vmid; claim: Claim }[] {
  if (slot.kind !== 'guest') return [];
  const ownership = judgeOwnership(slot.reading, wish.instance, slot.vmid);
  if (ownership.kind !== 'ours') return [];
  const { claim } = ownership;
  return claim.kind === 'vm' && isOwner(claim, wish.owner) ? [{ vmid: slot.vmid, claim }] : [];
}

function decideOwn(vmid: Vmid, claim: Claim, wish: CreateWish): CreateDecision {
  if (claim.digest !== wish.digest) return { kind: 'exists', vmid, claim };
  if (claim.state === 'creating') return { kind: 'resume', vmid, claim };
  return wish.now - claim.time <= REPEAT_WITHIN_SECONDS
    ? { kind: 'done', vmid, claim }
    : { kind: 'exists', vmid, claim };
}
