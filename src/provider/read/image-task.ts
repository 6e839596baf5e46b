// What became of a template that was still being made when its call ended. The manager never forgets a task that has failed, and
// holds every VM of the image for ever: so it is not done as long as somebody tries, and whoever is asked goes on with it.
import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import type { GuestEntry } from '#pve/cluster/resources';
import type { Vmid } from '#pve/ids';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import type { ImagesTask, TaskId } from '#rpc/task-id';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { orderOfImage } from '../image-request.ts';
import { auditRemedy, observeLife } from '../observe/quiet.ts';
import type { CreateRuns } from '../run/create-runs.ts';
import { vmSubject } from '../subject.ts';
import { proveAbsent } from '../view/absence.ts';
import { locate } from '../view/cluster-view.ts';
import type { TaskVerdict } from './snapshot-task.ts';

const WAITING: TaskVerdict = { done: false, error: '' };
const DONE: TaskVerdict = { done: true, error: '' };

type TemplateTask = Pick<TaskId, 'vmid' | 'incarnation'>;

/** The same for several templates of one image: done when all are; each that nobody works on is gone on with. */
export async function judgeImagesTask(
  ctx: Context,
  runs: CreateRuns,
  templates: ImagesTask,
  call: Deadline,
): Promise<TaskVerdict> {
  const verdicts = await Promise.all(templates.map(async (task) => await judgeImageTask(ctx, runs, task, call)));
  if (!verdicts.every(({ done }) => done)) return WAITING;
  return verdicts.find(({ error }) => error !== '') ?? DONE;
}

/** An error only where another VM has its id, which is not to be cloned. Throws where PVE cannot be asked now. */
export async function judgeImageTask(
  ctx: Context,
  runs: CreateRuns,
  task: TemplateTask,
  call: Deadline,
): Promise<TaskVerdict> {
  const vmid = task.vmid as Vmid;
  if (ctx.vms.of(vmid).isBeingMade || runs.isAtWork(vmid)) return WAITING;
  const guest = await locate(ctx.pve, ctx.view, vmid, call);
  if (guest === undefined) {
    await proveAbsent(ctx, vmid, 'judge its task', call);
    return DONE;
  }
  const config = await readConfig(ctx.pve, guest, call);
  const reading = readClaim(config.values['description']);
  const claim = reading.kind === 'claim' && reading.claim.vmid === vmid ? reading.claim : undefined;
  // Under its lock a VM that is being made may not show its claim yet.
  if (claim === undefined && config.lock !== undefined) return WAITING;
  // What is a template may have lost its claim.
  if (claim?.kind !== 'image') return config.values['template'] === '1' ? DONE : another(guest, config);
  if (claim.state === 'ready') return DONE;
  const isOurs = judgeOwnership(reading, ctx.instance, vmid).kind === 'ours';
  if (!isOurs || claim.state === 'void' || claim.incarnation !== task.incarnation) return WAITING;
  const life = await observeLife(ctx, guest, config.digest, claim, call);
  if (life === 'unknown')
    ctx.log.warn('Whether a template is still being made cannot be judged', { vmid, hint: auditRemedy(guest) });
  if (life !== 'dead' || config.lock !== undefined) return WAITING;
  const order = orderOfImage(config.values['description'], claim);
  if (order === undefined) {
    const hint = 'Delete it, and prepare the image again';
    ctx.log.error('A template no longer tells what is still to be done', { vmid, node: guest.node, hint });
    return WAITING;
  }
  ctx.log.info('Going on with a template', { image: order.spec.name, vmid });
  runs.goOn(order, { vmid, incarnation: claim.incarnation, upid: undefined });
  return WAITING;
}

/** Done, it would be taken for the image. The manager asks again for what has failed, and hears of it when that is mended. */
function another({ vmid, node }: GuestEntry, { values }: VmConfig): TaskVerdict {
  const why = 'it is not, or no longer, the template that was being made';
  const vm = vmSubject({ vmid, node, name: values['name'] });
  return { done: true, error: `${vm}: prepare an image: ${why}. Prepare the image under another name.` };
}
