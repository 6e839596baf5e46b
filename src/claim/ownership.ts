import type { Owner } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import { type Claim, type ClaimReading, shorten } from './record.ts';

/** Whose a VM is, seen from one instance of the provider. */
export type Ownership =
  | { readonly kind: 'ours'; readonly claim: Claim }
  | { readonly kind: 'foreign'; readonly by: string }
  | { readonly kind: 'unclaimed' };

/**
 * Judges what the description of VM `vmid` says. A claim made for another VMID came along with a clone or a restore
 * and claims nothing.
 */
export function judgeOwnership(reading: ClaimReading, instance: string, vmid: Vmid): Ownership {
  if (reading.kind === 'none') return { kind: 'unclaimed' };
  if (reading.kind === 'unreadable') return { kind: 'foreign', by: `somebody unknown (${reading.reason})` };
  const { claim } = reading;
  if (claim.vmid !== vmid) return { kind: 'unclaimed' };
  if (claim.instance !== shorten(instance)) return { kind: 'foreign', by: describeClaimant(claim) };
  return { kind: 'ours', claim };
}

/** Whether a claim of ours was made for this owner. A uid decides alone; without one the name does. */
export function isOwner(claim: Claim, owner: Owner): boolean {
  if (claim.uid !== undefined && owner.uid !== undefined) return claim.uid === shorten(owner.uid);
  if (claim.uid !== undefined || owner.uid !== undefined) return false;
  return claim.name === shorten(owner.name);
}

/** `virtrigaud instance default/prod, VM team-a/web-server`. */
export function describeClaimant(claim: Claim): string {
  const name = claim.namespace === undefined ? claim.name : `${claim.namespace}/${claim.name}`;
  return `virtrigaud instance ${claim.instance}, VM ${name}`;
}
