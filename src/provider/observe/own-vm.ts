import { judgeOwnership } from '#claim/ownership';
import { type Claim, readClaim } from '#claim/record';
import { Fault } from '#domain/fault';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import { vmSubject } from '../subject.ts';

/** A VM of ours as PVE has it now. */
export interface OwnReading {
  readonly config: VmConfig;
  readonly claim: Claim;
  /** The description without the claim. */
  readonly text: string;
}

/** The VM is not as it has to be yet, and may be so at the next look. */
export class Unsettled extends Fault {}

/** Throws a `busy` Fault unless the VM is still the one of this incarnation, unlocked. To be asked before every write. */
export async function observeOwn(
  ctx: Context,
  order: CreateOrder,
  vm: VmAt,
  incarnation: string,
  call: Deadline,
): Promise<OwnReading> {
  return judgeOwn(ctx, order, vm, incarnation, await readConfig(ctx.pve, vm, call));
}

/** The same for a configuration that has just been read. */
export function judgeOwn(
  ctx: Context,
  order: CreateOrder,
  vm: VmAt,
  incarnation: string,
  config: VmConfig,
): OwnReading {
  const reading = readClaim(config.values['description']);
  const ownership = judgeOwnership(reading, ctx.instance, vm.vmid);
  // What has been taken out is not to be finished, least of all told to be ready.
  const isSame =
    ownership.kind === 'ours' && ownership.claim.incarnation === incarnation && ownership.claim.state !== 'void';
  if (isSame && config.lock === undefined) return { config, claim: ownership.claim, text: reading.text };
  const doing = { subject: vmSubject({ name: order.spec.name, ...vm }), wanted: 'create' };
  if (isSame) {
    const why = `it is locked (${config.lock ?? ''})`;
    throw new Unsettled('busy', { ...doing, why, remedy: 'Wait for the running operation' });
  }
  const why = 'the VM at this id is no longer the one that was being made';
  throw new Fault('busy', { ...doing, why, remedy: 'The next try looks again' });
}
