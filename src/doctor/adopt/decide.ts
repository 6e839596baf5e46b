// Whether a VM becomes ours, as a table of refusals. No I/O.
import { adoptedClaim } from '#claim/adopted';
import { describeClaimant, judgeOwnership } from '#claim/ownership';
import { type Claim, ClaimTooLongError, describeWithClaim, readClaim, shorten } from '#claim/record';
import type { Owner } from '#domain/owner';
import type { NodeName, Vmid } from '#pve/ids';
import type { VmConfig } from '#pve/qemu/config';

/** A VM that is to be ours. */
export interface AdoptionWish {
  readonly vmid: Vmid;
  /** Whose it is to be; its PVE name's where nobody is named. */
  readonly owner?: Owner;
}

export interface AdoptionTerms {
  readonly instance: string;
  /** Whether other claims may be replaced. */
  readonly takeOver: boolean;
  /** Seconds since the epoch by PVE's clock. */
  readonly now: number;
}

export interface Refusal {
  readonly kind: 'refused';
  readonly why: string;
  /** A sentence without the final stop. */
  readonly remedy: string;
}

export type AdoptionDecision =
  | {
      readonly kind: 'claim';
      readonly claim: Claim;
      readonly description: string;
      /** Whose it was, where it was somebody's. */
      readonly from?: string;
    }
  | { readonly kind: 'ours'; readonly claim: Claim }
  | Refusal;

export function decideAdoption(
  wish: AdoptionWish,
  node: NodeName,
  config: VmConfig,
  terms: AdoptionTerms,
): AdoptionDecision {
  const { vmid } = wish;
  const reading = readClaim(config.values['description']);
  const ownership = judgeOwnership(reading, terms.instance, vmid);
  if (config.values['template'] === '1')
    return refused('it is a template', 'Providers make VMs from it without owning it');
  if (config.lock !== undefined) return locked(vmid, node, config.lock);
  if (ownership.kind === 'foreign') {
    if (terms.takeOver) return claimIt(wish, config, reading.text, terms, ownership.by);
    const remedy = 'If its provider is gone for good, add --take-over';
    return refused(`it belongs to ${ownership.by}`, remedy);
  }
  if (ownership.kind === 'unclaimed') return claimIt(wish, config, reading.text, terms);
  const { claim } = ownership;
  if (claim.state !== 'ready') return unfinished(claim);
  const owner = wish.owner ?? withoutUid(claim);
  if (wish.owner === undefined && !terms.takeOver) return { kind: 'ours', claim };
  if (isFor(claim, owner)) return { kind: 'ours', claim };
  if (terms.takeOver) return claimIt({ vmid, owner }, config, reading.text, terms, describeOwner(claim));
  return refused(`it is ours already, as ${describeOwner(claim)}`, 'To give it to the other one, add --take-over');
}

function claimIt(
  { vmid, owner }: AdoptionWish,
  config: VmConfig,
  text: string,
  { instance, now }: AdoptionTerms,
  from?: string,
): AdoptionDecision {
  const named = owner ?? { name: config.values['name'] ?? `VM ${vmid}` };
  const claim = adoptedClaim({ instance, vmid, owner: named, time: now });
  try {
    const description = describeWithClaim(text, claim, 'refuse');
    return { kind: 'claim', claim, description, ...(from === undefined ? {} : { from }) };
  } catch (error) {
    if (!(error instanceof ClaimTooLongError)) throw error;
    return refused(error.message, 'Shorten its notes in PVE');
  }
}

function locked(vmid: Vmid, node: NodeName, lock: string): Refusal {
  return refused(
    `it is locked (${lock})`,
    `Wait for the running operation; a lock left by a crash is removed on ${node}, as root, with "qm unlock ${vmid}"`,
  );
}

function unfinished(claim: Claim): Refusal {
  const why = claim.state === 'void' ? 'it is ours and being taken away' : 'it is ours and its create has not ended';
  return refused(why, 'Wait, or see what "vrtg orphans" says about it');
}

function refused(why: string, remedy: string): Refusal {
  return { kind: 'refused', why, remedy };
}

/** Unlike for a create it is not enough that one of the two is known. */
function isFor(claim: Claim, owner: Owner): boolean {
  const same = (a: string | undefined, b: string | undefined): boolean => a === (b === undefined ? b : shorten(b));
  return same(claim.name, owner.name) && same(claim.namespace, owner.namespace) && same(claim.uid, owner.uid);
}

function withoutUid({ name, namespace }: Claim): Owner {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

/** `VM team-a/web, uid 1234`. */
function describeOwner(claim: Claim): string {
  const [, vm = ''] = /, (VM .*)$/.exec(describeClaimant(claim)) ?? [];
  return claim.uid === undefined ? vm : `${vm}, uid ${claim.uid}`;
}
