// Reasons not to touch a VM, each with its remedy.
import { describeClaimant, isOwner, type Ownership } from '#claim/ownership';
import { Fault, invalidSpec } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { GuestEntry } from '#pve/cluster/resources';
import type { NodeName, Vmid } from '#pve/ids';
import type { Context } from './context.ts';
import { vmSubject } from './subject.ts';

interface Vm {
  readonly name?: string | undefined;
  readonly vmid: Vmid;
  readonly node: NodeName;
}

/** Throws where somebody else has claimed the VM, or who asks is not its owner: not even its state is told then. */
export function refuseForeign(ownership: Ownership, vm: Vm, wanted: string, asker: Partial<Owner>): void {
  const by = otherOwner(ownership, asker);
  if (by === undefined) return;
  throw new Fault('precondition', {
    subject: vmSubject(vm),
    wanted,
    why: `it belongs to ${by}`,
    remedy: `Use another VM, or take it over with "vrtg adopt ${vm.vmid}"`,
  });
}

/** Owners are told apart only where both have a uid. */
function otherOwner(ownership: Ownership, asker: Partial<Owner>): string | undefined {
  if (ownership.kind === 'foreign') return ownership.by;
  if (ownership.kind === 'unclaimed' || asker.uid === undefined || ownership.claim.uid === undefined) return undefined;
  const isSame = isOwner(ownership.claim, { name: '', ...asker });
  return isSame ? undefined : `${describeClaimant(ownership.claim)} with another uid`;
}

/** Throws for a VM that nobody has claimed, unless the settings allow it: before everything destructive. */
export function refuseUnclaimed(ctx: Context, ownership: Ownership, vm: Vm, wanted: string): void {
  if (ownership.kind !== 'unclaimed' || ctx.settings.unclaimed === 'accept') return;
  throw new Fault('precondition', {
    subject: vmSubject(vm),
    wanted,
    why: 'nobody has claimed it, so it may not be ours to take',
    remedy: `Claim it with "vrtg adopt ${vm.vmid}", or do it in PVE`,
  });
}

export function refuseContainer(guest: GuestEntry): void {
  if (guest.type === 'lxc') {
    throw invalidSpec('id', `${guest.vmid} on ${guest.node} is a container, not a VM`, 'Use the id of a VM');
  }
}
