// Why a create does not get on, each with its remedy.
import type { OwnVm, UnreadableSlot } from '#claim/decide';
import { describeClaimant } from '#claim/ownership';
import { Fault } from '#domain/fault';
import type { Vmid } from '#pve/ids';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import { vmSubject } from '../subject.ts';

const WANTED = 'create';

/** What a run has made is no longer there. Whoever still wants the VM asks again. */
export class CopyIsGone extends Fault {}

export function copyIsGone(order: CreateOrder): CopyIsGone {
  return new CopyIsGone('busy', {
    subject: vmSubject({ name: order.spec.name }),
    wanted: WANTED,
    why: 'what was made of it has failed, was deleted or was taken over',
    remedy: 'The next try looks again',
  });
}

export function othersAtWork(order: CreateOrder, vmid: Vmid): Fault {
  return new Fault('busy', {
    subject: vmSubject({ name: order.spec.name, vmid }),
    wanted: 'take away what is unfinished',
    why: 'somebody else has changed it',
    remedy: 'The next try looks again',
  });
}

export function alreadyExists(order: CreateOrder, { vmid, claim }: OwnVm): Fault {
  const why =
    claim.digest === order.digest ? 'too long ago for this to be the same request again' : 'from another request';
  return new Fault('already-exists', {
    subject: vmSubject({ name: order.spec.name, vmid }),
    wanted: WANTED,
    why: `VM ${vmid} of ${describeClaimant(claim)} was made ${why}`,
    remedy: `Delete that VM, use it under its id ${vmid}, or choose another name`,
  });
}

export function madeFromOther(order: CreateOrder, { vmid, claim }: OwnVm): Fault {
  return new Fault('busy', {
    subject: vmSubject({ name: order.spec.name, vmid }),
    wanted: WANTED,
    why: `VM ${vmid} of ${describeClaimant(claim)} is being made from another request`,
    remedy:
      order.kind === 'image'
        ? 'Wait until it is made, or delete it'
        : 'Wait until it is made, or delete it; one that nobody finishes is replaced 15 minutes after it was begun',
  });
}

export function tooManyLeft(order: CreateOrder, left: ReadonlySet<Vmid>): Fault {
  return new Fault('precondition', {
    subject: vmSubject({ name: order.spec.name }),
    wanted: WANTED,
    why: `earlier tries have left VMs ${[...left].toSorted((a, b) => a - b).join(', ')}, which PVE does not let us remove`,
    remedy: 'Remove them as "vrtg orphans" says',
  });
}

export function exhausted(ctx: Context, order: CreateOrder): Fault {
  const { low, high } = ctx.settings.vmidRange;
  return new Fault('exhausted', {
    subject: vmSubject({ name: order.spec.name }),
    wanted: WANTED,
    why: `all VMIDs it may have in ${low}-${high} are taken by others`,
    remedy: 'Widen PVE_VMID_RANGE',
  });
}

export function unreadable(order: CreateOrder, slot: UnreadableSlot): Fault {
  const isForbidden = slot.cause === 'forbidden';
  return new Fault(isForbidden ? 'forbidden' : 'busy', {
    subject: vmSubject({ name: order.spec.name, vmid: slot.vmid }),
    wanted: WANTED,
    why: `${slot.reason}, so it may be this very VM`,
    remedy: isForbidden ? 'Grant VM.Audit on /vms to the user and to the API token' : 'The next try looks again',
  });
}
