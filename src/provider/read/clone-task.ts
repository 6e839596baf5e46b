// What became of a Clone that was still at work when its call ended. Nobody asks for a clone twice, so whoever is asked
// what became of it goes on with it; and a clone that has failed is told so, since nothing else would tell it.
import { judgeOwnership } from '#claim/ownership';
import { type Claim, readClaim } from '#claim/record';
import type { GuestEntry } from '#pve/cluster/resources';
import { asUpid, type Vmid } from '#pve/ids';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import type { TaskId } from '#rpc/task-id';
import type { Deadline } from '#runtime/deadline';
import { orderOfCopy } from '../clone-request.ts';
import type { Context } from '../context.ts';
import { auditRemedy, type Life, observeLife } from '../observe/quiet.ts';
import { isInTheMaking } from '../observe/window.ts';
import type { CreateRuns } from '../run/create-runs.ts';
import { vmSubject } from '../subject.ts';
import { proveAbsent } from '../view/absence.ts';
import { locate } from '../view/cluster-view.ts';
import type { TaskVerdict } from './snapshot-task.ts';

const RUNNING: TaskVerdict = { done: false, error: '' };
const DONE: TaskVerdict = { done: true, error: '' };

/** Throws where PVE cannot be asked now. */
export async function judgeCloneTask(
  ctx: Context,
  runs: CreateRuns,
  task: TaskId,
  call: Deadline,
): Promise<TaskVerdict> {
  const vmid = task.vmid as Vmid;
  if (ctx.vms.of(vmid).isBeingMade || runs.isAtWork(vmid)) return RUNNING;
  const failure = runs.failureOf(vmid, task.incarnation ?? '');
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest === undefined) {
    await proveAbsent(ctx, vmid, 'judge its task', call);
    return failed(vmid, 'the copy has failed, or was deleted', failure);
  }
  const config = await readConfig(ctx.pve, guest, call);
  const reading = readClaim(config.values['description']);
  const ownership = judgeOwnership(reading, ctx.instance, vmid);
  const claim = ownership.kind === 'ours' ? ownership.claim : undefined;
  if (claim === undefined && isInTheMaking(config) && reading.kind === 'none') {
    return (await lifeOf(ctx, guest, config, claim, call)) === 'dead' ? failed(vmid, 'its copy is dead') : RUNNING;
  }
  if (claim === undefined || claim.incarnation !== task.incarnation)
    return failed(vmid, 'another VM has got its id, or its claim was removed');
  if (claim.state === 'ready') return DONE;
  if (claim.state === 'void') return failed(vmid, 'it is being taken away', failure);
  return await goOnWith(ctx, runs, { guest, config, claim }, call, asUpid(task.upid ?? ''));
}

interface UnfinishedClone {
  readonly guest: GuestEntry;
  readonly config: Pick<VmConfig, 'values' | 'digest' | 'lock'>;
  readonly claim: Claim;
}

/** Takes up a clone that nobody of this process works on, unless PVE still does. */
export async function goOnWith(
  ctx: Context,
  runs: CreateRuns,
  { guest, config, claim }: UnfinishedClone,
  call: Deadline,
  upid?: ReturnType<typeof asUpid>,
): Promise<TaskVerdict> {
  const { vmid } = guest;
  if (runs.isAtWork(vmid)) return RUNNING;
  const failure = runs.failureOf(vmid, claim.incarnation);
  if (failure !== undefined) return failed(vmid, '', failure);
  const life = await lifeOf(ctx, guest, config, claim, call);
  if (config.lock !== undefined) return life === 'dead' ? failed(vmid, 'its copy is dead') : RUNNING;
  if (life === 'worked-on' || life === 'unknown') return RUNNING;
  const order = orderOfCopy(config.values['description'], claim);
  if (order === undefined) return failed(vmid, 'its description no longer tells what is still to be done');
  ctx.log.info('Going on with a clone', { vm: order.spec.name, vmid });
  runs.goOn(order, { vmid, incarnation: claim.incarnation, upid });
  return RUNNING;
}

async function lifeOf(
  ctx: Context,
  guest: GuestEntry,
  { digest }: { readonly digest: string },
  claim: Claim | undefined,
  call: Deadline,
): Promise<Life> {
  const life = await observeLife(ctx, guest, digest, claim, call);
  if (life === 'unknown')
    ctx.log.warn('Whether a clone has ended cannot be judged', { vmid: guest.vmid, hint: auditRemedy(guest) });
  return life;
}

/** @param known what has ended the run of this process */
function failed(vmid: Vmid, why: string, known?: string): TaskVerdict {
  return { done: true, error: known ?? `${vmSubject({ vmid })}: clone: ${why}.` };
}
