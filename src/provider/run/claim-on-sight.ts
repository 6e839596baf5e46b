// PVE_UNCLAIMED=claim: a VM that nobody has claimed becomes ours as soon as we are asked for it, since whoever moves over
// from another provider asks for all of his.
import { adoptedClaim } from '#claim/adopted';
import { judgeOwnership } from '#claim/ownership';
import { describeWithClaim, readClaim } from '#claim/record';
import type { Owner } from '#domain/owner';
import { putConfig } from '#pve/qemu/config';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';

/** What has been read of the VM. */
export interface Sighted {
  readonly digest: string;
  readonly lock: string | undefined;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Writes our claim on a VM without one; templates, locked VMs and the range of our own are left alone. What PVE refuses is told in the log,
 * and tried again at the next sight.
 * @returns whether a claim was written, so that what was read is old.
 */
export async function claimOnSight(
  ctx: Context,
  vm: VmAt,
  seen: Sighted,
  asker: Partial<Owner>,
  call: Deadline,
): Promise<boolean> {
  if (ctx.settings.unclaimed !== 'claim' || seen.lock !== undefined || seen.values['template'] === '1') return false;
  // Where VMs of ours are made they have claims: one without has taken the id of a VM that was deleted by hand.
  const { low, high } = ctx.settings.vmidRange;
  if (vm.vmid >= low && vm.vmid <= high) return false;
  const reading = readClaim(seen.values['description']);
  if (judgeOwnership(reading, ctx.instance, vm.vmid).kind !== 'unclaimed') return false;
  const owner = { ...asker, name: asker.name ?? seen.values['name'] ?? `vm-${vm.vmid}` };
  const time = ctx.pve.serverTime() ?? 0;
  const claim = adoptedClaim({ instance: ctx.instance, vmid: vm.vmid, owner, time });
  try {
    const description = describeWithClaim(reading.text, claim, 'refuse');
    await putConfig(ctx.pve, vm, { digest: seen.digest, set: { description } }, call);
    ctx.log.info('Claimed a VM that nobody had claimed', { ...vm, vm: owner.name });
    return true;
  } catch (error) {
    ctx.log.warn('A VM that nobody has claimed cannot be claimed', { ...vm, error });
    return false;
  }
}
