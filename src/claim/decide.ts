// What a create does next, decided over its whole window of slots at once. No I/O: the window is given as data.
// The same decision is made before the copy and after it: whoever has made a VM looks whether somebody else has too.
import type { Owner } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import { isOwner, judgeOwnership } from './ownership.ts';
import type { Claim, ClaimKind, ClaimReading } from './record.ts';

/** What one look at a slot gave. */
export type Slot =
  | { readonly kind: 'free'; readonly vmid: Vmid }
  /** There is a guest, and its description can be trusted. `locked`: PVE is still making it. */
  | { readonly kind: 'guest'; readonly vmid: Vmid; readonly reading: ClaimReading; readonly locked: boolean }
  | UnreadableSlot
  /** Left by a worker that died, and nobody works on it: only root can remove it (pve-behaviour 26). */
  | { readonly kind: 'remnant'; readonly vmid: Vmid };

/** Taken, but no field of it proves an owner: perhaps ours. */
export interface UnreadableSlot {
  readonly kind: 'unreadable';
  readonly vmid: Vmid;
  readonly reason: string;
  /** `making`: PVE is still making it. `forbidden`: we lack the right to see it. `silent`: it cannot be read now. */
  readonly cause: 'making' | 'forbidden' | 'silent';
}

/** A VM of this owner's. */
export interface OwnVm {
  readonly vmid: Vmid;
  readonly claim: Claim;
  /** PVE is still making it. */
  readonly locked: boolean;
}

export type CreateDecision =
  /**
   * These are to be taken out first: another VM of this owner's beats them, or nobody wants them any more. Only beside a
   * finished VM may one be left that cannot be.
   */
  | { readonly kind: 'take-out'; readonly losers: readonly OwnVm[]; readonly besideReady: boolean }
  /** Nothing of this owner's is there: make it at the first of these ids. */
  | { readonly kind: 'take'; readonly free: readonly Vmid[] }
  /** A create of this owner was here: go on with it. */
  | ({ readonly kind: 'resume' } & OwnVm)
  /** This very request has been fulfilled. */
  | ({ readonly kind: 'done' } & OwnVm)
  /** The owner has a VM that this request did not make. */
  | ({ readonly kind: 'exists' } & OwnVm)
  /** Somebody is making the owner's VM from another request. */
  | ({ readonly kind: 'other-request' } & OwnVm)
  | { readonly kind: 'wait'; readonly slot: UnreadableSlot }
  | { readonly kind: 'exhausted' };

export interface CreateWish {
  readonly instance: string;
  readonly owner: Owner;
  /** Of the claims that count. */
  readonly kind: ClaimKind;
  readonly digest: string;
  /** PVE's time, seconds since the epoch. */
  readonly now: number;
  /** Whether an unfinished VM of another request may be replaced. A run that has made a copy itself may not any more. */
  readonly mayReplace: boolean;
  /** Losers that are void, but that PVE does not let us remove: they do not count any more. */
  readonly leftBehind: ReadonlySet<Vmid>;
}

/** Without a uid, a repeated request is told from a new one for the same name by its age. */
const REPEAT_WITHIN_SECONDS = 15 * 60;

/** @param window in the order of the slots: of two equal VMs the one in the earlier slot stays. */
export function decideCreate(window: readonly Slot[], wish: CreateWish): CreateDecision {
  const own = window.flatMap((slot) => ownVm(slot, wish));
  const winner = own.find(isReady) ?? own.find(({ claim }) => claim.state === 'creating');
  const isReplaced = winner !== undefined && mayReplace(winner.claim, wish);
  const isLoser = (vm: OwnVm): boolean => (vm !== winner || isReplaced) && !isReady(vm);
  const losers = own.filter((vm) => isLoser(vm) && !vm.locked && !wish.leftBehind.has(vm.vmid));
  const hasReady = winner !== undefined && isReady(winner);
  if (losers.length > 0) return { kind: 'take-out', losers, besideReady: hasReady };
  if (hasReady) return decideReady(winner, wish);
  // Behind what cannot be read there may be a finished VM of ours. What is being made looks at the window when it is.
  const hidden = window.find((slot) => slot.kind === 'unreadable' && (winner === undefined || slot.cause !== 'making'));
  if (hidden?.kind === 'unreadable') return { kind: 'wait', slot: hidden };
  if (winner !== undefined) return decideCreating(winner, wish);
  const free = window.filter((slot) => slot.kind === 'free').map((slot) => slot.vmid);
  return free.length === 0 ? { kind: 'exhausted' } : { kind: 'take', free };
}

function ownVm(slot: Slot, wish: CreateWish): OwnVm[] {
  if (slot.kind !== 'guest') return [];
  const ownership = judgeOwnership(slot.reading, wish.instance, slot.vmid);
  if (ownership.kind !== 'ours') return [];
  const { claim } = ownership;
  return claim.kind === wish.kind && isOwner(claim, wish.owner)
    ? [{ vmid: slot.vmid, claim, locked: slot.locked }]
    : [];
}

function isReady({ claim }: OwnVm): boolean {
  return claim.state === 'ready';
}

/** An unfinished VM of another request: of the same object if there is a uid, else of one that is long gone. */
function mayReplace(claim: Claim, wish: CreateWish): boolean {
  if (claim.state !== 'creating' || claim.digest === wish.digest || !wish.mayReplace) return false;
  // Its download may take hours, and its id may have been promised.
  if (wish.kind === 'image') return false;
  return wish.owner.uid !== undefined || wish.now - claim.time > REPEAT_WITHIN_SECONDS;
}

function decideReady(vm: OwnVm, wish: CreateWish): CreateDecision {
  // A template is one for as long as it is there: whoever asks for it, and when, is asking for the same.
  const isLasting = wish.owner.uid !== undefined || wish.kind === 'image';
  const isRepeated = isLasting || wish.now - vm.claim.time <= REPEAT_WITHIN_SECONDS;
  return { kind: vm.claim.digest === wish.digest && isRepeated ? 'done' : 'exists', ...vm };
}

function decideCreating(vm: OwnVm, wish: CreateWish): CreateDecision {
  if (vm.claim.digest === wish.digest) return { kind: 'resume', ...vm };
  if (!mayReplace(vm.claim, wish)) return { kind: 'other-request', ...vm };
  const reason = `VM ${vm.vmid} is still being copied for an earlier request`;
  return { kind: 'wait', slot: { kind: 'unreadable', vmid: vm.vmid, reason, cause: 'making' } };
}
