import { judgeOwnership } from '#claim/ownership';
import { type Claim, readClaim } from '#claim/record';
import { Fault } from '#domain/fault';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../run/create-order.ts';
import { vmSubject } from '../subject.ts';

/** A VM of ours as PVE has it now. */
export interface OwnVm {
  readonly config: VmConfig;
  readonly claim: Claim;
  /** The description without the claim. */
  readonly text: string;
}

/** Throws a `busy` Fault unless the VM is still the one of this incarnation, unlocked. To be asked before every write. */
export async function observeOwn(
  ctx: Context,
  order: CreateOrder,
  vm: VmAt,
  incarnation: string,
  call: Deadline,
): Promise<OwnVm> {
  const config = await readConfig(ctx.pve, vm, call);
  const reading = readClaim(config.values['description']);
  const ownership = judgeOwnership(reading, ctx.instance, vm.vmid);
  const isSame = ownership.kind === 'ours' && ownership.claim.incarnation === incarnation;
  if (isSame && config.lock === undefined) return { config, claim: ownership.claim, text: reading.text };
  throw new Fault('busy', {
    subject: vmSubject({ name: order.spec.name, ...vm }),
    wanted: 'create',
    why: isSame ? `it is locked (${config.lock ?? ''})` : 'the VM at this id is no longer the one that was being made',
    remedy: isSame ? 'Wait for the running operation' : 'The next try looks again',
  });
}
