// A VM whose claim somebody has taken away while this process was making it. It is nobody's by then, so that a create
// would make another one, and another one for each time that happens.
import { judgeOwnership } from '#claim/ownership';
import { Fault } from '#domain/fault';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import type { SeenSlot } from '../observe/window.ts';
import { vmSubject } from '../subject.ts';

/** Throws as long as the VM is there under its name. */
export function refuseLostClaim(ctx: Context, order: CreateOrder, window: readonly SeenSlot[]): void {
  const { name } = order.spec;
  const lost = window.find((slot) => ctx.vms.peek(slot.vmid)?.unfinished === name && isNobodysNow(ctx, slot, name));
  if (lost === undefined) return;
  throw new Fault('precondition', {
    subject: vmSubject({ name, vmid: lost.vmid }),
    wanted: 'create',
    why: 'while it was being made somebody has removed the claim from its description, or damaged it',
    remedy: `Delete VM ${lost.vmid} in PVE, or keep it as it is with "vrtg adopt ${lost.vmid}"`,
  });
}

function isNobodysNow(ctx: Context, slot: SeenSlot, name: string): boolean {
  if (slot.kind !== 'guest' || slot.config?.values['name'] !== name) return false;
  return judgeOwnership(slot.reading, ctx.instance, slot.vmid).kind !== 'ours';
}
