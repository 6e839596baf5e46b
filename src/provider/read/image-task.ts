// What became of a template that was still being made when its call ended. The manager never forgets a task that has failed, and
// holds every VM of the image for ever: so it is not done as long as somebody tries, and whoever is asked goes on with it.
import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import type { Vmid } from '#pve/ids';
import { readConfig } from '#pve/qemu/config';
import type { TaskId } from '#rpc/task-id';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { orderOfImage } from '../image-request.ts';
import { auditRemedy, observeLife } from '../observe/quiet.ts';
import type { CreateRuns } from '../run/create-runs.ts';
import { proveAbsent } from '../view/absence.ts';
import { locate } from '../view/cluster-view.ts';

/** Whether there is nothing to wait for any more. Throws where PVE cannot be asked now. */
export async function isImageDone(ctx: Context, runs: CreateRuns, task: TaskId, call: Deadline): Promise<boolean> {
  const vmid = task.vmid as Vmid;
  if (ctx.vms.of(vmid).isBeingMade || runs.isAtWork(vmid)) return false;
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest === undefined) {
    await proveAbsent(ctx, vmid, 'judge its task', call);
    return true;
  }
  const config = await readConfig(ctx.pve, guest, call);
  const ownership = judgeOwnership(readClaim(config.values['description']), ctx.instance, vmid);
  const claim = ownership.kind === 'ours' ? ownership.claim : undefined;
  // Under its lock a VM that is being made may not show its claim yet.
  if (claim === undefined) return config.lock === undefined;
  if (claim.incarnation !== task.incarnation || claim.state === 'ready') return true;
  if (claim.state === 'void') return false;
  const life = await observeLife(ctx, guest, config.digest, claim, call);
  if (life === 'unknown')
    ctx.log.warn('Whether a template is still being made cannot be judged', { vmid, hint: auditRemedy(guest) });
  if (life !== 'dead' || config.lock !== undefined) return false;
  const order = orderOfImage(config.values['description'], claim);
  if (order === undefined) {
    const hint = 'Delete it, and prepare the image again';
    ctx.log.error('A template no longer tells what is still to be done', { vmid, node: guest.node, hint });
    return false;
  }
  ctx.log.info('Going on with a template', { image: order.spec.name, vmid });
  runs.goOn(order, { vmid, incarnation: claim.incarnation, upid: undefined });
  return false;
}
