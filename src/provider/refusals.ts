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

/** For a VM with a lock that may be what a worker has left that died: with the commands that remove it. */
export function lockedFault(vm: Vm & { readonly subject: string; readonly lock: string }, wanted: string): Fault {
  const { vmid, node, subject, lock } = vm;
  const unlock = `qm unlock ${vmid}`;
  // Of a destroy only the configuration is left, which no API call removes (pve-behaviour 28.5).
  const removal = lock === 'destroyed' ? `"${unlock}", then "qm destroy ${vmid}" on ${node}` : `"${unlock}"`;
  return new Fault('busy', {
    subject,
    wanted,
    why: `it is locked (${lock})`,
    remedy: `Wait for the running operation; what a crash has left is removed as root: ${removal}`,
  });
}

/** PVE's API hands out the content of no disk, and we have no other way to a node. */
export function exportFault(id: string): Fault {
  return new Fault('unsupported', {
    subject: `VM ${id}`,
    wanted: 'export a disk',
    why: "Proxmox VE's API hands out no disk's content",
    remedy:
      'Back it up with vzdump, or run "qemu-img convert" on its node and put the image where ImportDisk can fetch it',
  });
}
