// An unfinished VM of ours that must not be finished: another one beats it, its request has changed, or it cannot be.
import { judgeOwnership } from '#claim/ownership';
import { type Claim, readClaim } from '#claim/record';
import { Fault } from '#domain/fault';
import type { NodeName, Vmid } from '#pve/ids';
import { readConfig } from '#pve/qemu/config';
import { saidBy } from '#pve/said';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { mayPass } from '../faults.ts';
import { vmSubject } from '../subject.ts';
import { locate } from '../view/cluster-view.ts';
import { destroyWithIsos, type Doomed, markVoid } from './destroy.ts';

/** `gone`, or `left`: void, but PVE does not let us remove it. `moved-on`: somebody has changed it, so look again. */
export type TakenOut = 'gone' | 'left' | 'moved-on';

/** A VM and the incarnation of its claim when it was judged. */
export interface Unwanted {
  readonly name: string;
  readonly vmid: Vmid;
  readonly incarnation: string;
}

/** Swaps the claim of an unfinished VM to `void` and then removes what was made. Throws where the swap cannot be done. */
export async function takeOut(ctx: Context, unwanted: Unwanted, call: Deadline): Promise<TakenOut> {
  const { vmid } = unwanted;
  return await ctx.lanes.through([{ key: `vm:${vmid}`, width: 1 }], call.signal, async () => {
    const guest = await locate(ctx.pve, ctx.view, vmid, call);
    if (guest === undefined) return 'moved-on';
    const outcome = await takeOutAt(ctx, unwanted, guest.node, call);
    if (outcome !== 'gone') ctx.vms.touch(vmid);
    return outcome;
  });
}

async function takeOutAt(ctx: Context, unwanted: Unwanted, node: NodeName, call: Deadline): Promise<TakenOut> {
  const vm = { node, vmid: unwanted.vmid };
  try {
    const doomed = await observeDoomed(ctx, unwanted, node, call);
    if (doomed === undefined) return 'moved-on';
    if (doomed === 'left') return 'left';
    await markVoid(ctx, doomed, call);
    ctx.log.info('Taken out', { ...vm, vm: unwanted.name, incarnation: unwanted.incarnation });
    return await removeVoid(ctx, doomed, call);
  } catch (error) {
    const kind = saidBy(error)?.kind;
    if (kind === 'digest-mismatch' || kind === 'vm-missing') return 'moved-on';
    throw error;
  }
}

type Claimed = Doomed & { readonly claim: Claim };

/** Undefined where the VM is no longer the unfinished one that was judged; `left` where it is void, and locked. */
async function observeDoomed(
  ctx: Context,
  { name, vmid, incarnation }: Unwanted,
  node: NodeName,
  call: Deadline,
): Promise<Claimed | 'left' | undefined> {
  const vm = { node, vmid };
  const config = await readConfig(ctx.pve, vm, call);
  const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vmid);
  if (ownership.kind !== 'ours' || ownership.claim.incarnation !== incarnation) return undefined;
  if (ownership.claim.state === 'ready') return undefined;
  if (config.lock === undefined) return { vm, config, claim: ownership.claim, wasReady: false };
  if (ownership.claim.state === 'void') return 'left';
  throw new Fault('busy', {
    subject: vmSubject({ name, ...vm }),
    wanted: 'take away what is unfinished',
    why: `it is locked (${config.lock})`,
    remedy: 'Wait for the running operation',
  });
}

/** What PVE refuses stays `void`: nobody takes it for a VM, and `vrtg orphans` lists it. A guest that runs is not stopped. */
async function removeVoid(ctx: Context, doomed: Claimed, call: Deadline): Promise<TakenOut> {
  try {
    return (await destroyWithIsos(ctx, doomed, call)) === 'destroyed' ? 'gone' : 'moved-on';
  } catch (error) {
    if (call.signal.aborted || mayPass(error)) throw error;
    ctx.log.warn('An unfinished VM is left behind; "vrtg orphans" lists it', { ...doomed.vm, error });
    return 'left';
  }
}
